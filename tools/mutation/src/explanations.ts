/**
 * Why a mutant may live: said once for each that does, and held against the report, so that no
 * survivor goes unexplained and no explanation outlives its mutant.
 */
import type { Mutant } from "./mutants.ts";

/** One reason, and every mutant it holds for. */
export interface Explanation {
  readonly why: string;
  /** By {@link Mutant.name}. */
  readonly mutants: readonly string[];
}

/** What the explanations and the report say of each other. */
export interface Judgement {
  /** Survivors without a reason. */
  readonly unexplained: readonly Mutant[];
  /** Names that no survivor of the report has: killed meanwhile, or their code is gone. */
  readonly outdated: readonly string[];
}

/** Whether nothing noticed it. */
export function isAlive({ fate }: Mutant): boolean {
  return fate === "survived" || fate === "uncovered";
}

/** Holds the explanations against the mutants of the same package. */
export function judgeSurvivors(
  mutants: readonly Mutant[],
  explanations: readonly Explanation[],
): Judgement {
  const explained = new Set(explanations.flatMap((explanation) => explanation.mutants));
  const alive = mutants.filter(isAlive);
  const names = new Set(alive.map(({ name }) => name));
  return {
    unexplained: alive.filter(({ name }) => !explained.has(name)),
    outdated: [...explained].filter((name) => !names.has(name)),
  };
}

/**
 * Reads a file of explanations.
 *
 * @throws {TypeError} if it is not a list of reasons with mutants, or explains a mutant twice.
 */
export function readExplanations(json: string): Explanation[] {
  const list: unknown = JSON.parse(json);
  if (!Array.isArray(list) || !list.every(isExplanation)) {
    throw new TypeError("explanations are a list of { why, mutants }, neither of them empty");
  }
  const names = list.flatMap(({ mutants }) => mutants);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`explained twice: ${twice}`);
  return list;
}

function isExplanation(value: unknown): value is Explanation {
  if (typeof value !== "object" || value === null) return false;
  const { why, mutants } = value as Partial<Record<keyof Explanation, unknown>>;
  return (
    typeof why === "string" &&
    why !== "" &&
    Array.isArray(mutants) &&
    mutants.length > 0 &&
    mutants.every((name) => typeof name === "string")
  );
}
