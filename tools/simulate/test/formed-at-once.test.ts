import { describe, expect, it } from "vitest";
import { clusterAtOnce } from "../src/formed-at-once.ts";

describe("a cluster formed at once", () => {
  it("knows itself completely and has next to nothing to tell", () => {
    const cluster = clusterAtOnce(120, { seed: 1, swim: { probeIntervalMs: 0 } });
    const everybody = cluster.believedBy("m0");
    expect(everybody).toHaveLength(120);
    for (const observer of ["m1", "m60", "m119"]) {
      expect(cluster.believedBy(observer)).toEqual(everybody);
    }
    // Nobody but each member itself has told of it: twelve times, and nobody has heard.
    const before = cluster.simulation.traffic().datagramsSent;
    expect(before / 120).toBeLessThanOrEqual(12);
    cluster.simulation.runFor(10_000);
    expect(cluster.simulation.traffic().datagramsSent).toBe(before);
  });

  it("goes on like any other: a crash is known to all", () => {
    const cluster = clusterAtOnce(80, { seed: 2 });
    cluster.crash("m40", "machine");
    cluster.simulation.runUntil(() => cluster.views.allAgree, { withinMs: 60_000 });
    expect(cluster.believedBy("m7")).toHaveLength(79);
  });
});
