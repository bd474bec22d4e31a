/**
 * Clusters with faults drawn from a seed, watched by every checker of SWIM at every step.
 */
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
import {
  agreeing,
  converged,
  simulateCluster,
} from "../../../../packages/swim/test/support/simulate-cluster.ts";

export interface Exploration {
  readonly seed: number;
  readonly memberCount: number;
  readonly plan: readonly Fault[];
}

export interface ExplorationFailure {
  readonly seed: number;
  readonly message: string;
  /** The smallest part of the plan that still fails. */
  readonly smallest: readonly Fault[];
}

/** What a campaign saw: one that saw nothing proves nothing. */
export interface Sightings {
  suspicions: number;
  refutations: number;
  deaths: number;
  faults: number;
}

/** What a seed stands for. */
export function explorationOf(seed: number): Exploration {
  const random = new SeededRandom(seed).fork("exploration");
  const memberCount = 3 + Math.floor(random.between(0, 7));
  const members = Array.from({ length: memberCount }, (_, index) => `m${index}`);
  const count = 1 + Math.floor(random.between(0, 8));
  const plan = randomFaults(random, { members, count, withinMs: 40_000 });
  // Nothing vouches for a plain packet: one changed byte may be any claim at all.
  const isEncrypted = seed % 2 === 0;
  return { seed, memberCount, plan: isEncrypted ? plan : plan.filter((fault) => !corrupts(fault)) };
}

/** @returns what went wrong, shrunk, or nothing. */
export function explore(
  exploration: Exploration,
  sightings: Sightings,
): ExplorationFailure | undefined {
  try {
    play(exploration, sightings);
    return undefined;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    const fails = (plan: readonly Fault[]): boolean => {
      try {
        play({ ...exploration, plan });
        return false;
      } catch (again) {
        if (again instanceof SimulationError) return true;
        throw again;
      }
    };
    const { items } = shrink(exploration.plan, fails, { simplify: simplerFaults, maxTries: 60 });
    return { seed: exploration.seed, message: error.message, smallest: items };
  }
}

function play({ memberCount, plan, seed }: Exploration, sightings?: Sightings): void {
  const cluster = simulateCluster({
    seed,
    memberCount,
    isEncrypted: seed % 2 === 0,
    network: {
      latency: { kind: "log-normal", medianMs: 5, sigma: 0.8 },
      lossRatio: 0.01,
      duplicateRatio: 0.01,
      reorderRatio: 0.02,
    },
    replayHint: () => `pnpm sim explore --from ${seed} --seeds 1`,
  });
  cluster.runUntil(converged);
  injectFaults(cluster, plan);
  cluster.runFor(planEndMs(plan) + 1);
  // Reaped on both sides, then tried again: the longest way back.
  cluster.runUntil(converged, { withinMs: 240_000 });
  cluster.runUntil((it) => agreeing(it), { withinMs: 60_000 });
  if (sightings === undefined) return;
  sightings.faults += plan.length;
  for (const what of ["suspicions", "refutations", "deaths"] as const) {
    sightings[what] += cluster.sighted(what);
  }
}

function corrupts(fault: Fault): boolean {
  return fault.kind === "impair" && (fault.rule.corruptRatio ?? 0) > 0;
}
