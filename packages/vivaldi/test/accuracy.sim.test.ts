/**
 * On RTTs measured among 490 PlanetLab members. The figures for the reference come from its
 * own code; the table in the README from `bench/accuracy-table.ts`.
 */
import { describe, expect, it } from "vitest";
import { SeededRandom, seeds } from "@x/simulator";
import type { VivaldiOptions } from "@x/vivaldi";
import { defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";
import type { LatencyMatrix } from "./support/latency-matrices.ts";
import {
  delayedSlices,
  gridMatrix,
  planetLabMatrix,
  planetLabSlices,
  splitMatrix,
} from "./support/latency-matrices.ts";
import { Population, medianOf } from "./support/population.ts";

const truth = planetLabMatrix();

function populationOf(
  optionsOf: (member: number) => VivaldiOptions,
  network: LatencyMatrix = truth,
): Population {
  return new Population({ seed: 1, truth: network, optionsOf });
}

const allReference = (): VivaldiOptions => referenceVivaldiOptions;
const allDefault = (): VivaldiOptions => defaultVivaldiOptions;
const isReference = (member: number): boolean => member % 2 === 1;

describe("Median relative error on a measured network", { timeout: 300_000 }, () => {
  it("is the reference's with its settings: 0.104 after 100 samples each, 0.069 after 1,000", () => {
    const population = populationOf(allReference);

    population.run(100);
    const early = population.accuracy().median;
    population.run(900);
    const late = population.accuracy().median;

    expect(early).toBeLessThan(0.104 * 1.05);
    expect(early).toBeGreaterThan(0.104 * 0.9);
    expect(late).toBeLessThan(0.069 * 1.05);
    expect(late).toBeGreaterThan(0.069 * 0.9);
  });

  it("is below 0.08 after 100 samples and below 0.06 after 1,000 with the default settings", () => {
    const population = populationOf(allDefault);

    population.run(100);
    const early = population.accuracy();
    population.run(900);
    const late = population.accuracy();

    expect(early.median).toBeLessThan(0.08);
    expect(early.p90).toBeLessThan(0.4);
    expect(late.median).toBeLessThan(0.06);
    expect(late.p90).toBeLessThan(0.25);
  });

  it("is better than the reference's on noisy samples, too", () => {
    const slices = planetLabSlices();
    const [reference, ours] = [allReference, allDefault].map((optionsOf) => {
      const population = new Population({ seed: 1, truth, slices, optionsOf });
      population.run(100);
      const early = population.accuracy().median;
      population.run(200);
      return { early, late: population.accuracy().median };
    });

    expect(ours?.early).toBeLessThan((reference?.early ?? 0) * 0.8);
    expect(ours?.late).toBeLessThan((reference?.late ?? 0) * 0.9);
  });

  it("falls for reference members when half of the cluster runs the default settings", () => {
    const pure = populationOf(allReference);
    const mixed = populationOf((member) =>
      isReference(member) ? referenceVivaldiOptions : defaultVivaldiOptions,
    );
    const amongReference = (i: number, j: number): boolean => isReference(i) && isReference(j);
    const asSeenByReference = (i: number, j: number): boolean => isReference(i) || isReference(j);

    for (const cycles of [100, 200]) {
      pure.run(cycles);
      mixed.run(cycles);

      for (const isCounted of [amongReference, asSeenByReference]) {
        expect(mixed.accuracy(isCounted).median).toBeLessThan(pure.accuracy(isCounted).median);
      }
    }
  });
});

describe("Reference members in a site network with delays of some ten per cent", () => {
  it.each([
    ["grid", gridMatrix()],
    ["two sites", splitMatrix()],
  ])(
    "are no less accurate when half of the cluster runs the default settings (%s)",
    (_name, network) => {
      const slices = delayedSlices(network, 0.1);
      const accuracyOf = (optionsOf: (member: number) => VivaldiOptions): number =>
        medianOf(
          seeds(9).map((seed) => {
            const population = new Population({ seed, truth: network, slices, optionsOf });
            population.run(200);
            return population.accuracy((i, j) => isReference(i) && isReference(j)).mean;
          }),
        );

      const pure = accuracyOf(allReference);
      const mixed = accuracyOf((member) =>
        isReference(member) ? referenceVivaldiOptions : defaultVivaldiOptions,
      );

      expect(mixed).toBeLessThan(pure);
    },
  );
});

describe("With the default settings", { timeout: 300_000 }, () => {
  it("confidence gives way when the network changes, sooner than the reference's (§10 no. 7)", () => {
    const [reference, ours] = [allReference, allDefault].map((optionsOf) => {
      const population = populationOf(optionsOf, gridMatrix(25, 0.01));
      population.run(500);
      population.rewire(gridMatrix(25, 0.03));
      population.run(150);
      return population.accuracy().mean;
    });

    // Six samples of each member: the latency filter alone holds the first two back.
    expect(ours).toBeLessThan(0.05);
    expect(ours).toBeLessThan(reference ?? 0);
  });

  it("a restored member predicts at once as well as before, a fresh one misses by far (§10 no. 9)", () => {
    const isOwn = (member: number): boolean => member === 0;
    const restart = (hasSaved: boolean): readonly [before: number, at: number, after: number] => {
      const population = populationOf(allDefault);
      population.run(200);
      const before = population.accuracy(isOwn).median;
      const saved = population.restart(0);
      if (hasSaved) population.clients[0]?.restore(saved);
      const at = population.accuracy(isOwn).median;
      population.run(4);
      return [before, at, population.accuracy(isOwn).median];
    };

    const [, fresh, freshAfterFour] = restart(false);
    const [before, restored, restoredAfterFour] = restart(true);

    expect(fresh).toBeGreaterThan(4 * before);
    expect(restored).toBeCloseTo(before, 12);
    expect(restoredAfterFour).toBeLessThan(1.5 * before);
    expect(restoredAfterFour).toBeLessThan(freshAfterFour);
  });

  it("liars cannot lead the honest astray (behaviour specification §10 no. 1)", () => {
    const network = gridMatrix(25, 0.001);
    const isHonest = (member: number): boolean => member >= 2;
    const random = new SeededRandom(7);
    const outcomes = [allReference, allDefault].map((optionsOf) => {
      const population = populationOf(optionsOf, network);
      population.run(300);
      population.run(300, (member) =>
        isHonest(member)
          ? population.claimOf(member)
          : {
              vector: Array.from({ length: 8 }, () => random.between(-3, 3)),
              error: -1e-6,
              adjustment: 0,
              height: 5,
            },
      );
      return population.accuracy((i, j) => isHonest(i) && isHonest(j));
    });

    const [reference, ours] = outcomes;
    expect(ours?.median).toBeLessThan(0.25);
    expect(reference?.median).toBeGreaterThan(10);
  });
});
