import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "@x/simulator";
import type { Coordinate } from "@x/vivaldi";
import { CoordinateClient, defaultVivaldiOptions, isFiniteCoordinate } from "@x/vivaldi";

/** Any 64-bit float at all, and often the nasty ones. */
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE, 1e-9, -1e-9),
);

const anyCoordinate: fc.Arbitrary<Coordinate> = fc.record({
  vector: fc.array(anyNumber, { maxLength: 10 }),
  error: anyNumber,
  adjustment: anyNumber,
  height: anyNumber,
});

/** A lie within the bounds: the worst that gets through the door. */
const plausibleLie: fc.Arbitrary<Coordinate> = fc.record({
  vector: fc.array(fc.double({ min: -3.5, max: 3.5, noNaN: true }), {
    minLength: 8,
    maxLength: 8,
  }),
  error: anyNumber.filter((error) => Number.isFinite(error)),
  adjustment: fc.double({ min: -10, max: 10, noNaN: true }),
  height: fc.double({ min: 0, max: 10, noNaN: true }),
});

const inputs = fc.array(
  fc.record({
    memberName: fc.constantFrom("a", "b", "c", "d"),
    coordinate: fc.oneof(anyCoordinate, plausibleLie),
    rttSeconds: fc.oneof(anyNumber, fc.double({ min: 0, max: 10, noNaN: true })),
  }),
  { maxLength: 60 },
);

describe("Whatever the network sends", () => {
  it("observe never throws, and the own coordinate is always one that others accept", () => {
    fc.assert(
      fc.property(inputs, fc.integer(), (taken, seed) => {
        const client = new CoordinateClient(
          defaultVivaldiOptions,
          new SeededRandom(seed).toFunction(),
        );
        const other = new CoordinateClient(defaultVivaldiOptions, () => 0.3);
        for (const { memberName, coordinate, rttSeconds } of taken) {
          client.observe(memberName, coordinate, rttSeconds);

          const { error, height } = client.coordinate;
          expect(isFiniteCoordinate(client.coordinate)).toBe(true);
          expect(error).toBeGreaterThanOrEqual(0.001);
          expect(error).toBeLessThanOrEqual(1.5);
          expect(height).toBeGreaterThanOrEqual(0.00001);
          expect(client.stats.resets).toBe(0);
        }
        expect(client.stats.accepted + client.stats.rejected).toBe(taken.length);
        expect(other.observe("client", client.coordinate, 0.1).kind).toBe("accepted");
      }),
      { numRuns: 300 },
    );
  });

  it("restore never throws", () => {
    fc.assert(
      fc.property(anyCoordinate, (saved) => {
        const client = new CoordinateClient(defaultVivaldiOptions, () => 0.3);

        const outcome = client.restore(saved);

        expect(isFiniteCoordinate(client.coordinate)).toBe(true);
        expect(client.stats.rejected).toBe(outcome.kind === "rejected" ? 1 : 0);
      }),
    );
  });

  it("one lie moves a member that is at home in a rack by less than two of its own RTTs", () => {
    fc.assert(
      fc.property(plausibleLie, fc.double({ min: 0, max: 10, noNaN: true }), (lie, rttSeconds) => {
        const client = new CoordinateClient(defaultVivaldiOptions, () => 0.3);
        const neighbour: Coordinate = {
          vector: [0.0003, 0, 0, 0, 0, 0, 0, 0],
          error: 0.1,
          adjustment: 0,
          height: 0.0001,
        };
        for (let probe = 0; probe < 100; probe++) {
          client.observe(`m${probe % 10}`, neighbour, 0.0005);
        }
        const before = client.coordinate;

        client.observe("liar", lie, rttSeconds);

        const moved = Math.hypot(
          ...before.vector.map((value, index) => value - (client.coordinate.vector[index] ?? 0)),
        );
        expect(moved).toBeLessThan(0.001);
      }),
      { numRuns: 300 },
    );
  });
});
