import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Coordinate } from "@x/vivaldi";
import {
  areCompatible,
  estimatedRttNanoseconds,
  estimatedRttSeconds,
  rawDistanceSeconds,
} from "@x/vivaldi";
import { nanosecondsOfSeconds, secondsOfNanoseconds } from "../src/coordinate.ts";

const seconds = fc.double({ min: -10, max: 10, noNaN: true });

const coordinate = (dimensionality: number): fc.Arbitrary<Coordinate> =>
  fc.record({
    vector: fc.array(seconds, { minLength: dimensionality, maxLength: dimensionality }),
    error: fc.double({ min: 0, max: 1.5, noNaN: true }),
    adjustment: seconds,
    height: fc.double({ min: 0, max: 10, noNaN: true }),
  });

const pair = fc
  .integer({ min: 1, max: 9 })
  .chain((dimensionality) => fc.tuple(coordinate(dimensionality), coordinate(dimensionality)));

describe("Estimated RTT", () => {
  it("commutes", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        // Where the corrections cancel the distance, the last bit decides whether they count at all.
        const adjusted = rawDistanceSeconds(a, b) + a.adjustment + b.adjustment;
        fc.pre(Math.abs(adjusted) > 1e-9);
        // Sums of four terms differ in the last bit with their order: one nanosecond at most.
        const difference = estimatedRttNanoseconds(a, b) - estimatedRttNanoseconds(b, a);
        expect(Math.abs(difference)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is never negative while heights are not", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(estimatedRttSeconds(a, b)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("never exceeds the untruncated distance, and by less than a nanosecond", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const adjusted = rawDistanceSeconds(a, b) + a.adjustment + b.adjustment;
        const exact = adjusted > 0 ? adjusted : rawDistanceSeconds(a, b);
        const estimated = estimatedRttSeconds(a, b);
        expect(estimated).toBeLessThanOrEqual(exact * (1 + 1e-15));
        expect(estimated).toBeGreaterThan(exact - 1.001e-9);
      }),
    );
  });

  it("obeys the triangle inequality without heights and adjustments", () => {
    const triple = fc.tuple(coordinate(3), coordinate(3), coordinate(3));
    fc.assert(
      fc.property(triple, (corners) => {
        const [a, b, c] = corners.map((corner) => ({ ...corner, height: 0, adjustment: 0 })) as [
          Coordinate,
          Coordinate,
          Coordinate,
        ];
        const detour = rawDistanceSeconds(a, b) + rawDistanceSeconds(b, c);
        expect(rawDistanceSeconds(a, c)).toBeLessThanOrEqual(detour + 1e-12);
      }),
    );
  });

  it("exists exactly between vectors of one length", () => {
    const any = fc.integer({ min: 1, max: 4 }).chain(coordinate);
    fc.assert(
      fc.property(any, any, (a, b) => {
        if (areCompatible(a, b)) expect(estimatedRttSeconds(a, b)).not.toBeNaN();
        else expect(() => estimatedRttSeconds(a, b)).toThrow(RangeError);
      }),
    );
  });
});

describe("A duration", () => {
  it("becomes seconds as in the reference: whole seconds and the rest apart, whatever the sign", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), (nanoseconds) => {
        const whole = Number(nanoseconds / 1_000_000_000n);
        const rest = Number(nanoseconds % 1_000_000_000n) / 1e9;

        expect(secondsOfNanoseconds(Number(nanoseconds))).toBe(whole + rest);
      }),
      { examples: [[-3_849_068_004n], [3_849_068_004n], [-999_999_999n], [10n ** 9n]] },
    );
  });

  it("is cut towards zero, and stays within 64 bits, whatever the sign", () => {
    expect([1.9999e-9, -1.9999e-9].map(nanosecondsOfSeconds)).toEqual([1, -1]);
    expect([1e200, -1e200].map(nanosecondsOfSeconds)).toEqual([2 ** 63, -(2 ** 63)]);
  });
});
