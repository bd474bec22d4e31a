/** The figures of the last recorded run of each package, kept in the repository. */
import type { Mutant } from "./mutants.ts";
import { scoreOf, type Score } from "./score.ts";

/** What one recorded run found in one package. */
export interface PackageResult {
  /** Day of the run, `YYYY-MM-DD`. */
  readonly date: string;
  /** Day on which what was found before was last forgotten, so that each mutant was tried anew. */
  readonly freshDate: string;
  readonly total: Score;
  /** By path from the package's `src`. */
  readonly files: Readonly<Record<string, Score>>;
}

/** By package. */
export type Results = Readonly<Record<string, PackageResult>>;

/** Sums up a run, of this day, of mutants tried anew since another. */
export function resultOf(
  mutants: readonly Mutant[],
  { date, freshDate }: Pick<PackageResult, "date" | "freshDate">,
): PackageResult {
  const files: Record<string, Score> = {};
  for (const name of new Set(mutants.map(({ file }) => file))) {
    files[name] = scoreOf(mutants.filter(({ file }) => file === name));
  }
  return { date, freshDate, total: scoreOf(mutants), files };
}
