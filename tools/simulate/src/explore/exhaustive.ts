/**
 * Visits every state three members can come to, breadth first: everything that may happen, in every
 * order, up to a number of steps.
 */
import { SmallWorld, type Budget, type Choice } from "./small-world.ts";

export interface ExhaustiveResult {
  /** Distinct states visited. */
  readonly stateCount: number;
  /** Steps taken from a state to a next, those that led to a state seen before included. */
  readonly transitionCount: number;
  /** All states within so many steps of the beginning were visited. */
  readonly completeDepth: number;
  readonly sightings: {
    readonly suspicions: number;
    readonly deaths: number;
    readonly refutations: number;
  };
  /** The first offence, and the shortest way to it. */
  readonly violation: { readonly what: string; readonly path: readonly Choice[] } | undefined;
}

/** A state, as the last step of the way to it: ways share their beginnings. */
interface Visit {
  readonly choice: Choice | undefined;
  readonly before: Visit | undefined;
  /** As it came out of that step, if it was kept. */
  world: SmallWorld | undefined;
}

/** Worlds of a level that are kept until they are visited; the others are reached again by their way. */
const KEPT_WORLDS = 1_500;

/** @param stateLimit - where to stop if there is no end before. */
export function exploreAll(
  budget: Budget,
  {
    forbid,
    maxDepth,
    progress,
    stateLimit,
  }: {
    readonly maxDepth: number;
    readonly stateLimit: number;
    /** What must not be besides what the checkers object to; to try the explorer itself. */
    readonly forbid?: (world: SmallWorld) => string | undefined;
    readonly progress?: (stateCount: number, depth: number) => void;
  },
): ExhaustiveResult {
  const first = new SmallWorld(budget);
  const seen = new Set<string>([first.key()]);
  const sightings = { suspicions: 0, deaths: 0, refutations: 0 };
  let level: Visit[] = [{ choice: undefined, before: undefined, world: undefined }];
  let transitionCount = 0;
  const result = (
    completeDepth: number,
    violation?: ExhaustiveResult["violation"],
  ): ExhaustiveResult => {
    return { stateCount: seen.size, transitionCount, completeDepth, sightings, violation };
  };
  if (first.violation !== undefined) return result(0, { what: first.violation, path: [] });
  for (let depth = 0; depth < maxDepth && level.length > 0; depth += 1) {
    const next: Visit[] = [];
    for (const visit of level) {
      const path = pathTo(visit);
      let fresh: SmallWorld | undefined = visit.world ?? reached(budget, path);
      visit.world = undefined;
      for (const choice of fresh.choices()) {
        const world = fresh ?? reached(budget, path);
        fresh = undefined;
        const before = { ...world.sightings };
        world.apply(choice);
        transitionCount += 1;
        for (const what of ["suspicions", "deaths", "refutations"] as const) {
          sightings[what] += world.sightings[what] - before[what];
        }
        const what = world.violation ?? forbid?.(world);
        if (what !== undefined) {
          return result(depth, { what, path: [...path, choice] });
        }
        const key = world.key();
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ choice, before: visit, world: next.length < KEPT_WORLDS ? world : undefined });
        if (seen.size % 1_000 === 0) progress?.(seen.size, depth + 1);
        if (seen.size >= stateLimit) return result(depth);
      }
    }
    level = next;
    if (level.length === 0) return result(Infinity);
  }
  return result(maxDepth);
}

function reached(budget: Budget, path: readonly Choice[]): SmallWorld {
  const world = new SmallWorld(budget);
  for (const choice of path) world.apply(choice);
  return world;
}

function pathTo(visit: Visit): Choice[] {
  const path: Choice[] = [];
  for (let at: Visit | undefined = visit; at?.choice !== undefined; at = at.before)
    path.push(at.choice);
  return path.reverse();
}
