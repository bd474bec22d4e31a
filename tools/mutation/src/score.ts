/** Counts what became of the mutants of one package. */
import type { Mutant, MutantFate } from "./mutants.ts";

/** How one package, or one file, did. */
export interface Score {
  /** Those that count: all but the ignored. */
  readonly mutants: number;
  /** Noticed by a failing test, a defect at load, or a test that no longer ends. */
  readonly killed: number;
  /** Of {@link killed}, those whose tests no longer ended. */
  readonly timeouts: number;
  readonly survived: number;
  /** Texts for people. */
  readonly ignored: number;
}

/** Counts them. */
export function scoreOf(mutants: readonly Mutant[]): Score {
  const count = (...fates: readonly MutantFate[]): number =>
    mutants.filter(({ fate }) => fates.includes(fate)).length;
  const killed = count("killed", "timeout");
  const survived = count("survived", "uncovered");
  return {
    mutants: killed + survived,
    killed,
    timeouts: count("timeout"),
    survived,
    ignored: count("ignored"),
  };
}

/** The counts of several files together. */
export function sumOf(scores: readonly Score[]): Score {
  const sum = (count: (score: Score) => number): number =>
    scores.reduce((total, score) => total + count(score), 0);
  return {
    mutants: sum(({ mutants }) => mutants),
    killed: sum(({ killed }) => killed),
    timeouts: sum(({ timeouts }) => timeouts),
    survived: sum(({ survived }) => survived),
    ignored: sum(({ ignored }) => ignored),
  };
}

/** The share of mutants that died, percent; 100 where there was none to kill. */
export function percent({ killed, mutants }: Score): number {
  return mutants === 0 ? 100 : (100 * killed) / mutants;
}
