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
    const draws = [0.9, 0.2, 0.5];
    const direction = new Float64Array(3);

    const distance = writeUnitVector(direction, [1, 1, 1], [1, 1, 1], () => draws.pop() ?? NaN);

    expect(distance).toBe(0);
    expect(direction).toEqual(Float64Array.of(0, -0.6, 0.8));
    expect(draws).toEqual([]);
  });

  it("point along the first axis if chance draws the middle of its range", () => {
    const direction = new Float64Array(3);

    const distance = writeUnitVector(direction, [1, 1, 1], [1, 1, 1 + 1e-7], () => 0.5);

    expect(distance).toBe(0);
    expect(Array.from(direction)).toEqual([1, 0, 0]);
  });

  it("have no direction at a microsecond, and one beyond it", () => {
    const direction = new Float64Array(1);

    expect(writeUnitVector(direction, [1e-6], [0], () => 0.25)).toBe(0);
    expect(Array.from(direction)).toEqual([-1]);
    expect(writeUnitVector(direction, [1.1e-6], [0], noDraw)).toBe(1.1e-6);
    expect(Array.from(direction)).toEqual([1]);
  });

  it("take the first axis where all that chance draws is within a microsecond of its middle", () => {
    const direction = new Float64Array(1);

    writeUnitVector(direction, [0], [0], () => 0.5 - 2 ** -20);

    expect(Array.from(direction)).toEqual([1]);
  });

  it("are finite only if every component is", () => {
    expect(isFiniteVector([1e308, -1e308])).toBe(true);
    expect(isFiniteVector([0, -Infinity, Infinity])).toBe(false);
    expect(isFiniteVector([NaN])).toBe(false);
    expect(isFiniteVector([])).toBe(true);
  });
});
