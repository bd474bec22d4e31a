import { describe, expect, it } from "vitest";
import { CoordinateClient, defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";

const random = (): number => 0.3;

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
