import { resolveSwimOptions, Swim } from "@x/swim";
import { describe, expect, it } from "vitest";
import { believesInItself, ofSerf, ofSwim } from "../src/checkers.ts";
import type { Core } from "../src/cluster.ts";

function swim(): Swim {
  const advertiseEndpoint = { address: "10.0.0.1", port: 7_946 };
  const core = new Swim(resolveSwimOptions({ name: "m0", advertiseEndpoint }), {
    random: () => 0.5,
    fillRandom: (bytes) => bytes.fill(1),
  });
  core.start(0);
  return core;
}

/** Says of itself what it is told to say. */
function lying(state: string, isLeaving: boolean): Core {
  return { localMember: { state }, isLeaving } as unknown as Core;
}

describe("the checkers of both layers", () => {
  it("let a member leave, and none be dead in its own eyes", () => {
    const checker = believesInItself();
    const look = (core: Core): string | undefined =>
      checker.observe({ name: "m0", core, cause: "timeout", nowMs: 0 });

    expect(look(swim())).toBeUndefined();
    expect(look(lying("left", true))).toBeUndefined();
    expect(look(lying("left", false))).toBe("m0 believes itself left");
    expect(look(lying("dead", true))).toBe("m0 believes itself dead");
  });

  it("look at the layer they are for", () => {
    const offended = { name: "no", observe: () => "seen" };
    const step = { name: "m0", core: swim(), cause: "timeout", nowMs: 0 } as const;

    expect(ofSwim(offended).observe(step)).toBe("seen");
    expect(ofSerf(offended).observe(step)).toBeUndefined();
  });
});
