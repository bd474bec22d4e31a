/**
 * How long a packet travels from one member to another.
 *
 * Models are data, so that a scenario can come from a file and be printed with a failure.
 */
import type { SeededRandom } from "./seeded-random.ts";

/** One-way travel time. Members are numbered in the order they were added. */
export type LatencyModel =
  | { readonly kind: "constant"; readonly ms: number }
  | { readonly kind: "uniform"; readonly minMs: number; readonly maxMs: number }
  /** Most near the median, few very late: `median · e^(σ·N(0,1))`, never above `maxMs`. */
  | {
      readonly kind: "log-normal";
      readonly medianMs: number;
      readonly sigma: number;
      readonly maxMs?: number;
    }
  /** Measured round trips, row by row; member i stands at row `i mod size`; half of each is one way. */
  | { readonly kind: "rtt-matrix"; readonly rttMs: readonly (readonly number[])[] };

/** Travel time in ms of one packet, drawn anew for each. */
export type LatencySampler = (source: number, target: number, random: SeededRandom) => number;

/**
 * Turns a model into a function.
 *
 * @throws {RangeError} if a time is negative or not a number, or a matrix is empty or not square.
 */
export function latencySampler(model: LatencyModel): LatencySampler {
  switch (model.kind) {
    case "constant": {
      const ms = checkedMs("ms", model.ms);
      return () => ms;
    }
    case "uniform": {
      const minMs = checkedMs("minMs", model.minMs);
      const maxMs = checkedMs("maxMs", model.maxMs);
      if (maxMs < minMs) throw new RangeError(`maxMs ${maxMs} is less than minMs ${minMs}`);
      return (_source, _target, random) => random.between(minMs, maxMs);
    }
    case "log-normal": {
      const medianMs = checkedMs("medianMs", model.medianMs);
      const sigma = checkedMs("sigma", model.sigma);
      const maxMs = model.maxMs ?? medianMs * 100;
      return (_source, _target, random) =>
        Math.min(maxMs, medianMs * Math.exp(sigma * random.normal()));
    }
    case "rtt-matrix":
      return matrixSampler(model.rttMs);
  }
}

function matrixSampler(rows: readonly (readonly number[])[]): LatencySampler {
  const size = rows.length;
  if (size === 0) throw new RangeError("rttMs must have at least one row");
  const oneWayMs = new Float64Array(size * size);
  rows.forEach((row, source) => {
    if (row.length !== size) {
      throw new RangeError(`rttMs row ${source} has ${row.length} values, expected ${size}`);
    }
    row.forEach((rttMs, target) => {
      oneWayMs[source * size + target] = checkedMs("rttMs", rttMs) / 2;
    });
  });
  return (source, target) => oneWayMs[(source % size) * size + (target % size)] as number;
}

function checkedMs(name: string, value: number): number {
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${name} must be >= 0, got ${value}`);
  return value;
}
