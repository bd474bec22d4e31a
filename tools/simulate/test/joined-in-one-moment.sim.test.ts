import { describe, expect, it } from "vitest";
import { Cluster } from "../src/cluster.ts";

const MEMBERS = 60;

describe("members that join in one moment", () => {
  // Seeds in which the rumours, spent, had left a gap: the second waited 22 s for a regular exchange.
  it.each([10, 23, 42, 48, 52])("all know each other two seconds later (seed %i)", (seed) => {
    const cluster = new Cluster({ seed, layer: "serf", digest: false, keepEvents: 8 });
    cluster.addMany(MEMBERS);
    cluster.simulation.runFor(500);
    const startMs = cluster.nowMs;
    for (let index = 1; index < MEMBERS; index += 1) cluster.join(`m${index}`, "m0");

    cluster.simulation.runUntil(() => cluster.views.allAgree, { withinMs: 60_000, everyMs: 10 });

    expect(cluster.nowMs - startMs).toBeLessThanOrEqual(2_000);
  });
});
