/**
 * `pnpm mutate`: breaks the decisions of the protocol on purpose and asks the tests to notice.
 *
 * Exit codes: 0 enough died and every survivor is explained, 1 not, 2 the command is wrong.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { filesOf, readArguments, UsageError, type MutationRequest } from "./arguments.ts";
import { judgeSurvivors, readExplanations, type Explanation } from "./explanations.ts";
import { mutantsOf } from "./mutants.ts";
import { mutationPage } from "./page.ts";
import { besideRecorded, resultOf, type PackageResult, type Results } from "./results.ts";
import { runStryker, today } from "./run-stryker.ts";
import { percent, scoreOf } from "./score.ts";
import { LEAST_SCORE, targets, type MutationTarget } from "./targets.ts";

const USAGE = `Usage: pnpm mutate [package …] [--files a.ts,b.ts] [--fresh] [--record] [--concurrency N]
Packages: ${targets.map(({ name }) => name).join(", ")}; all of them if none is named.
  --files        only these of their decision files; what is recorded of the others stays
  --fresh        forget what earlier runs found
  --record       write the figures to docs/mutation.md
  --concurrency  workers, one unless told otherwise
`;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const resultsFile = join(root, "tools", "mutation", "results.json");
const pageFile = join(root, "docs", "mutation.md");

function explanationsOf(name: string): Explanation[] {
  const file = join(root, "tools", "mutation", "explained", `${name}.json`);
  return existsSync(file) ? readExplanations(readFileSync(file, "utf8")) : [];
}

function readResults(): Results {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as Results) : {};
}

/** @returns whether the package passes. */
function tryPackage(target: MutationTarget, request: MutationRequest): boolean {
  const files = filesOf(target, request.files);
  if (files.length === 0) return true;
  const { concurrency, isFresh, isRecorded } = request;
  const { freshDate, report } = runStryker({ root, target, files, concurrency, isFresh });
  const tried = new Set(files);
  const mutants = mutantsOf(report).filter(({ file }) => tried.has(file));

  const { unexplained, outdated } = judgeSurvivors(mutants, explanationsOf(target.name));
  // A part of the files says nothing about the explanations of the others.
  const stale = outdated.filter((name) => tried.has(name.split(" › ")[0] ?? ""));
  const score = scoreOf(mutants);
  for (const { file, line, name } of unexplained) {
    stdout.write(`survived, unexplained: ${file}:${line}  ${name}\n`);
  }
  for (const name of stale) stdout.write(`explained, but does not survive: ${name}\n`);
  const share = percent(score).toFixed(1);
  stdout.write(`${target.name}: ${score.killed} of ${score.mutants} mutants died, ${share} %\n`);

  const passes = percent(score) >= LEAST_SCORE && unexplained.length === 0 && stale.length === 0;
  if (isRecorded) record(target, resultOf(mutants, { date: today(), freshDate }));
  return passes;
}

/** What was not tried in this run stays as it is recorded. */
function record({ files, name }: MutationTarget, tried: PackageResult): void {
  const results = readResults();
  const paths = files.map(({ path }) => path);
  const result = besideRecorded(tried, results[name], paths);
  if (result === undefined) {
    stdout.write(`${name}: not recorded, since some files never were: try all\n`);
    return;
  }
  const all = { ...results, [name]: result };
  writeFileSync(resultsFile, `${JSON.stringify(all, undefined, 2)}\n`);
}

function writePage(): void {
  const explanations = Object.fromEntries(targets.map(({ name }) => [name, explanationsOf(name)]));
  writeFileSync(pageFile, mutationPage(readResults(), explanations));
  stdout.write("wrote docs/mutation.md\n");
}

function main(args: readonly string[]): number {
  if (args.includes("--help")) {
    stdout.write(USAGE);
    return 0;
  }
  const request = readArguments(args);
  let passed = true;
  for (const target of request.targets) passed = tryPackage(target, request) && passed;
  if (request.isRecorded) writePage();
  return passed ? 0 : 1;
}

try {
  exit(main(argv.slice(2)));
} catch (error) {
  stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) stderr.write(USAGE);
  exit(error instanceof UsageError ? 2 : 1);
}
