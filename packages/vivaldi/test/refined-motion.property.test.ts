import { SeededRandom } from "@x/simulator";
import type { Coordinate, RefinementOptions, VivaldiOptions } from "@x/vivaldi";
import { defaultVivaldiOptions } from "@x/vivaldi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Position } from "../src/position.ts";
import { RefinedMotion } from "../src/refined-motion.ts";
import { NaiveRefinedMotion } from "./support/naive-refined-motion.ts";

const real = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true });

const other: fc.Arbitrary<Coordinate> = fc.record({
  // As many components as the space has are taken of it.
  vector: fc.oneof(
    fc.constant([0, 0, 0, 0, 0, 0, 0, 0, 0]),
    fc.array(real(-0.1, 0.1), { minLength: 9, maxLength: 9 }),
  ),
  error: fc.oneof(real(-0.1, 2), real(0, 0.1)),
  adjustment: fc.oneof(real(-0.01, 0.01), real(-0.3, 0.3)),
  height: real(0, 0.02),
});

const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("observe" as const),
      member: fc.nat(5),
      other,
      rttSeconds: fc.oneof(real(0.001, 0.2), fc.constantFrom(0, 10)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("forget" as const), member: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("placed" as const), other }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const) }) },
);

const refinement: fc.Arbitrary<RefinementOptions> = fc.record({
  memorySize: fc.integer({ min: 1, max: 4 }),
  replaysPerObservation: fc.nat(6),
  replayGain: real(0, 1),
  gainBoost: real(0, 1),
  settledError: fc.constantFrom(0, 0.15, 0.6, 2),
  heightShare: real(0, 1),
  sampleErrorMax: fc.constantFrom(0.3, 1, 100),
  outlierFactor: real(0.1, 10),
  forceLimitRtts: fc.constantFrom(0.2, 1, 1000),
  adjustmentPrior: fc.nat(40),
  heightGuesses: fc.nat(4),
});

const options: fc.Arbitrary<VivaldiOptions> = fc
  .record({
    // Less than four, the four that are taken at a time, more, and twice as many.
    dimensionality: fc.constantFrom(2, 4, 5, 8, 9),
    errorMax: fc.constantFrom(0.5, 1.5),
    errorGain: real(0.01, 1),
    positionGain: real(0.01, 1),
    adjustmentWindowSize: fc.constantFrom(0, 20, 20, 20),
    heightMinSeconds: fc.constantFrom(0, 10e-6),
    gravityRho: fc.constantFrom(0.2, 3, 60),
    isDefended: fc.boolean(),
  })
  .map(({ isDefended, ...chosen }) => {
    const { defence, ...base } = defaultVivaldiOptions;
    const all = { ...base, ...chosen };
    return isDefended && defence !== undefined ? { ...all, defence } : all;
  });

describe("RefinedMotion", () => {
  it("agrees with the naive model", () => {
    fc.assert(
      fc.property(
        options,
        refinement,
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (chosen, refined, steps, seed) => {
          const position = new Position(chosen);
          const ours = new SeededRandom(seed);
          const motion = new RefinedMotion(chosen, refined, position, () => ours.between(0, 1));
          const theirs = new SeededRandom(seed);
          const model = new NaiveRefinedMotion(chosen, refined, position.snapshot() as never, () =>
            theirs.between(0, 1),
          );
          for (const taken of steps) {
            if (taken.kind === "observe") {
              const seen = within(chosen, taken.other);
              motion.observe(taken.member, seen, taken.rttSeconds);
              model.observe(taken.member, seen, taken.rttSeconds);
            } else if (taken.kind === "forget") {
              motion.forget(taken.member);
              model.forget(taken.member);
            } else {
              const { vector, ...scalars } =
                taken.kind === "placed"
                  ? within(chosen, taken.other)
                  : new Position(chosen).snapshot();
              const error = Math.max(scalars.error, 0.001);
              position.moveTo({ ...scalars, error, vector });
              Object.assign(model.at, { ...scalars, error, vector: [...vector] });
              for (const each of [motion, model]) {
                if (taken.kind === "placed") each.handlePlaced();
                else each.handleReset();
              }
            }
            const { vector, ...scalars } = position.snapshot();
            expectNear([...vector], model.at.vector);
            expectNear(
              [scalars.error, scalars.adjustment, scalars.height],
              [model.at.error, model.at.adjustment, model.at.height],
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("forgets what a huge sample left of rounding as soon as all samples were replayed", () => {
    const { refinement: base, ...chosen } = { ...defaultVivaldiOptions, positionGain: 0 };
    if (base === undefined) throw new Error("the default rule is the refined one");
    // One replay each time, and nobody moves: what changes is the adjustment.
    const still = { replaysPerObservation: 1, heightGuesses: 0, replayGain: 0, gainBoost: 0 };
    const refined = { ...base, ...still };
    const position = new Position(chosen);
    const motion = new RefinedMotion(chosen, refined, position, () => 0.3);
    const model = new NaiveRefinedMotion(chosen, refined, position.snapshot() as never, () => 0.3);
    const isOff = (member: number, rttSeconds: number): boolean => {
      const vector = Array.from({ length: chosen.dimensionality }, () => (member + 1) / 1_000);
      const other = { vector, error: 1, adjustment: 0, height: 0.001 };
      motion.observe(member, other, rttSeconds);
      model.observe(member, other, rttSeconds);
      return Math.abs(position.adjustment - model.at.adjustment) > 1e-9;
    };

    for (const member of [0, 1, 2, 3]) expect(isOff(member, 0.05)).toBe(false);
    // The fourth replay was of the last sample, the fifth is of the first.
    expect(isOff(1, 1e14)).toBe(false);
    expect([1, 2, 3, 0, 1].map((member) => isOff(member, 0.05))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

/** The coordinate in the space of these options. */
function within(chosen: VivaldiOptions, coordinate: Coordinate): Coordinate {
  return { ...coordinate, vector: coordinate.vector.slice(0, chosen.dimensionality) };
}

/** To a part in ten million of a second: the order of sums differs. */
function expectNear(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((value, index) => {
    expect(Math.abs(value - (expected[index] ?? Number.NaN))).toBeLessThan(1e-7);
  });
}
