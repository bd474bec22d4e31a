/** `pnpm sim evidence`: the tables of the papers, measured again. */
import { stdout } from "node:process";
import { readArguments } from "../arguments.ts";
import { ScenarioError } from "../scenario-check.ts";
import { epidemicEvidence, largeEpidemicEvidence } from "./epidemic-evidence.ts";
import type { Evidence } from "./evidence.ts";
import { lifeguardEvidence } from "./lifeguard-evidence.ts";
import { rapidEvidence } from "./rapid-evidence.ts";
import { swimEvidence } from "./swim-evidence.ts";
import { vivaldiEvidence } from "./vivaldi-evidence.ts";

const ALL: readonly Evidence[] = [
  swimEvidence,
  lifeguardEvidence,
  rapidEvidence,
  vivaldiEvidence,
  epidemicEvidence,
  largeEpidemicEvidence,
];

/** Prints each row as soon as it is measured. */
export function evidenceCommand(args: readonly string[]): number {
  const { words } = readArguments(args, { numbers: [], switches: [] });
  const names = ALL.map(({ name }) => name);
  const unknown = words.filter((word) => !names.includes(word));
  if (unknown.length > 0) {
    throw new ScenarioError([`evidence: ${unknown.join(", ")}: must be ${names.join(", ")}`]);
  }
  for (const evidence of ALL) {
    const isWanted = words.length === 0 ? evidence.isLarge !== true : words.includes(evidence.name);
    if (!isWanted) continue;
    stdout.write(`\n## ${evidence.source}\n\n| | published | ours |\n| --- | --- | --- |\n`);
    evidence.measure(({ ours, published, what }) => {
      stdout.write(`| ${what} | ${published} | ${ours} |\n`);
    });
  }
  return 0;
}
