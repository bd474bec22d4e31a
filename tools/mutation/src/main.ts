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
import { resultOf, type Results } from "./results.ts";
import { runStryker, today } from "./run-stryker.ts";
import { percent, scoreOf } from "./score.ts";
import { LEAST_SCORE, targets, type MutationTarget } from "./targets.ts";

const USAGE = `Usage: pnpm mutate [package …] [--files a.ts,b.ts] [--fresh] [--record] [--concurrency N]
Packages: ${targets.map(({ name }) => name).join(", ")}; all of them if none is named.
  --files        only these of their decision files; what earlier runs found of the others stays
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
  const known = new Set(target.files.map(({ path }) => path));
  const { freshDate, report } = runStryker({ root, target, files, concurrency, isFresh });
  const mutants = mutantsOf(report).filter(({ file }) => known.has(file));
  const tried = new Set(mutants.map(({ file }) => file));
  const missing = [...known].filter((file) => !tried.has(file));

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
  if (missing.length > 0) stdout.write(`not tried yet: ${missing.join(", ")}\n`);

  const passes = percent(score) >= LEAST_SCORE && unexplained.length === 0 && stale.length === 0;
  if (isRecorded && missing.length === 0) {
    const result = resultOf(mutants, { date: today(), freshDate });
    const results = { ...readResults(), [target.name]: result };
    writeFileSync(resultsFile, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  return passes;
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
