/** `pnpm sim explore`: looks for a cluster that goes wrong. */
import { stderr, stdout } from "node:process";
import { readArguments } from "../arguments.ts";
import { ProgressLine } from "../progress.ts";
import { exploreAll } from "./exhaustive.ts";
import { explorationOf, explore, type Sightings } from "./random-exploration.ts";
import { playSeed, type ScenarioFailure } from "./random-scenario.ts";
import type { Budget } from "./small-world.ts";

const DEFAULT_SEEDS = 300;
const DEFAULT_STATES = 100_000;

/** @returns the exit code: 1 if something went wrong. */
export function exploreCommand(args: readonly string[]): number {
  const { numbers, switches } = readArguments(args, {
    numbers: ["seeds", "from", "states", "depth", "drops", "duplicates", "crashes", "in-flight"],
    switches: ["exhaustive"],
  });
  return switches.has("exhaustive") ? exhaustive(numbers) : random(numbers);
}

function random(numbers: Readonly<Record<string, number>>): number {
  const from = numbers["from"] ?? 1;
  const count = numbers["seeds"] ?? DEFAULT_SEEDS;
  const sightings: Sightings = { suspicions: 0, refutations: 0, deaths: 0, faults: 0 };
  const whole: Sightings = { suspicions: 0, refutations: 0, deaths: 0, faults: 0 };
  const line = new ProgressLine();
  let failureCount = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    line.show(`seed ${seed}, ${failureCount} failed`, sightings.faults + whole.faults);
    const failure = explore(explorationOf(seed), sightings) ?? exploreWhole(seed, whole);
    if (failure === undefined) continue;
    failureCount += 1;
    line.clear();
    stderr.write(
      `${failure.message}\nsmallest plan that fails: ${JSON.stringify(failure.smallest)}\n`,
    );
  }
  line.clear();
  stdout.write(
    `${count} seeds from ${from}: ${failureCount} failed\n` +
      `  SWIM alone: ${sightingsText(sightings)}\n` +
      `  whole members: ${sightingsText(whole)}\n`,
  );
  return failureCount === 0 ? 0 : 1;
}

function sightingsText({ deaths, faults, refutations, suspicions }: Sightings): string {
  return `${faults} faults, ${suspicions} suspicions, ${refutations} refutations, ${deaths} deaths`;
}

function exploreWhole(seed: number, sightings: Sightings): ScenarioFailure | undefined {
  const played = playSeed(seed);
  if ("smallest" in played) return played;
  const { falseDeaths, refutations, suspicions, troubledDeaths } = played.measurements;
  sightings.faults += played.scenario.faults.length;
  sightings.suspicions += suspicions;
  sightings.refutations += refutations;
  sightings.deaths += falseDeaths + troubledDeaths;
  return undefined;
}

/** Few things go wrong and the story is long; many things at once, and it is short. */
const DEEP: Budget = { drops: 2, duplicates: 0, crashes: 1, incarnation: 4, inFlight: 0 };
const WIDE: Budget = { drops: 3, duplicates: 1, crashes: 1, incarnation: 4, inFlight: 2 };

function exhaustive(numbers: Readonly<Record<string, number>>): number {
  const isOwn = ["drops", "duplicates", "crashes", "in-flight"].some((name) => name in numbers);
  const budgets = isOwn
    ? [
        {
          drops: numbers["drops"] ?? DEEP.drops,
          duplicates: numbers["duplicates"] ?? DEEP.duplicates,
          crashes: numbers["crashes"] ?? DEEP.crashes,
          incarnation: DEEP.incarnation,
          inFlight: numbers["in-flight"] ?? DEEP.inFlight,
        },
      ]
    : [DEEP, WIDE];
  const stateLimit = Math.ceil((numbers["states"] ?? DEFAULT_STATES) / budgets.length);
  const maxDepth = numbers["depth"] ?? Infinity;
  return Math.max(...budgets.map((budget) => exhaust(budget, stateLimit, maxDepth)));
}

function exhaust(budget: Budget, stateLimit: number, maxDepth: number): number {
  const line = new ProgressLine();
  const result = exploreAll(budget, {
    maxDepth,
    stateLimit,
    progress: (stateCount, depth) => line.show(`${stateCount} states, depth ${depth}`, stateCount),
  });
  line.clear();
  const { completeDepth, sightings, stateCount, transitionCount, violation } = result;
  const depth = completeDepth === Infinity ? "all there are" : `all within ${completeDepth} steps`;
  stdout.write(
    `up to ${budget.drops} drops, ${budget.duplicates} duplicates, ${budget.crashes} crashes, ` +
      `${budget.inFlight} packets in flight while time passes: ` +
      `${stateCount} states visited (${depth}), ${transitionCount} transitions; ` +
      `${sightings.suspicions} suspicions, ${sightings.refutations} refutations, ${sightings.deaths} deaths\n`,
  );
  if (violation === undefined) return 0;
  stderr.write(`${violation.what}\nafter:\n`);
  for (const choice of violation.path) stderr.write(`  ${JSON.stringify(choice)}\n`);
  return 1;
}
