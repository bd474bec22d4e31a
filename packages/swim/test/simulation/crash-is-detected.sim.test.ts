import { SeededRandom } from "@x/simulator";
import { resolveSwimOptions } from "@x/swim";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster, type SimulatedCluster } from "../support/simulate-cluster.ts";
import { detectionBoundMs } from "./checkers/stated-bounds.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("a crash", "crash-is-detected");
const OPTIONS = resolveSwimOptions({
  profile: "local",
  name: "any",
  advertiseEndpoint: { address: "10.0.0.1", port: 7_946 },
});

/** Seven members of which one or two crash; the cluster once everybody knows. */
function story(seed: number): SimulatedCluster {
  const random = new SeededRandom(seed).fork("story");
  const cluster = simulateCluster({
    seed,
    memberCount: 7,
    network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 }, lossRatio: 0.02 },
    replayHint: (failed) => campaign.replayCommand(failed),
  });
  cluster.runUntil(converged);
  cluster.runFor(random.below(3_000));
  const victims = random.chance(0.5) ? ["m5"] : ["m2", "m5"];
  for (const victim of victims) cluster.crash(victim, random.pick(["process", "machine"]));
  const boundMs = detectionBoundMs(7, victims.length, OPTIONS);
  const foundMs = cluster.runUntil(converged, { withinMs: boundMs });
  campaign.count("seconds to detection", foundMs / 1_000);
  campaign.count(`${victims.length} victims`);
  for (const victim of victims) expect(cluster.heldDead).toContain(victim);
  return cluster;
}

describe("a crash", () => {
  it.each(campaign.batches)("is known to all within the stated bound ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const cluster = story(seed);
      // Long enough for the checkers to see it forgotten, and nobody else.
      cluster.runFor(25_000);
      expect(converged(cluster)).toBe(true);
      tally(campaign, cluster);
    });
  });

  it("happens the same way twice from the same seed, and another way from another", () => {
    const digestOf = (seed: number): string => story(seed).simulation.digest();

    expect(digestOf(3)).toBe(digestOf(3));
    expect(digestOf(3)).not.toBe(digestOf(4));
  });

  it.runIf(campaign.isWhole)("was seen: suspicions, deaths, records forgotten", () => {
    expect(campaign.counted("suspicions")).toBeGreaterThan(500);
    expect(campaign.counted("deaths")).toBeGreaterThan(500);
    expect(campaign.counted("reaped")).toBeGreaterThan(500);
    expect(campaign.counted("1 victims")).toBeGreaterThan(20);
    expect(campaign.counted("2 victims")).toBeGreaterThan(20);
  });
});
