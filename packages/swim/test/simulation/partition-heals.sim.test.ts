import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { agreeing, converged, simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("a partition", "partition-heals");

/** From a hiccup to so long that both sides have forgotten each other. */
const DURATIONS_MS = [2_000, 10_000, 30_000, 60_000];

describe("a partition", () => {
  it.each(campaign.batches)("heals, into one view ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const random = new SeededRandom(seed).fork("story");
      const cluster = simulateCluster({
        seed,
        memberCount: 8,
        network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 }, lossRatio: 0.02 },
        replayHint: (failed) => campaign.replayCommand(failed),
      });
      cluster.runUntil(converged);
      const away = cluster.names.filter(() => random.chance(0.4)).slice(0, 6);
      const group = away.length === 0 ? ["m3"] : away;
      const durationMs = DURATIONS_MS[seed % DURATIONS_MS.length] ?? 0;
      campaign.countDistinct("partitions", group.join());

      cluster.partition(group).forMs(durationMs);
      cluster.runFor(random.below(durationMs));
      // Both sides live on: news that the other side must learn afterwards.
      for (const name of [group[0] ?? "m3", cluster.names.find((one) => !group.includes(one))]) {
        const meta = Uint8Array.of(seed & 255);
        cluster.call(name ?? "m0", (core, nowMs) =>
          core.updateMeta(meta, { timeoutMs: 0 }, nowMs, () => {}),
        );
      }
      const healed = (): boolean => cluster.truth.calmSinceMs(cluster.nowMs) < cluster.nowMs;
      cluster.runUntil(healed, { withinMs: durationMs + 1_000 });
      const rejoinedMs = cluster.runUntil(converged, { withinMs: 300_000 });
      const agreed = (): boolean => agreeing(cluster);
      cluster.runUntil(agreed, { withinMs: 60_000 });

      campaign.count(`healed after ${durationMs}`, rejoinedMs);
      const newsCount = cluster.names.filter((of) =>
        cluster.names.every((by) => cluster.core(by).member(of)?.meta[0] === (seed & 255)),
      ).length;
      expect(newsCount).toBe(2);
      tally(campaign, cluster);
    });
  });

  it.runIf(campaign.isWhole)("was seen in many shapes, with deaths and refutations", () => {
    expect(campaign.counted("partitions")).toBeGreaterThan(40);
    expect(campaign.counted("deaths")).toBeGreaterThan(1_000);
    expect(campaign.counted("refutations")).toBeGreaterThan(150);
    expect(campaign.counted("reaped")).toBeGreaterThan(300);
  });
});
