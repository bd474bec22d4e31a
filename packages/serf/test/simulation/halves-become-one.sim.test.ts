import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("two halves", "halves-become-one");
const NAMES = ["m0", "m1", "m2", "m3", "m4", "m5"];

/** Three of six, in an order that chance decides. */
function split(random: SeededRandom): readonly [readonly string[], readonly string[]] {
  const rest = [...NAMES];
  const left = Array.from({ length: 3 }, () => rest.splice(random.below(rest.length), 1)[0] ?? "");
  return [left, rest];
}

describe("two halves that lived apart", () => {
  it.each(campaign.batches)("come to one view of leaves, events and tags ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const random = new SeededRandom(seed).fork("story");
      const cluster = simulateCluster({
        seed,
        memberCount: 6,
        network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.02 },
        options: { reconnectIntervalMs: 5_000 },
        swim: { pushPullIntervalMs: 10_000 },
        replayHint: (failed) => campaign.replayCommand(failed),
      }).form();
      const halves = split(random);
      campaign.countDistinct("partitions", halves[0].toSorted().join());

      const apart = cluster.partition(halves);
      cluster.runFor(random.between(100, 6_000));
      for (const [speaker = "", , leaver = ""] of halves) {
        cluster.call(leaver, (core, nowMs) => core.leave(nowMs, () => undefined));
        cluster.call(speaker, (core, nowMs) =>
          core.setTags({ half: speaker }, nowMs, () => undefined),
        );
        cluster.call(speaker, (core, nowMs) =>
          core.userEvent(`from ${speaker}`, undefined, { coalesce: false }, nowMs),
        );
      }
      cluster.runFor(random.between(15_000, 45_000));
      for (const [, , leaver = ""] of halves) {
        cluster.call(leaver, (core, nowMs) => core.shutdown(nowMs));
        cluster.crash(leaver);
      }
      apart.heal();

      const speakers = halves.map(([speaker = ""]) => speaker);
      const leavers = halves.map(([, , leaver = ""]) => leaver).toSorted();
      const isOneView = (): boolean =>
        converged(cluster) &&
        cluster.running().every((name) => {
          const core = cluster.core(name);
          const heard = cluster.userEvents(name).toSorted().join();
          return (
            cluster.listed(name, "left").join() === leavers.join() &&
            speakers.every((speaker) => core.member(speaker)?.tags["half"] === speaker) &&
            heard ===
              speakers
                .map((speaker) => `from ${speaker}`)
                .toSorted()
                .join()
          );
        });
      cluster.runUntil(isOneView, { withinMs: 300_000 });

      expect(cluster.running()).toHaveLength(4);
      expect(cluster.quietProblems()).toEqual([]);
      campaign.count("departures", cluster.sightings.departures);
    });
  });

  it.runIf(campaign.isWhole)("were seen in many shapes, with departures", () => {
    expect(campaign.counted("partitions")).toBeGreaterThan(15);
    // Each stayer is told of both; the leavers of one or two.
    expect(campaign.counted("departures")).toBeGreaterThanOrEqual(8 * campaign.seedCount);
  });
});
