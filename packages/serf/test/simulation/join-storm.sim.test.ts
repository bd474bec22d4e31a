import { describe, expect, it } from "vitest";
import { Cluster } from "../support/cluster.ts";

describe("a storm of joins", () => {
  it("silences neither user events nor a leave: all hear them within two seconds", () => {
    const cluster = new Cluster({ seed: 31, memberCount: 16 }).form();
    const veterans = [...cluster.names];
    for (let index = 0; index < 100; index += 1) {
      const name = `new-${index}`;
      cluster.add(name);
      cluster.join(name, veterans[index % veterans.length] ?? "m0");
    }
    cluster.simulation.runFor(300);

    cluster.call("m3", (core, nowMs) =>
      core.userEvent("urgent", undefined, { coalesce: false }, nowMs),
    );
    cluster.call("m4", (core, nowMs) => core.leave(nowMs, () => undefined));
    const others = veterans.filter((name) => name !== "m4");
    const heardMs = cluster.simulation.runUntil(
      () =>
        others.every(
          (name) =>
            cluster.userEvents(name).includes("urgent") &&
            ["leaving", "left"].includes(cluster.status(name, "m4") ?? ""),
        ),
      { withinMs: 10_000 },
    );

    expect(heardMs).toBeLessThanOrEqual(2_000);
  });
});
