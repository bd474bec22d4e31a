import { describe, expect, it } from "vitest";
import { latencySampler, SeededRandom, type LatencyModel } from "@x/simulator";

function sample(model: LatencyModel, count = 20_000): number[] {
  const random = new SeededRandom(1);
  const draw = latencySampler(model);
  return Array.from({ length: count }, () => draw(0, 1, random)).toSorted((a, b) => a - b);
}

describe("latencySampler", () => {
  it("is constant, uniform or log-normal as told", () => {
    const uniform = sample({ kind: "uniform", minMs: 5, maxMs: 15 });
    const skewed = sample({ kind: "log-normal", medianMs: 20, sigma: 0.5, maxMs: 60 });

    expect(new Set(sample({ kind: "constant", ms: 3 }))).toEqual(new Set([3]));
    expect(uniform[0]).toBeGreaterThanOrEqual(5);
    expect(uniform.at(-1)).toBeLessThan(15);
    expect(uniform[10_000]).toBeCloseTo(10, 0);
    expect(skewed[10_000]).toBeCloseTo(20, 0);
    // One deviation above the median: 20 · e^0.5.
    expect(skewed[Math.round(20_000 * 0.8413)]).toBeCloseTo(33, 0);
    expect(skewed.at(-1)).toBe(60);
  });

  it("takes half a measured round trip, row by row, and begins again after the last row", () => {
    const draw = latencySampler({
      kind: "rtt-matrix",
      rttMs: [
        [0, 10],
        [30, 0],
      ],
    });
    const random = new SeededRandom(1);

    expect([
      draw(0, 1, random),
      draw(1, 0, random),
      draw(2, 3, random),
      draw(3, 3, random),
    ]).toEqual([5, 15, 5, 0]);
  });

  it("refuses times and matrices that make no sense", () => {
    expect(() => latencySampler({ kind: "constant", ms: -1 })).toThrow("ms must be >= 0, got -1");
    expect(() => latencySampler({ kind: "uniform", minMs: 2, maxMs: 1 })).toThrow(
      "maxMs 1 is less than minMs 2",
    );
    expect(() => latencySampler({ kind: "rtt-matrix", rttMs: [] })).toThrow("at least one row");
    expect(() => latencySampler({ kind: "rtt-matrix", rttMs: [[0, 1]] })).toThrow(
      "row 0 has 2 values, expected 1",
    );
    expect(() => latencySampler({ kind: "rtt-matrix", rttMs: [[Number.NaN]] })).toThrow(RangeError);
  });
});
