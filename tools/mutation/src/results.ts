/** The figures of the last recorded run of each package, kept in the repository. */
import type { Mutant } from "./mutants.ts";
import { scoreOf, type Score } from "./score.ts";

/** What one recorded run found in one package. */
export interface PackageResult {
  /** Day of the run, `YYYY-MM-DD`. */
  readonly date: string;
  readonly total: Score;
  /** By path from the package's `src`. */
  readonly files: Readonly<Record<string, Score>>;
}

/** By package. */
export type Results = Readonly<Record<string, PackageResult>>;

/** Sums up a run. */
export function resultOf(mutants: readonly Mutant[], date: string): PackageResult {
  const files: Record<string, Score> = {};
  for (const name of new Set(mutants.map(({ file }) => file))) {
    files[name] = scoreOf(mutants.filter(({ file }) => file === name));
  }
  return { date, total: scoreOf(mutants), files };
}
