/**
 * Makes a failing list smaller while it still fails.
 *
 * Source: delta debugging (Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing
 * Input*, 2002), then each item on its own.
 */

export interface ShrinkOptions<Item> {
  /** Gentler versions of an item, the gentlest first; none. */
  readonly simplify?: (item: Item) => readonly Item[];
  /** How often to try; 500. */
  readonly maxTries?: number;
}

export interface ShrinkResult<Item> {
  /** Fails; if `isMinimal`, no item can go and none be made gentler. */
  readonly items: readonly Item[];
  readonly isMinimal: boolean;
  readonly tryCount: number;
}

/**
 * Shrinks a list for which something fails.
 *
 * @param items - known to fail.
 * @param fails - runs it again from the beginning; must be repeatable.
 */
export function shrink<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => boolean,
  options: ShrinkOptions<Item> = {},
): ShrinkResult<Item> {
  const { simplify, maxTries = 500 } = options;
  let tryCount = 0;
  const stillFails = (candidate: readonly Item[]): boolean => {
    if (tryCount >= maxTries) return false;
    tryCount += 1;
    return fails(candidate);
  };
  let smallest = withoutNeedless(items, stillFails);
  if (simplify !== undefined) smallest = gentler(smallest, stillFails, simplify);
  return { items: smallest, isMinimal: tryCount < maxTries, tryCount };
}

/** Takes out ever smaller parts: halves first, single items last. */
function withoutNeedless<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => boolean,
): readonly Item[] {
  let kept = items;
  let size = kept.length;
  while (size >= 1 && kept.length > 0) {
    let hasShrunk = false;
    for (let start = 0; start < kept.length;) {
      const candidate = kept.toSpliced(start, size);
      if (fails(candidate)) {
        kept = candidate;
        hasShrunk = true;
      } else {
        start += size;
      }
    }
    // Single items once more as long as one could go: it may have kept another one needed.
    if (size === 1 && !hasShrunk) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return kept;
}

function gentler<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => boolean,
  simplify: (item: Item) => readonly Item[],
): readonly Item[] {
  let current = items;
  for (let index = 0; index < current.length;) {
    const item = current[index] as Item;
    const better = simplify(item).find((candidate) => fails(current.with(index, candidate)));
    if (better === undefined) index += 1;
    else current = current.with(index, better);
  }
  return current;
}
