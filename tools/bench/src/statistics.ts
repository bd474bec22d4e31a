/** What to quote of several measurements. */
export interface Summary {
  readonly median: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/**
 * Nearest-rank quantiles.
 *
 * @throws {RangeError} without values: a figure that was not measured must not look like one.
 */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (part: number): number => {
    const value =
      sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
    if (value === undefined) throw new RangeError("nothing was measured");
    return value;
  };
  return { median: at(0.5), p99: at(0.99), min: at(1e-9), max: at(1), count: sorted.length };
}
