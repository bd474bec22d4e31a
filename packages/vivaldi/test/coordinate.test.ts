import { describe, expect, it } from "vitest";
import type { Coordinate } from "@x/vivaldi";
import {
  areCompatible,
  estimatedRttNanoseconds,
  estimatedRttSeconds,
  isFiniteCoordinate,
  rawDistanceSeconds,
} from "@x/vivaldi";

const near: Coordinate = { vector: [-0.5, 1.3, 2.4], error: 1, adjustment: 0, height: 0 };
const far: Coordinate = { vector: [1.2, -2.3, 3.4], error: 1, adjustment: 0, height: 0 };

describe("The distance of two coordinates", () => {
  it("is the length of their difference (behaviour specification §9)", () => {
    expect(rawDistanceSeconds(near, far)).toBeCloseTo(4.104875150354758, 12);
    expect(estimatedRttSeconds(near, far)).toBe(4.10487515);
    expect(estimatedRttNanoseconds(near, far)).toBe(4_104_875_150);
  });

  it("is cut towards zero, never rounded up", () => {
    const a: Coordinate = { vector: [0], error: 1, adjustment: 0, height: 0 };
    const b: Coordinate = { vector: [1.9999e-9], error: 1, adjustment: 0, height: 0 };

    expect(estimatedRttNanoseconds(a, b)).toBe(1);
  });

  it("adds both heights", () => {
    const rtt = estimatedRttSeconds({ ...near, height: 0.7 }, { ...far, height: 0.1 });

    expect(rtt).toBe(4.90487515);
  });

  it("adds both adjustments, which the raw distance ignores", () => {
    const a = { ...near, adjustment: 0.1 };
    const b = { ...far, adjustment: 0.2 };

    expect(estimatedRttSeconds(a, b)).toBe(4.40487515);
    expect(rawDistanceSeconds(a, b)).toBe(rawDistanceSeconds(near, far));
  });

  it("ignores adjustments that would make it negative", () => {
    expect(estimatedRttSeconds({ ...near, adjustment: -1e6 }, far)).toBe(4.10487515);
  });

  it("is 20 microseconds between two fresh members: two access links", () => {
    const fresh: Coordinate = { vector: [0, 0], error: 1.5, adjustment: 0, height: 10e-6 };

    expect(estimatedRttNanoseconds(fresh, fresh)).toBe(20_000);
  });

  it("stays within 64-bit nanoseconds, where the reference wraps to -292 years", () => {
    const absurd: Coordinate = { vector: [1e200, 0, 0], error: 1, adjustment: 0, height: 0 };

    expect(estimatedRttNanoseconds(near, absurd)).toBe(2 ** 63);
  });

  it("does not exist between spaces of different dimension", () => {
    const flat: Coordinate = { vector: [0, 0], error: 1, adjustment: 0, height: 0 };

    expect(areCompatible(near, flat)).toBe(false);
    expect(areCompatible(near, far)).toBe(true);
    expect(() => estimatedRttSeconds(near, flat)).toThrow(
      new RangeError(
        "coordinates of 3 and 2 dimensions have no distance: compare members of one cluster",
      ),
    );
  });
});

describe("A coordinate", () => {
  it.each([
    ["vector", { ...near, vector: [0, NaN, 0] }],
    ["vector", { ...near, vector: [0, 0, -Infinity] }],
    ["error", { ...near, error: NaN }],
    ["adjustment", { ...near, adjustment: Infinity }],
    ["height", { ...near, height: NaN }],
  ])("is not finite if its %s is not", (_field, coordinate) => {
    expect(isFiniteCoordinate(coordinate)).toBe(false);
  });

  it("is finite whatever its size and signs, as in the reference", () => {
    const odd = { vector: [1e300, -1e300, 0], error: -3, adjustment: -1e9, height: -1 };

    expect(isFiniteCoordinate(odd)).toBe(true);
  });
});
