import { describe, expect, it } from "vitest";
import { isFiniteVector, magnitude, writeUnitVector } from "../src/euclidean.ts";

function noDraw(): number {
  throw new Error("no direction had to be drawn");
}

describe("Vectors (behaviour specification §9)", () => {
  it("have a length", () => {
    expect(magnitude([1, -2, 3])).toBe(3.7416573867739413);
  });

  it("point from one point to another at length 1", () => {
    const direction = new Float64Array(3);

    const distance = writeUnitVector(direction, [1, 2, 3], [0.5, 0.6, 0.7], noDraw);

    expect(distance).toBeCloseTo(2.7386127875258306, 12);
    expect(Array.from(direction)).toEqual([
      0.18257418583505536, 0.511207720338155, 0.8398412548412546,
    ]);
  });

  it("point somewhere at length 1 from a point to itself, and report distance 0", () => {
    const draws = [0.9, 0.1, 0.5];
    const direction = new Float64Array(3);

    const distance = writeUnitVector(direction, [1, 1, 1], [1, 1, 1], () => draws.pop() ?? 0);

    expect(distance).toBe(0);
    expect(magnitude(direction)).toBeCloseTo(1, 12);
  });

  it("point along the first axis if chance draws the middle of its range", () => {
    const direction = new Float64Array(3);

    const distance = writeUnitVector(direction, [1, 1, 1], [1, 1, 1 + 1e-7], () => 0.5);

    expect(distance).toBe(0);
    expect(Array.from(direction)).toEqual([1, 0, 0]);
  });

  it("are finite only if every component is", () => {
    expect(isFiniteVector([1e308, -1e308])).toBe(true);
    expect(isFiniteVector([0, -Infinity, Infinity])).toBe(false);
    expect(isFiniteVector([NaN])).toBe(false);
    expect(isFiniteVector([])).toBe(true);
  });
});
