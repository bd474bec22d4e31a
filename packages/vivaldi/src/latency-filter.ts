/**
 * A moving median of the last few RTTs per member, so that one delayed packet does not
 * move a coordinate. Also the register of tracked members: each gets a small index, by
 * which other files keep their own columns.
 *
 * Source: Ledlie, Gardner, Seltzer, Network Coordinates in the Wild, NSDI 2007;
 * behaviour specification §4 step 2.
 */

/** Which of the two middle samples counts as the median of an even number. */
export type EvenMedian = "upper" | "lower";

export interface LatencyFilterOptions {
  /** Samples kept per member, at least 1; 1 filters nothing. */
  readonly size: number;
  /** The reference takes `upper`: with two samples, the larger. */
  readonly evenMedian: EvenMedian;
  /** Members remembered at once; one more and the one tracked longest is forgotten. */
  readonly trackedMembersLimit: number;
  /** Told the index of a member that is forgotten, before the index is used again. */
  readonly handleForgotten: (memberIndex: number) => void;
}

/** Members for which room is made at first; doubled when it runs out. */
const INITIAL_CAPACITY = 16;

export class LatencyFilter {
  readonly #options: LatencyFilterOptions;
  readonly #indexByName = new Map<string, number>();
  readonly #freeIndices: number[] = [];
  readonly #sorted: Float64Array;
  /** Column-wise and flat: 10,000 members cost three numbers each, not an object and an array each. */
  #samples: Float64Array;
  #sampleCounts: Uint32Array;
  #nextIndex = 0;

  constructor(options: LatencyFilterOptions) {
    this.#options = options;
    this.#sorted = new Float64Array(options.size);
    this.#samples = new Float64Array(INITIAL_CAPACITY * options.size);
    this.#sampleCounts = new Uint32Array(INITIAL_CAPACITY);
  }

  /** Members with at least one sample; never above `trackedMembersLimit`. */
  get trackedMembers(): number {
    return this.#indexByName.size;
  }

  /** The index of a member, which it keeps until it is forgotten; tracks it from now on. */
  track(memberName: string): number {
    const known = this.#indexByName.get(memberName);
    if (known !== undefined) return known;
    if (this.#indexByName.size >= this.#options.trackedMembersLimit) this.#forgetLongestTracked();
    const index = this.#freeIndices.pop() ?? this.#nextIndex++;
    if (index >= this.#sampleCounts.length) this.#grow();
    this.#sampleCounts[index] = 0;
    this.#indexByName.set(memberName, index);
    return index;
  }

  /**
   * Adds a sample and says what to believe.
   *
   * @param memberIndex - from {@link track}.
   * @returns the median of the last `size` samples of that member, the new one included.
   */
  observe(memberIndex: number, rttSeconds: number): number {
    const size = this.#options.size;
    const first = memberIndex * size;
    const before = this.#sampleCounts[memberIndex] ?? 0;
    // A ring would save the move, but with three samples the move is cheaper than the modulo.
    if (before < size) {
      this.#samples[first + before] = rttSeconds;
      this.#sampleCounts[memberIndex] = before + 1;
    } else {
      const last = first + size - 1;
      for (let at = first; at < last; at++) this.#samples[at] = this.#samples[at + 1] as number;
      this.#samples[last] = rttSeconds;
    }
    return this.#median(first, Math.min(before + 1, size));
  }

  /** Drops a member and its samples. @returns whether it was tracked. */
  forget(memberName: string): boolean {
    const index = this.#indexByName.get(memberName);
    if (index === undefined) return false;
    this.#options.handleForgotten(index);
    this.#indexByName.delete(memberName);
    this.#freeIndices.push(index);
    return true;
  }

  #median(first: number, count: number): number {
    const sorted = this.#sorted;
    for (let index = 0; index < count; index++) {
      const value = this.#samples[first + index] as number;
      let hole = index;
      while (hole > 0 && (sorted[hole - 1] as number) > value) {
        sorted[hole] = sorted[hole - 1] as number;
        hole--;
      }
      sorted[hole] = value;
    }
    const middle = this.#options.evenMedian === "upper" ? count >> 1 : (count - 1) >> 1;
    return sorted[middle] as number;
  }

  #forgetLongestTracked(): void {
    for (const memberName of this.#indexByName.keys()) {
      this.forget(memberName);
      return;
    }
  }

  #grow(): void {
    const capacity = this.#sampleCounts.length * 2;
    const samples = new Float64Array(capacity * this.#options.size);
    samples.set(this.#samples);
    this.#samples = samples;
    const sampleCounts = new Uint32Array(capacity);
    sampleCounts.set(this.#sampleCounts);
    this.#sampleCounts = sampleCounts;
  }
}
