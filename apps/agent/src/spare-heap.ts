/**
 * When to give memory back to the system.
 *
 * V8 collects when somebody allocates. An agent that has taken in the state of ten thousand members
 * and then rests allocates next to nothing: what the merge left behind, forty megabytes, would stay
 * resident for hours. So a heap that has grown by much and then lies still is collected, twice,
 * since the first time V8 only marks its pages as free. Each time takes 10 to 40 ms for a heap of
 * that size, and it is done once after each such growth.
 *
 * Source: measured with `pnpm bench:cluster known-members`.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A heap that grew by less is not worth a pause. */
const worthwhileBytes = 16 * 1_048_576;
/** A heap that changed by no more between two looks lies still. */
const stillBytes = 4 * 1_048_576;

/** Looks at the size of the heap now and then, and says when to collect. */
export class SpareHeap {
  readonly #collect: () => void;
  #lastBytes = Infinity;
  /** What was left of the heap when it had last been collected, or when it was first looked at. */
  #keptBytes: number | undefined;
  #isHalfDone = false;

  /** @param collect - collects all garbage, and takes as long as that takes. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** @param heapBytes - all pages of the heap, used or not. */
  look(heapBytes: number): void {
    const isStill = Math.abs(heapBytes - this.#lastBytes) <= stillBytes;
    this.#lastBytes = heapBytes;
    if (this.#isHalfDone) {
      this.#isHalfDone = false;
      this.#collect();
      // Known at the next look: pages are given back meanwhile.
      this.#keptBytes = undefined;
      return;
    }
    this.#keptBytes ??= heapBytes;
    if (!isStill || heapBytes < this.#keptBytes + worthwhileBytes) return;
    this.#collect();
    this.#isHalfDone = true;
  }
}

/** Collects all garbage of this process. @returns `undefined` where the engine offers no way. */
export function garbageCollector(): (() => void) | undefined {
  // Bun's heap is another, and gives back by itself.
  if (process.versions["bun"] !== undefined) return undefined;
  return () => {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
  };
}
