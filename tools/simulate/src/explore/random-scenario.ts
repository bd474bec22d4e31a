/**
 * Whole members with every kind of fault there is, drawn from a seed and watched by the checkers of
 * both layers: what `random-exploration.ts` does for SWIM alone.
 */
import { randomFaults, SeededRandom, SimulationError, type Checker } from "@x/simulator";
import { clocksNeverGoBack } from "../../../../packages/serf/test/simulation/checkers/clocks-never-go-back.ts";
import { limitsHold } from "../../../../packages/serf/test/simulation/checkers/limits-hold.ts";
import { incarnationsNeverFall } from "../../../../packages/swim/test/simulation/checkers/incarnations-never-fall.ts";
import { noResurrection } from "../../../../packages/swim/test/simulation/checkers/no-resurrection.ts";
import { onlyTheMemberRaises } from "../../../../packages/swim/test/simulation/checkers/only-the-member-raises.ts";
import { believesInItself, ofSerf, ofSwim } from "../checkers.ts";
import type { Core } from "../cluster.ts";
import { runScenario, shrinkFaults, type Outcome } from "../run-scenario.ts";
import { defaultScenario, type Scenario, type ScenarioFault, type Work } from "../scenario.ts";

/** All faults begin within this time. */
const TROUBLE_MS = 40_000;
/** After the last fault: reaped on both sides and tried again is the longest way back. */
const PATIENCE_MS = 300_000;
const SHRINK_TRIES = 40;

/** Every kind a scenario knows. */
export const FAULT_KINDS: readonly ScenarioFault["kind"][] = [
  "crash",
  "disk",
  "drift",
  "flap",
  "impair",
  "move",
  "partition",
  "pause",
  "rename",
  "slow",
];

/** Something that went wrong, and the least that makes it go wrong. */
export interface ScenarioFailure {
  readonly seed: number;
  readonly message: string;
  readonly smallest: readonly ScenarioFault[];
}

/** What a seed stands for. */
export function scenarioOf(seed: number): Scenario {
  const random = new SeededRandom(seed).fork("scenario");
  const members = 4 + random.below(4);
  const names = Array.from({ length: members }, (_, index) => `m${index}`);
  const faults = Array.from({ length: 2 + random.below(6) }, () => randomFault(random, names));
  return {
    ...defaultScenario,
    seed,
    members,
    layer: "serf",
    profile: "local",
    serfOptions: { reconnectIntervalMs: 10_000 },
    durationMs: TROUBLE_MS * 2 + PATIENCE_MS,
    sampleEveryMs: 500,
    network: {
      latency: { kind: "log-normal", medianMs: 5, sigma: 0.8 },
      duplicateRatio: 0.01,
      reorderRatio: 0.02,
      // Without UDP a suspicion is refuted only by an exchange of state, and a segment lost on its
      // way outlasts the longest ping: with both, false deaths come and go for ever.
      ...(random.chance(0.1) ? { udpBlocked: true } : { lossRatio: 0.01 }),
    },
    oldVersionMembers: random.chance(0.3) ? [random.pick(names)] : [],
    faults: oneNewLifeEach(faults).toSorted((first, second) => first.atMs - second.atMs),
    workload: Array.from({ length: 6 }, () => randomWork(random, names)),
    expect: { formedWithinMs: 60_000, agreeWithinMs: PATIENCE_MS - 10_000 },
  };
}

/** @returns what went wrong, shrunk, or how it went. */
export function playSeed(seed: number): Outcome | ScenarioFailure {
  const scenario = scenarioOf(seed);
  const replayHint = `pnpm sim explore --from ${seed} --seeds 1`;
  const options = { checkers: everyChecker, endsWhenAgreed: true, replayHint };
  let message: string;
  try {
    const outcome = runScenario(scenario, options);
    if (outcome.failures.length === 0) return outcome;
    message = `seed ${seed}: ${outcome.failures.join("; ")}\nlast events:\n${outcome.lastEvents}\nreplay: ${replayHint}`;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    message = error.message;
  }
  const { faults } = shrinkFaults(scenario, { ...options, maxTries: SHRINK_TRIES });
  return { seed, message, smallest: faults };
}

/** Checkers keep state: new ones for each run. */
export function everyChecker(): readonly Checker<Core>[] {
  return [
    ofSwim(incarnationsNeverFall()),
    ofSwim(onlyTheMemberRaises()),
    ofSwim(noResurrection()),
    ofSerf(clocksNeverGoBack()),
    ofSerf(limitsHold()),
    believesInItself(),
  ];
}

function randomFault(random: SeededRandom, names: readonly string[]): ScenarioFault {
  const kind = random.pick(FAULT_KINDS);
  const atMs = random.below(TROUBLE_MS);
  const member = random.pick(names);
  switch (kind) {
    case "crash":
      return {
        kind,
        atMs,
        member,
        scope: random.pick(["process", "machine"]),
        restartAfterMs: 1 + random.below(TROUBLE_MS / 2),
        snapshot: random.pick(["kept", "lost", "torn"]),
      };
    case "disk": {
      const error = random.pick(["full", "unwritable", "rename"] as const);
      return { kind, atMs, forMs: 1 + random.below(TROUBLE_MS), member, error };
    }
    case "move":
      return { kind, atMs, member };
    case "rename":
      return { kind, atMs, member, to: `new-${member}` };
    default: {
      const [fault] = randomFaults(random, {
        members: names,
        count: 1,
        withinMs: TROUBLE_MS,
        kinds: [kind],
      });
      // Nothing vouches for a plain packet: one changed byte may be any claim at all.
      if (fault?.kind !== "impair" || (fault.rule.corruptRatio ?? 0) === 0) {
        return fault as ScenarioFault;
      }
      const { corruptRatio: replayRatio = 0, ...rule } = fault.rule;
      return { ...fault, rule: { ...rule, replayRatio } };
    }
  }
}

/** A member that has gone to another name or address does so once, and not while it is dead. */
function oneNewLifeEach(faults: readonly ScenarioFault[]): readonly ScenarioFault[] {
  const gone = new Set<string>();
  return faults.filter((fault) => {
    if (fault.kind !== "move" && fault.kind !== "rename" && fault.kind !== "crash") return true;
    if (gone.has(fault.member)) return false;
    gone.add(fault.member);
    return true;
  });
}

function randomWork(random: SeededRandom, names: readonly string[]): Work {
  const atMs = random.below(TROUBLE_MS);
  const member = random.pick(names);
  const kind = random.pick(["event", "query", "tags"] as const);
  if (kind === "tags") return { kind, atMs, member, tags: { at: String(atMs) } };
  return kind === "event" ? { kind, atMs, member, count: 3, everyMs: 500 } : { kind, atMs, member };
}
