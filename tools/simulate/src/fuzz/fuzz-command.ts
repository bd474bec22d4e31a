/** `pnpm sim fuzz`: more hostile input than `npm test` has time for. */
import { stderr, stdout } from "node:process";
import { readArguments } from "../arguments.ts";
import { ScenarioError } from "../scenario-check.ts";
import type { DoorName } from "./door.ts";
import { doorNames, everyDoor, shareOf } from "./every-door.ts";
import { fuzzDoor } from "./fuzz-door.ts";
import { recordedInputs } from "./recorded-inputs.ts";

const DEFAULT_CASES = 1_000_000;

/** @returns the exit code: 1 if something was found. */
export function fuzzCommand(args: readonly string[]): number {
  const { numbers, words } = readArguments(args, { numbers: ["cases", "seed"], switches: [] });
  const doors = words.length === 0 ? doorNames : words.map(doorOf);
  const caseCount = numbers["cases"] ?? DEFAULT_CASES;
  const percentOfAll = doors.reduce((sum, name) => sum + everyDoor[name].percent, 0);
  const seed = numbers["seed"] ?? 1;
  let findingCount = 0;
  for (const name of doors) {
    const seeds = recordedInputs(name);
    const startMs = performance.now();
    const share = shareOf(name, (caseCount * 100) / percentOfAll);
    const { make } = everyDoor[name];
    const findings = fuzzDoor({ name, make, seeds, caseCount: share, seed });
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    stdout.write(
      `${name}: ${share} cases from ${seeds.length} recorded inputs, ${findings.length} findings, ${seconds} s\n`,
    );
    findingCount += findings.length;
    for (const { hex, precedingCount, what } of findings) {
      stderr.write(`  ${what}\n  after ${precedingCount} other inputs; input: ${hex}\n`);
    }
  }
  return findingCount === 0 ? 0 : 1;
}

function doorOf(word: string): DoorName {
  const name = doorNames.find((door) => door === word);
  if (name !== undefined) return name;
  throw new ScenarioError([`${word}: no door; there are ${doorNames.join(", ")}`]);
}
