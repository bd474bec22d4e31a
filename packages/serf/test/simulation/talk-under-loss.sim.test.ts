import { describe, expect, it } from "vitest";
import { simulateCluster, type WatchedCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("talk under loss", "talk-under-loss");

function formed(seed: number): WatchedCluster {
  return simulateCluster({
    seed,
    memberCount: 6,
    network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.1 },
    replayHint: (failed) => campaign.replayCommand(failed),
  }).form();
}

/** Five members each tell something; run until all have heard all. */
function tell(cluster: WatchedCluster, seed: number): void {
  for (let index = 0; index < 5; index += 1) {
    const sender = cluster.names[(seed + index) % 6] ?? "m0";
    cluster.call(sender, (core, nowMs) =>
      core.userEvent(`event-${index}`, new Uint8Array([index]), { coalesce: false }, nowMs),
    );
  }
  const everybodyHasAll = (): boolean =>
    cluster.names.every((name) => cluster.userEvents(name).length === 5);
  // A rumour that gossip loses is found again by the next push/pull.
  cluster.runUntil(everybodyHasAll, { withinMs: 90_000 });
}

describe("under ten per cent loss", () => {
  it.each(campaign.batches)("events and queries reach everybody, once ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const cluster = formed(seed);
      tell(cluster, seed);
      const answers: string[] = [];
      const acks: string[] = [];
      const handle = cluster.call(cluster.names[seed % 6] ?? "m0", (core, nowMs) =>
        core.query(
          "load",
          undefined,
          { ack: true, timeoutMs: 6_000 },
          { handleAck: (from) => acks.push(from), handleResponse: (from) => answers.push(from) },
          nowMs,
        ),
      );
      for (let step = 0; step < 65; step += 1) {
        cluster.runFor(100);
        for (const { event } of cluster.told.splice(0)) {
          if (event.kind === "query") event.respond(new Uint8Array([1]));
        }
      }

      expect(handle.expected).toHaveLength(6);
      expect(handle.missing()).toEqual([]);
      expect(acks.toSorted()).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
      expect(answers.toSorted()).toEqual(["m0", "m1", "m2", "m3", "m4", "m5"]);
      expect(cluster.quietProblems()).toEqual([]);
      campaign.count("deliveries", cluster.sightings.deliveries);
      campaign.count("lost packets", cluster.simulation.traffic().dropped.lost);
    });
  });

  it("happens the same way twice from the same seed, and another way from another", () => {
    const digestOf = (seed: number): string => {
      const cluster = formed(seed);
      tell(cluster, seed);
      return cluster.simulation.digest();
    };

    expect(digestOf(77)).toBe(digestOf(77));
    expect(digestOf(77)).not.toBe(digestOf(78));
  });

  it.runIf(campaign.isWhole)("packets were lost, and everything was delivered", () => {
    // Five events and a query to six members.
    expect(campaign.counted("deliveries")).toBe(36 * campaign.seedCount);
    expect(campaign.counted("lost packets")).toBeGreaterThan(2_000);
  });
});
