import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { agreeing, converged, simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("a mass join", "mass-join");

describe("a mass join", () => {
  it.each(campaign.batches)(
    "of sixteen into a cluster of four is known to all in 15 s ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const random = new SeededRandom(seed).fork("story");
        const cluster = simulateCluster({
          seed,
          memberCount: 4,
          network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 }, lossRatio: 0.05 },
          replayHint: (failed) => campaign.replayCommand(failed),
        });
        cluster.runUntil(converged);

        for (let index = 0; index < 16; index += 1) {
          const name = `new-${index}`;
          cluster.after(random.below(500), () => cluster.add(name));
        }
        cluster.runFor(500);
        const convergedMs = cluster.runUntil(converged, { withinMs: 15_000 });
        campaign.count("ms", convergedMs);
        const agreed = (): boolean => agreeing(cluster);
        cluster.runUntil(agreed, { withinMs: 15_000 });

        expect(cluster.running).toHaveLength(20);
        expect([...cluster.heldDead]).toEqual([]);
        tally(campaign, cluster);
      });
    },
  );

  it.runIf(campaign.isWhole)(
    "was told once to every member about everybody, itself included",
    () => {
      expect(campaign.counted("joins")).toBe(20 * 20 * campaign.seedCount);
    },
  );
});
