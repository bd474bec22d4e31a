/** The moving median as one would say it: a list per member, sorted when asked. */
export class NaiveLatencyFilter {
  readonly #samples = new Map<string, number[]>();
  readonly #size: number;
  readonly #limit: number;
  readonly #evenMedian: "upper" | "lower";

  constructor(options: {
    readonly size: number;
    readonly trackedMembersLimit: number;
    readonly evenMedian: "upper" | "lower";
  }) {
    this.#size = options.size;
    this.#limit = options.trackedMembersLimit;
    this.#evenMedian = options.evenMedian;
  }

  get trackedMembers(): number {
    return this.#samples.size;
  }

  observe(memberName: string, rttSeconds: number): number {
    const known = this.#samples.get(memberName);
    if (known === undefined && this.#samples.size === this.#limit) {
      const [longestTracked] = this.#samples.keys();
      this.#samples.delete(longestTracked as string);
    }
    const samples = [...(known ?? []), rttSeconds].slice(-this.#size);
    this.#samples.set(memberName, samples);
    const sorted = samples.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    const index = this.#evenMedian === "upper" ? Math.floor(middle) : Math.ceil(middle) - 1;
    return sorted[index] as number;
  }

  forget(memberName: string): boolean {
    return this.#samples.delete(memberName);
  }
}
