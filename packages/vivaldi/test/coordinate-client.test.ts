import { describe, expect, it } from "vitest";
import type { Coordinate, VivaldiOptions } from "@x/vivaldi";
import { CoordinateClient, defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";
import { forcePosition } from "../src/coordinate-client.ts";

const random = (): number => 0.3;
const origin: Coordinate = {
  vector: [0, 0, 0, 0, 0, 0, 0, 0],
  error: 1.5,
  adjustment: 0,
  height: 0.00001,
};
const elsewhere: Coordinate = {
  vector: [0.01, -0.02, 0.005, 0, 0, 0, 0, 0],
  error: 0.3,
  adjustment: 0.0002,
  height: 0.0005,
};

function clientOf(options: VivaldiOptions = defaultVivaldiOptions): CoordinateClient {
  return new CoordinateClient(options, random);
}

describe("CoordinateClient", () => {
  it.each([
    ["default", defaultVivaldiOptions],
    ["reference", referenceVivaldiOptions],
  ])("starts at the origin and knows nothing (%s options)", (_name, options) => {
    const client = clientOf(options);

    expect(client.coordinate).toEqual(origin);
    expect(client.distanceTo(client.coordinate)).toBe(0.00002);
    expect(client.stats).toEqual({
      accepted: 0,
      rejected: 0,
      resets: 0,
      zeroRtts: 0,
      trackedMembers: 0,
    });
  });

  it("gives out coordinates that later observations do not change", () => {
    const client = clientOf();
    const before = client.coordinate;
    const copy = structuredClone(before);

    client.observe("a", elsewhere, 0.05);

    expect(before).toEqual(copy);
    expect(client.coordinate).not.toEqual(copy);
    expect(client.coordinate).toBe(client.coordinate);
  });

  it.each([
    ["default", defaultVivaldiOptions],
    ["reference", referenceVivaldiOptions],
  ])("moves towards what it measures (%s options)", (_name, options) => {
    const client = clientOf(options);
    const missedBefore = Math.abs(client.distanceTo(elsewhere) - 0.08);

    for (let probe = 0; probe < 50; probe++) client.observe("a", elsewhere, 0.08);

    expect(Math.abs(client.distanceTo(elsewhere) - 0.08)).toBeLessThan(missedBefore / 20);
    expect(client.coordinate.error).toBeLessThan(0.5);
    expect(client.stats.accepted).toBe(50);
  });

  it("is pushed down by a longer RTT than expected from above (behaviour specification §9)", () => {
    const client = clientOf({ ...referenceVivaldiOptions, dimensionality: 3 });

    client.observe("a", { vector: [0, 0, 0.001], error: 1.5, adjustment: 0, height: 0 }, 0.01);

    expect(client.coordinate.vector[2]).toBeLessThan(0);
    expect(client.coordinate.vector.slice(0, 2)).toEqual([0, 0]);
  });

  it("parts from a member in the same place, and learns no height from that (reference options)", () => {
    const client = clientOf(referenceVivaldiOptions);

    client.observe("a", origin, 0.05);

    expect(client.stats.resets).toBe(0);
    expect(client.distanceTo(origin)).toBeGreaterThan(0.005);
    expect(client.coordinate.height).toBeCloseTo(origin.height, 9);
  });

  it("does the same twice with the same input", () => {
    const [one, other] = [clientOf(), clientOf()];

    for (const client of [one, other]) {
      client.observe("a", elsewhere, 0.02);
      client.observe("b", origin, 0.03);
      client.observe("a", elsewhere, 0.04);
    }

    expect(one.coordinate).toEqual(other.coordinate);
  });
});

describe("CoordinateClient refuses, changing nothing,", () => {
  const hostile: readonly (readonly [string, Coordinate, number, string])[] = [
    ["NaN in the vector", { ...elsewhere, vector: [NaN, 0, 0, 0, 0, 0, 0, 0] }, 0.1, "not-finite"],
    ["an infinite height", { ...elsewhere, height: Infinity }, 0.1, "not-finite"],
    ["a NaN error", { ...elsewhere, error: NaN }, 0.1, "not-finite"],
    ["an infinite adjustment", { ...elsewhere, adjustment: -Infinity }, 0.1, "not-finite"],
    ["nine dimensions", { ...elsewhere, vector: Array(9).fill(0) }, 0.1, "dimension-mismatch"],
    ["no dimensions", { ...elsewhere, vector: [] }, 0.1, "dimension-mismatch"],
    ["a negative RTT", elsewhere, -1e-9, "rtt-out-of-range"],
    ["an RTT of -35 seconds", elsewhere, -35, "rtt-out-of-range"],
    ["an RTT above 10 seconds", elsewhere, 10.000000001, "rtt-out-of-range"],
    ["a NaN RTT", elsewhere, NaN, "rtt-out-of-range"],
  ];

  it.each(hostile)("%s", (_title, coordinate, rttSeconds, reason) => {
    for (const options of [defaultVivaldiOptions, referenceVivaldiOptions]) {
      const client = clientOf(options);
      client.observe("a", elsewhere, 0.05);
      const before = client.coordinate;

      const outcome = client.observe("a", coordinate, rttSeconds);

      expect(outcome).toEqual({ kind: "rejected", reason });
      expect(client.coordinate).toBe(before);
      expect(client.stats).toMatchObject({ accepted: 1, rejected: 1 });
    }
  });

  it.each([
    ["a negative height", { ...elsewhere, height: -0.001 }],
    ["a height beyond every RTT", { ...elsewhere, height: 10.1 }],
    ["an adjustment beyond every RTT", { ...elsewhere, adjustment: -10.1 }],
    ["a vector beyond every RTT", { ...elsewhere, vector: [8, 8, 0, 0, 0, 0, 0, 0] }],
    ["numbers whose square is infinite", { ...elsewhere, vector: [1e200, 0, 0, 0, 0, 0, 0, 0] }],
  ])("%s, which the reference believes (behaviour specification §10 no. 1)", (_title, lie) => {
    const defended = clientOf();
    const before = defended.coordinate;

    expect(defended.observe("a", lie, 0.1)).toEqual({ kind: "rejected", reason: "out-of-bounds" });
    expect(defended.coordinate).toBe(before);
    expect(clientOf(referenceVivaldiOptions).observe("a", lie, 0.1).kind).toBe("accepted");
  });

  it("nothing at the bounds themselves", () => {
    const client = clientOf();
    const extreme = {
      vector: [6, -8, 0, 0, 0, 0, 0, 0],
      error: 0.5,
      adjustment: -10,
      height: 10,
    };

    expect(client.observe("a", extreme, 0).kind).toBe("accepted");
    expect(client.observe("a", extreme, 10).kind).toBe("accepted");
    expect(client.observe("a", { ...extreme, height: 0 }, 10).kind).toBe("accepted");
    expect(client.stats.zeroRtts).toBe(1);
  });
});

describe("CoordinateClient keeps its health", () => {
  it("goes back to the origin when its state is not finite, and counts it (behaviour specification §9)", () => {
    for (const options of [defaultVivaldiOptions, referenceVivaldiOptions]) {
      const client = clientOf(options);
      forcePosition(client, { ...elsewhere, vector: [NaN, 0, 0, 0, 0, 0, 0, 0] });

      const outcome = client.observe("a", elsewhere, 0.05);

      expect(outcome).toEqual({ kind: "accepted" });
      expect(client.stats.resets).toBe(1);
      expect(client.coordinate).toEqual(origin);
    }
  });

  it("starts without old corrections after a reset (behaviour specification §10 no. 6)", () => {
    const client = clientOf();
    for (let probe = 0; probe < 40; probe++) client.observe("a", elsewhere, 0.2);
    forcePosition(client, { ...elsewhere, height: NaN });
    client.observe("a", elsewhere, 0.05);

    client.observe("a", elsewhere, 0.03);

    expect(client.stats.resets).toBe(1);
    expect(Math.abs(client.coordinate.adjustment)).toBeLessThan(0.001);
  });

  it("resets once in the reference's way for a coordinate of 1e200 seconds, never in ours", () => {
    const absurd = { ...elsewhere, vector: [1e200, 0, 0, 0, 0, 0, 0, 0] };
    const [reference, defended] = [clientOf(referenceVivaldiOptions), clientOf()];

    reference.observe("a", absurd, 0.1);
    defended.observe("a", absurd, 0.1);

    expect(reference.stats.resets).toBe(1);
    expect(defended.stats.resets).toBe(0);
  });
});

describe("CoordinateClient tracks members", () => {
  it("up to its limit, and forgets the one tracked longest at the moment it is reached", () => {
    const client = clientOf({ ...defaultVivaldiOptions, trackedMembersLimit: 3 });

    for (const memberName of ["a", "b", "c", "d"]) client.observe(memberName, elsewhere, 0.05);

    expect(client.stats.trackedMembers).toBe(3);
    expect(client.forget("a")).toBe(false);
    expect(client.forget("d")).toBe(true);
    expect(client.stats.trackedMembers).toBe(2);
  });

  it("and forgets one on request, with its RTTs and its pull", () => {
    const client = clientOf();
    for (let probe = 0; probe < 20; probe++) {
      client.observe("liar", { ...elsewhere, vector: [1, 0, 0, 0, 0, 0, 0, 0] }, 0.3);
      client.observe("a", elsewhere, 0.05);
    }

    expect(client.forget("liar")).toBe(true);
    for (let probe = 0; probe < 60; probe++) client.observe("a", elsewhere, 0.05);

    expect(client.distanceTo(elsewhere)).toBeCloseTo(0.05, 3);
  });
});

describe("CoordinateClient takes up a saved coordinate", () => {
  it("with its error raised, so that it is estimated well but not relied upon", () => {
    const client = clientOf();

    expect(client.restore({ ...elsewhere, error: 0.05 })).toEqual({ kind: "accepted" });

    expect(client.coordinate).toEqual({ ...elsewhere, error: 0.5 });
  });

  it("and keeps a larger error, up to the ceiling", () => {
    const client = clientOf();
    client.restore({ ...elsewhere, error: 0.9 });
    expect(client.coordinate.error).toBe(0.9);

    client.restore({ ...elsewhere, error: 70 });

    expect(client.coordinate.error).toBe(1.5);
  });

  it("with an error of 1.5 where no defence says otherwise", () => {
    const client = clientOf(referenceVivaldiOptions);

    client.restore({ ...elsewhere, error: 0.05 });

    expect(client.coordinate.error).toBe(1.5);
  });

  it.each([
    ["not-finite", { ...elsewhere, error: NaN }],
    ["not-finite", { ...elsewhere, height: NaN }],
    ["dimension-mismatch", { ...elsewhere, vector: [1] }],
    ["out-of-bounds", { ...elsewhere, height: 1e9 }],
  ])("or refuses a rotten one: %s", (reason, saved) => {
    const client = clientOf();

    expect(client.restore(saved)).toEqual({ kind: "rejected", reason });
    expect(client.coordinate).toEqual(origin);
    expect(client.stats.rejected).toBe(1);
  });

  it("and keeps its height and adjustment at the next observation, where a new member guesses", () => {
    const client = clientOf();
    client.restore(elsewhere);

    client.observe("a", origin, client.distanceTo(origin));

    expect(client.coordinate.height).toBeCloseTo(elsewhere.height, 5);
    expect(client.coordinate.adjustment).toBeCloseTo(elsewhere.adjustment, 5);
  });
});

describe("CoordinateClient can be put anywhere", () => {
  it("exactly, and works with it", () => {
    const client = clientOf();

    expect(client.setCoordinate(elsewhere)).toEqual({ kind: "accepted" });

    expect(client.coordinate).toEqual(elsewhere);
    expect(client.coordinate).not.toBe(elsewhere);
  });

  it("but not so sure of itself that it never moves again", () => {
    const client = clientOf();
    client.setCoordinate({ ...elsewhere, error: 0 });
    expect(client.coordinate.error).toBe(0.001);

    client.observe("a", { ...origin, error: 0.001 }, 0.1);

    expect(client.distanceTo(origin)).toBeGreaterThan(0.024);
  });

  it("but not into nonsense", () => {
    const client = clientOf();

    expect(client.setCoordinate({ ...elsewhere, adjustment: NaN }).kind).toBe("rejected");
    expect(client.setCoordinate({ ...elsewhere, vector: Array(16).fill(0) }).kind).toBe("rejected");
    expect(client.coordinate).toEqual(origin);
  });

  it("and then to measure to another space throws, which is a mistake of the caller", () => {
    expect(() => clientOf().distanceTo({ ...elsewhere, vector: [0, 0] })).toThrow(RangeError);
  });
});
