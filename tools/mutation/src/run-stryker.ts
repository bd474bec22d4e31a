/**
 * Runs Stryker over the decision files of one package, in a copy of the checkout.
 *
 * It keeps what it found in `.cache/mutation`: the next run tries only mutants whose code or tests
 * changed, and a run of a few files leaves the results of the others as they were.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import type { StrykerReport } from "./mutants.ts";
import type { MutationTarget } from "./targets.ts";

/** Tests of a package, as the processes that try mutants are told of them. */
export interface TestSelection {
  /** From the root of the checkout. */
  readonly folder: string;
  /** Starts or ends of paths within it. */
  readonly leftOut: readonly string[];
}

export interface StrykerRun {
  /** Of the checkout. */
  readonly root: string;
  readonly target: MutationTarget;
  /** Paths from the package's `src`: some of the target's files, or all. */
  readonly files: readonly string[];
  /** Workers; each takes one core. */
  readonly concurrency: number;
  /** Whether to forget what earlier runs found. */
  readonly isFresh: boolean;
}

const tsx = import.meta.resolve("tsx");
const standIns = new URL("../stand-ins.mjs", import.meta.url).href;

function pathFrom(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/**
 * Milliseconds a mutant's tests may take beyond {@link TIMEOUT_FACTOR} times what they need. On a
 * busy machine they take seconds more, and a mutant that ends by the clock counts as found.
 */
const TIMEOUT_MS = 10_000;
const TIMEOUT_FACTOR = 2;

/** What a run found. */
export interface StrykerOutcome {
  readonly report: StrykerReport;
  /** Day, `YYYY-MM-DD`, on which what was found before was last forgotten. */
  readonly freshDate: string;
}

/**
 * Runs it and reads its report.
 *
 * @throws {Error} if Stryker fails, most often because a test fails without any mutant.
 */
export function runStryker(run: StrykerRun): StrykerOutcome {
  const { root, target } = run;
  const folder = join(root, ".cache", "mutation");
  mkdirSync(folder, { recursive: true });
  const incremental = join(folder, `${target.name}.incremental.json`);
  if (run.isFresh) rmSync(incremental, { force: true });
  else forgetDoubtful(incremental, run);
  const freshDate = noteFresh(join(folder, `${target.name}.fresh`), !existsSync(incremental));
  const reportFile = join(folder, `${target.name}.report.json`);
  rmSync(reportFile, { force: true });
  const settings = join(folder, `${target.name}.stryker.json`);
  writeFileSync(settings, JSON.stringify(optionsOf(run, incremental, reportFile), undefined, 2));

  const stryker = join(root, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
  const result = spawnSync(execPath, [stryker, "run", settings], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      // Each of its processes reads plugins and sources as they are written.
      NODE_OPTIONS: `--import ${tsx}`,
      MUTATION_TESTS: JSON.stringify(testsOf(target)),
    },
  });
  if (result.status !== 0 || !existsSync(reportFile)) {
    throw new Error(`Stryker could not try the mutants of ${target.name}: see above`);
  }
  return { report: JSON.parse(readFileSync(reportFile, "utf8")) as StrykerReport, freshDate };
}

/** As much of what Stryker keeps as is judged here. */
interface FoundMutant {
  readonly status: string;
  readonly statusReason?: string;
  /** Runs while modules load. */
  readonly static?: boolean;
}

/** @returns the day kept in a file, which is today if nothing is known from before. */
function noteFresh(file: string, isFresh: boolean): string {
  if (isFresh || !existsSync(file)) writeFileSync(file, today());
  return readFileSync(file, "utf8");
}

/** `YYYY-MM-DD`. */
export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/**
 * What was found and may be wrong is tried again. No test is known to reach what runs while modules
 * load, so Stryker would believe for ever that such a mutant survives; and what ended by the clock, not
 * because it was met too often, may have ended because the machine was busy. What is not tried in this
 * run stays as it is.
 */
function forgetDoubtful(incrementalFile: string, run: StrykerRun): void {
  if (!existsSync(incrementalFile)) return;
  const report = JSON.parse(readFileSync(incrementalFile, "utf8")) as {
    readonly files: Record<string, { mutants: readonly FoundMutant[] }>;
  };
  for (const path of sourcesOf(run)) {
    const file = report.files[path];
    if (file === undefined) continue;
    file.mutants = file.mutants.filter(
      ({ static: isStatic, status, statusReason }) =>
        !(status === "Survived" && isStatic === true) &&
        !(status === "Timeout" && statusReason === undefined),
    );
  }
  writeFileSync(incrementalFile, JSON.stringify(report));
}

/** What is broken in a run; paths from the root of the checkout. */
function sourcesOf({ files, target }: StrykerRun): string[] {
  return files.map((file) => `packages/${target.name}/src/${file}`);
}

function optionsOf(run: StrykerRun, incrementalFile: string, reportFile: string): object {
  return {
    testRunner: "in-process",
    testRunnerNodeArgs: ["--conditions=@x/source", "--import", standIns],
    plugins: [
      pathFrom("./in-process-runner.ts"),
      pathFrom("../texts.mjs"),
      pathFrom("../workbenches.mjs"),
    ],
    ignorers: ["texts", "workbenches"],
    mutate: sourcesOf(run),
    coverageAnalysis: "perTest",
    concurrency: run.concurrency,
    timeoutMS: TIMEOUT_MS,
    timeoutFactor: TIMEOUT_FACTOR,
    incremental: true,
    incrementalFile,
    tempDirName: ".cache/stryker",
    ignorePatterns: ["**/dist", "docs", ".cache"],
    reporters: ["progress-append-only", "json", "html"],
    jsonReporter: { fileName: reportFile },
    htmlReporter: { fileName: reportFile.replace(/\.json$/, ".html") },
    // Sources run as they are; there is no build whose settings would need the copy's paths.
    tsconfigFile: "none",
    disableTypeChecks: false,
    allowConsoleColors: false,
  };
}

function testsOf({ name, leftOut }: MutationTarget): TestSelection {
  return { folder: `packages/${name}/test`, leftOut };
}
