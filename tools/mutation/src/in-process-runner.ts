/**
 * A test runner for Stryker that loads the tests once and calls them in its own process.
 *
 * A run of vitest starts a worker and loads a hundred modules, for each mutant anew; here a mutant
 * costs the tests that reach it, a few milliseconds most often. What makes it right is a house rule:
 * tests share no state. A mutant that matters while modules load gets a fresh process by Stryker.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cwd, env } from "node:process";
import { pathToFileURL } from "node:url";
import type { MutantCoverage } from "@stryker-mutator/api/core";
import {
  DryRunStatus,
  MutantRunStatus,
  TestStatus,
  type DryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
} from "@stryker-mutator/api/test-runner";
import { collectClaims, type Claim } from "./claims.ts";
import type { TestSelection } from "./run-stryker.ts";

/** What the mutants read: which of them is on, and how often it may still be met. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: MutantCoverage;
}

const switchboard: Switchboard = ((globalThis as { __stryker__?: Switchboard }).__stryker__ ??= {});

/**
 * A mutant is called endless once a test meets it twenty times as often as it does without it.
 * Stryker counts over all tests together, which takes minutes in a loop that is run a million times.
 */
const HIT_LIMIT_FACTOR = 20;
const LEAST_HIT_LIMIT = 20_000;

/** In Stryker's copy of the checkout: what the first run counted, for processes that come later. */
const HITS_FILE = ".mutation-hits.json";

/** Calls the tests of one package. */
export class InProcessRunner implements TestRunner {
  #claims: readonly Claim[] | undefined;
  /** By test and mutant: how often the test meets the place of the mutant. */
  #hits: MutantCoverage["perTest"] | undefined;
  /** Milliseconds each test took last: quick ones are asked first. */
  readonly #costs = new Map<string, number>();

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    for (const claim of await this.#load()) tests.push(await this.#run(claim));
    const { mutantCoverage } = switchboard;
    this.#hits = mutantCoverage?.perTest ?? {};
    writeFileSync(HITS_FILE, JSON.stringify(this.#hits));
    return mutantCoverage === undefined
      ? { status: DryRunStatus.Complete, tests }
      : { status: DryRunStatus.Complete, tests, mutantCoverage };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, testFilter } = options;
    if (mutantActivation === "static") switchboard.activeMutant = activeMutant.id;
    let claims: readonly Claim[];
    try {
      claims = await this.#load();
    } catch (error) {
      return {
        status: MutantRunStatus.Killed,
        killedBy: [],
        failureMessage: textOf(error),
        nrOfTests: 0,
      };
    }
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    const asked = claims
      .filter(({ id }) => wanted === undefined || wanted.has(id))
      .toSorted((a, b) => this.#costOf(a) - this.#costOf(b));
    switchboard.activeMutant = activeMutant.id;
    try {
      return await this.#firstFailure(asked, activeMutant.id);
    } finally {
      switchboard.activeMutant = undefined;
    }
  }

  async #firstFailure(asked: readonly Claim[], mutant: string): Promise<MutantRunResult> {
    this.#hits ??= JSON.parse(readFileSync(HITS_FILE, "utf8")) as MutantCoverage["perTest"];
    let nrOfTests = 0;
    for (const claim of asked) {
      nrOfTests += 1;
      const limit = LEAST_HIT_LIMIT + HIT_LIMIT_FACTOR * (this.#hits[claim.id]?.[mutant] ?? 0);
      switchboard.hitCount = 0;
      switchboard.hitLimit = limit;
      const result = await this.#run(claim);
      if (switchboard.hitCount > limit) {
        return { status: MutantRunStatus.Timeout, reason: `met more than ${limit} times` };
      }
      if (result.status === TestStatus.Failed) {
        const { failureMessage } = result;
        return { status: MutantRunStatus.Killed, killedBy: [claim.id], failureMessage, nrOfTests };
      }
    }
    return { status: MutantRunStatus.Survived, nrOfTests };
  }

  async #run(claim: Claim): Promise<TestResult> {
    const { id, title, file } = claim;
    const startMs = performance.now();
    switchboard.currentTestId = id;
    let failure: unknown;
    try {
      await claim.run();
    } catch (error) {
      failure = error ?? new Error("a test threw nothing");
    }
    switchboard.currentTestId = undefined;
    const timeSpentMs = performance.now() - startMs;
    this.#costs.set(id, timeSpentMs);
    const base = { id, name: title, fileName: file, timeSpentMs };
    return failure === undefined
      ? { ...base, status: TestStatus.Success }
      : { ...base, status: TestStatus.Failed, failureMessage: textOf(failure) };
  }

  /** In a process that has run nothing yet, laws are taken for dear. */
  #costOf({ id, file }: Claim): number {
    return this.#costs.get(id) ?? (file.includes(".property.") ? 100 : 1);
  }

  async #load(): Promise<readonly Claim[]> {
    if (this.#claims !== undefined) return this.#claims;
    await import("../../run/property-seed.ts");
    const all: Claim[] = [];
    for (const file of testFiles()) {
      all.push(...(await collectClaims(file, () => import(pathToFileURL(join(cwd(), file)).href))));
    }
    this.#claims = all;
    return all;
  }
}

/** Paths from the current folder, which is Stryker's copy of the checkout. */
function testFiles(): string[] {
  const { folder, leftOut } = JSON.parse(env["MUTATION_TESTS"] ?? "") as TestSelection;
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts") && !path.endsWith(".types.test.ts"))
    .filter((path) => !leftOut.some((part) => path.startsWith(part) || path.endsWith(part)))
    .map((path) => relative(cwd(), join(folder, path)))
    .sort();
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** In the shape Stryker looks for in a module of plugins. */
export const strykerPlugins: readonly object[] = [
  { kind: "TestRunner", name: "in-process", injectableClass: InProcessRunner },
];
