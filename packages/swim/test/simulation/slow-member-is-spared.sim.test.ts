import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster, type SimulatedCluster } from "../support/simulate-cluster.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("a slow member", "slow-member-is-spared");

const FAULT_MS = 40_000;

function cluster(seed: number): SimulatedCluster {
  const formed = simulateCluster({
    seed,
    memberCount: 7,
    options: { profile: "lan" },
    network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 10 } },
    replayHint: (failed) => campaign.replayCommand(failed),
  });
  formed.runUntil(converged);
  return formed;
}

/** Stops and goes on again and again, as a process starved of its processor. */
function starve(
  watched: SimulatedCluster,
  random: SeededRandom,
  times: { readonly longestStopMs: number; readonly shortestRunMs: number },
): void {
  const endMs = watched.nowMs + FAULT_MS;
  const pause = (): void => {
    if (watched.nowMs >= endMs) return;
    const stoppedMs = random.between(200, times.longestStopMs);
    watched.pause("m3").forMs(stoppedMs);
    watched.after(stoppedMs + random.between(times.shortestRunMs, 1_000), pause);
  };
  pause();
}

describe("a slow member", () => {
  it.each(campaign.batches)("that still keeps up is held dead by nobody ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const watched = cluster(seed);
      const random = new SeededRandom(seed).fork("story");

      // Its timers and packets keep it busy some eight times a second: above 110 ms it falls behind.
      if (seed % 2 === 0) watched.slowDown("m3", random.between(40, 90)).forMs(FAULT_MS);
      else starve(watched, random, { longestStopMs: 2_000, shortestRunMs: 500 });
      watched.runFor(FAULT_MS + 5_000);

      expect([...watched.heldDead]).toEqual([]);
      watched.runUntil(converged);
      tally(campaign, watched);
      campaign.count("suspicions survived", watched.sighted("suspicions"));
    });
  });

  it.each(campaign.batches)("that is gone most of the time harms nobody else ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const watched = cluster(seed);
      const random = new SeededRandom(seed).fork("story");

      starve(watched, random, { longestStopMs: 6_000, shortestRunMs: 100 });
      watched.runFor(FAULT_MS + 5_000);

      expect([...watched.heldDead].filter((name) => name !== "m3")).toEqual([]);
      watched.runUntil(converged, { withinMs: 120_000 });
      tally(campaign, watched);
    });
  });

  it.runIf(campaign.isWhole)("was suspected thousands of times, and cleared itself", () => {
    expect(campaign.counted("suspicions")).toBeGreaterThan(1_000);
    expect(campaign.counted("refutations")).toBeGreaterThan(300);
  });
});
