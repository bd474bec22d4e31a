import { describe, expect, it } from "vitest";
import type { VivaldiOptions } from "@x/vivaldi";
import { CoordinateClient, defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";

const random = (): number => 0.3;

/** Every number, its least and its greatest value. */
const BOUNDS: readonly (readonly [path: string, least: number, most: number])[] = [
  ["dimensionality", 1, 64],
  ["errorMax", 0, 1_000],
  ["errorGain", 0, 1],
  ["positionGain", 0, 1],
  ["adjustmentWindowSize", 0, 65_536],
  ["heightMinSeconds", 0, 1],
  ["latencyFilterSize", 1, 64],
  ["gravityRho", 0, Number.MAX_VALUE],
  ["trackedMembersLimit", 1, 16_777_216],
  ["defence.coordinateBoundSeconds", 0.001, 1e6],
  ["defence.errorMin", 0, 1.5],
  ["defence.restoredErrorMin", 0, 1.5],
  ["refinement.memorySize", 1, 65_536],
  ["refinement.replaysPerObservation", 0, 65_536],
  ["refinement.replayGain", 0, 1],
  ["refinement.gainBoost", 0, 1],
  ["refinement.settledError", 0, 1_000],
  ["refinement.heightShare", 0, 1],
  ["refinement.sampleErrorMax", 0, 1_000],
  ["refinement.outlierFactor", 0, 1e6],
  ["refinement.forceLimitRtts", 0, 1e6],
  ["refinement.adjustmentPrior", 0, 65_536],
  ["refinement.heightGuesses", 0, 65_536],
];

/** Those whose least value is anything above 0. */
const OPEN: ReadonlySet<string> = new Set([
  "errorMax",
  "errorGain",
  "positionGain",
  "gravityRho",
  "defence.errorMin",
  "refinement.sampleErrorMax",
  "refinement.outlierFactor",
  "refinement.forceLimitRtts",
]);

/** The defaults but for one number; a low ceiling of the error lowers the floors with it. */
function withOption(path: string, value: number): VivaldiOptions {
  const [outer = "", inner] = path.split(".");
  const { defence } = defaultVivaldiOptions;
  if (path === "errorMax" && defence !== undefined && value > 0 && value < 0.5) {
    const low = { ...defence, errorMin: value, restoredErrorMin: value };
    return { ...defaultVivaldiOptions, errorMax: value, defence: low };
  }
  const group = defaultVivaldiOptions[outer as keyof VivaldiOptions];
  const replaced =
    inner === undefined || typeof group !== "object" ? value : { ...group, [inner]: value };
  return { ...defaultVivaldiOptions, [outer]: replaced };
}

describe("VivaldiOptions", () => {
  it("are the reference's, where asked for (behaviour specification §1)", () => {
    expect(referenceVivaldiOptions).toEqual({
      dimensionality: 8,
      errorMax: 1.5,
      errorGain: 0.25,
      positionGain: 0.25,
      adjustmentWindowSize: 20,
      heightMinSeconds: 0.00001,
      latencyFilterSize: 3,
      latencyFilterEvenMedian: "upper",
      gravityRho: 150,
      trackedMembersLimit: 65_536,
    });
  });

  it("speak 8 dimensions by default, the only ones that Serf members accept", () => {
    expect(defaultVivaldiOptions.dimensionality).toBe(8);
    expect(defaultVivaldiOptions.latencyFilterEvenMedian).toBe("lower");
  });

  it.each([
    [{ dimensionality: 0 }, "dimensionality is 0: choose a whole number from 1 to 64"],
    [{ dimensionality: 2.5 }, "dimensionality is 2.5: choose a whole number from 1 to 64"],
    [{ errorGain: 0 }, "errorGain is 0: choose a number above 0 to 1"],
    [{ positionGain: NaN }, "positionGain is NaN: choose a number above 0 to 1"],
    [
      { adjustmentWindowSize: -1 },
      "adjustmentWindowSize is -1: choose a whole number from 0 to 65536",
    ],
    [{ heightMinSeconds: -1 }, "heightMinSeconds is -1: choose a number from 0 to 1"],
    [{ latencyFilterSize: 0 }, "latencyFilterSize is 0: choose a whole number from 1 to 64"],
    [
      { trackedMembersLimit: 0 },
      "trackedMembersLimit is 0: choose a whole number from 1 to 16777216",
    ],
  ])("that cannot work are named: %o", (change, message) => {
    const create = (): unknown =>
      new CoordinateClient({ ...defaultVivaldiOptions, ...change }, random);

    expect(create).toThrow(new RangeError(message));
  });

  it.each(BOUNDS)(
    "are taken at the bounds of %s, and refused and named beyond",
    (path, least, most) => {
      const create = (value: number) => (): unknown =>
        new CoordinateClient(withOption(path, value), random);
      const isOpen = least === 0 && OPEN.has(path);
      const below = isOpen ? 0 : least - 1;

      expect(create(isOpen ? Number.MIN_VALUE : least)).not.toThrow();
      expect(create(most)).not.toThrow();
      expect(create(below)).toThrow(`${path} is ${below}: choose a`);
      if (most < Number.MAX_VALUE) {
        expect(create(most + 1)).toThrow(`${path} is ${most + 1}: choose a`);
      } else {
        expect(create(Infinity)).toThrow(`${path} is Infinity: choose a`);
      }
    },
  );

  it("that cannot work are named within the groups as well", () => {
    const { defence, refinement } = defaultVivaldiOptions;
    if (defence === undefined || refinement === undefined) expect.fail("both are on by default");
    const withErrorMin = { ...defaultVivaldiOptions, defence: { ...defence, errorMin: 0 } };
    const withMemory = {
      ...defaultVivaldiOptions,
      refinement: { ...refinement, memorySize: 0 },
    };

    expect(() => new CoordinateClient(withErrorMin, random)).toThrow(
      new RangeError("defence.errorMin is 0: choose a number above 0 to 1.5"),
    );
    expect(() => new CoordinateClient(withMemory, random)).toThrow(
      new RangeError("refinement.memorySize is 0: choose a whole number from 1 to 65536"),
    );
  });

  it("cannot be changed by anyone who imports them", () => {
    expect(Object.isFrozen(defaultVivaldiOptions)).toBe(true);
    expect(Object.isFrozen(defaultVivaldiOptions.defence)).toBe(true);
    expect(Object.isFrozen(defaultVivaldiOptions.refinement)).toBe(true);
    expect(Object.isFrozen(referenceVivaldiOptions)).toBe(true);
  });
});
