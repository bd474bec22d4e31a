import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { agreeing, converged, simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("a flapping member", "flapping-member");

describe("a flapping member", () => {
  it.each(campaign.batches)(
    "that crashes and comes back again and again ends alive for all ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const random = new SeededRandom(seed).fork("story");
        const cluster = simulateCluster({
          seed,
          memberCount: 6,
          network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 }, lossRatio: 0.02 },
          replayHint: (failed) => campaign.replayCommand(failed),
        });
        cluster.runUntil(converged);

        for (let round = 0; round < 5; round += 1) {
          cluster.crash("m2", random.pick(["process", "machine"]));
          cluster.runFor(random.pick([300, 3_000, 15_000]));
          cluster.restart("m2");
          campaign.count("lives");
          cluster.runFor(random.pick([200, 2_000, 8_000]));
        }
        cluster.runUntil(converged, { withinMs: 60_000 });
        const agreed = (): boolean => agreeing(cluster);
        cluster.runUntil(agreed, { withinMs: 60_000 });

        expect([...cluster.heldDead].filter((name) => name !== "m2")).toEqual([]);
        tally(campaign, cluster);
      });
    },
  );

  it.each(campaign.batches)("whose links flap one way ends alive for all ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const random = new SeededRandom(seed).fork("links");
      const cluster = simulateCluster({
        seed,
        memberCount: 6,
        network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 } },
        replayHint: (failed) => campaign.replayCommand(failed),
      });
      cluster.runUntil(converged);

      for (let round = 0; round < 6; round += 1) {
        const isDeaf = random.chance(0.5);
        const [from, to] = isDeaf ? (["all", ["m2"]] as const) : ([["m2"], "all"] as const);
        cluster.impair({ from, to, lossRatio: 1 }).forMs(random.between(500, 8_000));
        cluster.runFor(random.between(1_000, 10_000));
      }
      cluster.runUntil(converged, { withinMs: 120_000 });
      const agreed = (): boolean => agreeing(cluster);
      cluster.runUntil(agreed, { withinMs: 60_000 });
      tally(campaign, cluster);
    });
  });

  it.runIf(campaign.isWhole)("was suspected, held dead, and refuted it", () => {
    expect(campaign.counted("lives")).toBeGreaterThan(499);
    expect(campaign.counted("suspicions")).toBeGreaterThan(1_000);
    expect(campaign.counted("deaths")).toBeGreaterThan(500);
    expect(campaign.counted("refutations")).toBeGreaterThan(500);
  });
});
