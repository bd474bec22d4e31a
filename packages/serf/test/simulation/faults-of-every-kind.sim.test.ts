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
import { Keyring } from "@x/swim";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster, type WatchedCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("faults of every kind", "faults-of-every-kind");
const NAMES = ["m0", "m1", "m2", "m3", "m4"];
const KEY = new Uint8Array(32).fill(7);
const PERIODS = { coalescePeriodMs: 2_000, quiescentPeriodMs: 500 };

/** Somebody says something every two seconds: an event, a question, or new tags. */
function talk(cluster: WatchedCluster, random: SeededRandom, untilMs: number): void {
  if (cluster.nowMs >= untilMs) return;
  cluster.after(2_000, () => talk(cluster, random, untilMs));
  const running = cluster.running();
  if (running.length === 0) return;
  const speaker = random.pick(running);
  const what = `news at ${Math.round(cluster.nowMs)}`;
  cluster.call(speaker, (core, nowMs) => {
    switch (random.below(3)) {
      case 0:
        return core.setTags({ said: what }, nowMs, () => undefined);
      case 1:
        return void core.query(what, undefined, { ack: true, timeoutMs: 2_000 }, {}, nowMs);
      default:
        core.userEvent("news", new Uint8Array([1]), { coalesce: random.chance(0.5) }, nowMs);
    }
  });
}

/** Runs a plan against a cluster that talks, and waits until it has got over it. */
function survive(seed: number, plan: readonly Fault[]): WatchedCluster {
  const isEncrypted = seed % 2 === 0;
  const cluster = simulateCluster({
    seed,
    memberCount: NAMES.length,
    network: {
      latency: { kind: "log-normal", medianMs: 5, sigma: 0.8 },
      lossRatio: 0.01,
      duplicateRatio: 0.01,
      reorderRatio: 0.02,
    },
    options: { reconnectIntervalMs: 10_000 },
    optionsOf: (name) =>
      name === "m0" || name === "m1" ? { memberCoalesce: PERIODS, userCoalesce: PERIODS } : {},
    swim: { profile: "local", ...(isEncrypted && { keyring: Keyring.create([KEY], KEY) }) },
    replayHint: (failed) => campaign.replayCommand(failed),
  }).form();
  injectFaults(cluster, plan);
  const endMs = planEndMs(plan) + 1;
  talk(cluster, new SeededRandom(seed).fork("talk"), cluster.nowMs + endMs);
  cluster.runFor(endMs);
  cluster.runUntil(converged, { withinMs: 240_000 });
  const agree = (): boolean => converged(cluster) && haveOneView(cluster);
  cluster.runUntil(agree, { withinMs: 120_000 });
  // Every window closes, every clock is written down.
  cluster.runFor(5_000);
  return cluster;
}

/** Tags and all clocks of members. */
function haveOneView(cluster: WatchedCluster): boolean {
  const views = NAMES.map((name) => {
    const core = cluster.core(name);
    const tags = NAMES.map((of) => core.member(of)?.tags["said"]);
    return `${tags.join()} ${core.lamportTimes.member}`;
  });
  return new Set(views).size === 1;
}

function planOf(seed: number): Fault[] {
  const random = new SeededRandom(seed).fork("faults");
  const plan = randomFaults(random, { members: NAMES, count: 5, withinMs: 40_000 });
  // Nothing vouches for a plain packet: one changed byte may be any claim at all.
  return seed % 2 === 0 ? plan : plan.filter((fault) => !isCorruption(fault));
}

function isCorruption(fault: Fault): boolean {
  return fault.kind === "impair" && (fault.rule.corruptRatio ?? 0) > 0;
}

/** The same failure with as few and as gentle faults as possible. */
function shrunk(seed: number, plan: readonly Fault[], error: Error): Error {
  const failsToo = (candidate: readonly Fault[]): boolean => {
    try {
      survive(seed, candidate);
      return false;
    } catch {
      return true;
    }
  };
  const { items } = shrink(plan, failsToo, { simplify: simplerFaults, maxTries: 60 });
  return new Error(`${error.message}\nsmallest plan that fails: ${JSON.stringify(items)}`, {
    cause: error,
  });
}

describe("faults of every kind", () => {
  it.each(campaign.batches)(
    "leave one view behind, and nothing lost or twice ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const plan = planOf(seed);
        for (const { kind } of plan) campaign.count(kind);
        let cluster: WatchedCluster;
        try {
          cluster = survive(seed, plan);
        } catch (error) {
          throw error instanceof SimulationError ? shrunk(seed, plan, error) : error;
        }

        expect(cluster.running()).toHaveLength(NAMES.length);
        expect(cluster.quietProblems()).toEqual([]);
        campaign.count("deliveries", cluster.sightings.deliveries);
        campaign.count(
          "failures told",
          cluster.told.filter(({ event }) => event.kind === "member-failed").length,
        );
      });
    },
  );

  it.runIf(campaign.isWhole)("were all seen, and hurt", () => {
    const kinds = ["crash", "pause", "slow", "drift", "partition", "impair", "flap"];
    const leastSeen = Math.min(...kinds.map((kind) => campaign.counted(kind)));
    expect(leastSeen).toBeGreaterThan(30);
    expect(campaign.counted("deliveries")).toBeGreaterThan(1_000);
    expect(campaign.counted("failures told")).toBeGreaterThan(100);
  });
});
