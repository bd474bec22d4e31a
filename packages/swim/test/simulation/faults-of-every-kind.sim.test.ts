import {
  injectFaults,
  planEndMs,
  randomFaults,
  SeededRandom,
  shrink,
  simplerFaults,
  SimulationError,
  type Fault,
} from "@x/simulator";
import { describe, expect, it } from "vitest";
import {
  agreeing,
  converged,
  simulateCluster,
  type SimulatedCluster,
} from "../support/simulate-cluster.ts";
import { campaignOf, tally } from "./stories.ts";

const campaign = campaignOf("faults of every kind", "faults-of-every-kind");
const NAMES = ["m0", "m1", "m2", "m3", "m4", "m5"];

/** Runs a plan against a cluster and waits until it has got over it. */
function survive(seed: number, plan: readonly Fault[]): SimulatedCluster {
  const cluster = simulateCluster({
    seed,
    memberCount: NAMES.length,
    isEncrypted: seed % 2 === 0,
    network: {
      latency: { kind: "log-normal", medianMs: 5, sigma: 0.8 },
      lossRatio: 0.01,
      duplicateRatio: 0.01,
      reorderRatio: 0.02,
    },
    replayHint: (failed) => campaign.replayCommand(failed),
  });
  cluster.runUntil(converged);
  injectFaults(cluster, plan);
  cluster.runFor(planEndMs(plan) + 1);
  // Reaped on both sides, then tried again: the longest way back.
  cluster.runUntil(converged, { withinMs: 240_000 });
  const agreed = (): boolean => agreeing(cluster);
  cluster.runUntil(agreed, { withinMs: 60_000 });
  return cluster;
}

function planOf(seed: number): Fault[] {
  const random = new SeededRandom(seed).fork("faults");
  const plan = randomFaults(random, { members: NAMES, count: 6, withinMs: 40_000 });
  // Nothing vouches for a plain packet: one changed byte may be any claim at all.
  return seed % 2 === 0 ? plan : plan.filter((fault) => !isCorruption(fault));
}

function isCorruption(fault: Fault): boolean {
  return fault.kind === "impair" && (fault.rule.corruptRatio ?? 0) > 0;
}

/** The same failure with as few and as gentle faults as possible. */
function shrunk(seed: number, plan: readonly Fault[], error: unknown): Error {
  const isSame = (candidate: readonly Fault[]): boolean => {
    try {
      survive(seed, candidate);
      return false;
    } catch {
      return true;
    }
  };
  const { items } = shrink(plan, isSame, { simplify: simplerFaults, maxTries: 60 });
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`${message}\nsmallest plan that fails: ${JSON.stringify(items)}`, {
    cause: error,
  });
}

describe("faults of every kind", () => {
  it.each(campaign.batches)("leave one view of the living behind ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const plan = planOf(seed);
      for (const { kind } of plan) campaign.count(kind);
      campaign.countDistinct(
        "plans",
        plan
          .map(({ kind }) => kind)
          .toSorted()
          .join(),
      );
      let cluster: SimulatedCluster;
      try {
        cluster = survive(seed, plan);
      } catch (error) {
        throw error instanceof SimulationError ? shrunk(seed, plan, error) : error;
      }
      tally(campaign, cluster);
      expect(cluster.running).toHaveLength(NAMES.length);
    });
  });

  it.runIf(campaign.isWhole)("were all seen, and hurt", () => {
    const kinds = ["crash", "pause", "slow", "drift", "partition", "impair", "flap"];
    const leastSeen = Math.min(...kinds.map((kind) => campaign.counted(kind)));
    expect(leastSeen).toBeGreaterThan(40);
    expect(campaign.counted("plans")).toBeGreaterThan(80);
    expect(campaign.counted("suspicions")).toBeGreaterThan(500);
    expect(campaign.counted("refutations")).toBeGreaterThan(200);
    expect(campaign.counted("deaths")).toBeGreaterThan(200);
  });
});
