/** The figures of the last recorded run of each package, kept in the repository. */
import type { Mutant } from "./mutants.ts";
import { scoreOf, sumOf, type Score } from "./score.ts";

/** What one recorded run found in one package. */
export interface PackageResult {
  /** Day of the run, `YYYY-MM-DD`. */
  readonly date: string;
  /** Day on which what was found before was last forgotten, so that each mutant was tried anew. */
  readonly freshDate: string;
  readonly total: Score;
  /** By path from the package's `src`. */
  readonly files: Readonly<Record<string, Score>>;
  /** Days of the runs that found the figures of files this one did not try. */
  readonly earlier?: Readonly<Record<string, string>>;
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

/**
 * A run of some files beside what is recorded of the others.
 *
 * @param files - all that count; what is recorded of any other is forgotten.
 * @returns nothing if one of them was neither tried nor recorded.
 */
export function besideRecorded(
  tried: PackageResult,
  recorded: PackageResult | undefined,
  files: readonly string[],
): PackageResult | undefined {
  const joined: Record<string, Score> = {};
  const earlier: Record<string, string> = {};
  let { freshDate } = tried;
  for (const file of files) {
    const score = tried.files[file] ?? recorded?.files[file];
    if (score === undefined) return undefined;
    joined[file] = score;
    if (tried.files[file] !== undefined || recorded === undefined) continue;
    earlier[file] = recorded.earlier?.[file] ?? recorded.date;
    if (recorded.freshDate < freshDate) freshDate = recorded.freshDate;
  }
  const total = sumOf(Object.values(joined));
  const result = { date: tried.date, freshDate, total, files: joined };
  return Object.keys(earlier).length === 0 ? result : { ...result, earlier };
}
