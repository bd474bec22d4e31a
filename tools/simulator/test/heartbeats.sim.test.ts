import { describe, expect, it } from "vitest";
import { seeds } from "@x/simulator";
import { heartbeatCluster, type HeartbeatSimulation } from "./support/heartbeat-cluster.ts";

/** How many members miss the one at this port. */
function missedBy(simulation: HeartbeatSimulation, port: number): number {
  return simulation.names.filter(
    (name) => simulation.isRunning(name) && simulation.core(name).missing.has(port),
  ).length;
}

describe("a cluster of ten that sends heartbeats", () => {
  it.each(seeds(100))("finds a crash, and its end (seed %i)", (seed) => {
    const simulation = heartbeatCluster(10, {
      seed,
      silenceMs: 12_000,
      network: { latency: { kind: "uniform", minMs: 1, maxMs: 30 }, lossRatio: 0.02 },
    });
    simulation.runFor(30_000);

    simulation.crash("m3");
    simulation.runUntil(() => missedBy(simulation, 10_003) === 9, { withinMs: 30_000 });
    simulation.restart("m3");
    simulation.runUntil(() => missedBy(simulation, 10_003) === 0, { withinMs: 60_000 });

    expect(simulation.traffic().dropped["no-listener"]).toBeGreaterThan(0);
  });

  it.each(seeds(50))("splits in a partition and heals after it (seed %i)", (seed) => {
    const simulation = heartbeatCluster(10, { seed, silenceMs: 12_000 });
    simulation.runFor(40_000);

    simulation.partition([["m0", "m1", "m2"]]).forMs(20_000);
    simulation.runFor(19_999);
    const split = simulation.names.map((name) => simulation.core(name).missing.size);
    simulation.runFor(60_000);
    const healed = simulation.names.map((name) => simulation.core(name).missing.size);

    expect(split.slice(0, 3)).toEqual([7, 7, 7]);
    expect(split.slice(3)).toEqual([3, 3, 3, 3, 3, 3, 3]);
    expect(healed).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("a thousand members", () => {
  it("send what the arithmetic says, and everything arrives", () => {
    const simulation = heartbeatCluster(1_000, { fanOut: 3 });

    simulation.runFor(10_000);

    const traffic = simulation.traffic();
    expect(traffic.datagramsSent).toBe(30_000);
    expect(traffic.datagramsReceived).toBeGreaterThan(29_990);
    expect(traffic.datagramBytesSent).toBe(6_000_000);
    expect(simulation.digest()).toMatch(/^[0-9a-f]{64}$/);
  });
});
