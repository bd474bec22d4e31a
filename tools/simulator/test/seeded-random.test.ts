import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom, seeds } from "@x/simulator";

function draw(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe("SeededRandom", () => {
  it("gives the same numbers for the same seed, on every engine for ever", () => {
    expect(draw(new SeededRandom(1), 4)).toEqual([676487919, 822798734, 484914927, 3456505227]);
    expect(draw(new SeededRandom(1), 1_000)).toEqual(draw(new SeededRandom(1), 1_000));
  });

  it("gives other numbers for other seeds, neighbours and huge ones included", () => {
    const firsts = [0, 1, 2, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 1 - 2 ** 53].map(
      (seed) => new SeededRandom(seed).uint32(),
    );

    expect(new Set(firsts).size).toBe(9);
  });

  it("refuses seeds that are no whole numbers", () => {
    expect(() => new SeededRandom(1.5)).toThrow("seed must be a whole number within 2^53, got 1.5");
    expect(() => new SeededRandom(Number.NaN)).toThrow(RangeError);
    expect(() => new SeededRandom(2 ** 53)).toThrow(RangeError);
  });

  it("forks by label alone, however much was drawn before", () => {
    const fresh = new SeededRandom(7).fork("a").fork(3);
    const used = new SeededRandom(7);
    draw(used, 100);
    const child = used.fork("a");
    draw(child, 50);

    expect(draw(child.fork(3), 20)).toEqual(draw(fresh, 20));
  });

  it("forks apart: no two of ten thousand labels begin alike", () => {
    const random = new SeededRandom(1);
    const firsts = new Set<string>();

    for (let index = 0; index < 10_000; index += 1) {
      firsts.add(draw(random.fork(`member-${index}`), 2).join());
    }

    expect(firsts.size).toBe(10_000);
    expect(draw(random.fork("1"), 2)).not.toEqual(draw(random.fork(1), 2));
  });

  it("spreads evenly: 256 buckets of 65,536 draws pass a chi-square test at 0.1 %", () => {
    for (const seed of seeds(20)) {
      const random = new SeededRandom(seed);
      const buckets = Array.from({ length: 256 }, () => 0);
      for (let count = 0; count < 65_536; count += 1) {
        const bucket = random.below(256);
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
      const chiSquare = buckets.reduce((sum, count) => sum + (count - 256) ** 2 / 256, 0);

      expect(chiSquare).toBeLessThan(330.5);
    }
  });

  it("is normally distributed where asked: mean 0, deviation 1", () => {
    const random = new SeededRandom(5);
    const draws = Array.from({ length: 100_000 }, () => random.normal());

    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const variance = draws.reduce((sum, value) => sum + value ** 2, 0) / draws.length;

    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(draws.every(Number.isFinite)).toBe(true);
  });

  it("draws nothing where there is no doubt", () => {
    const random = new SeededRandom(2);

    expect([random.chance(0), random.chance(1), random.chance(-1), random.chance(2)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(draw(random, 3)).toEqual(draw(new SeededRandom(2), 3));
  });

  it("stays within bounds", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 1e9 }), (seed, bound) => {
        const random = new SeededRandom(seed);
        for (let count = 0; count < 20; count += 1) {
          const below = random.below(bound);
          expect(Number.isInteger(below) && below >= 0 && below < bound).toBe(true);
          const between = random.between(-bound, bound);
          expect(between >= -bound && between < bound).toBe(true);
        }
      }),
    );
  });

  it("picks from a list, and refuses an empty one", () => {
    const random = new SeededRandom(1);

    const picked = new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])));

    expect([...picked].toSorted()).toEqual(["a", "b", "c"]);
    expect(() => random.pick([])).toThrow("nothing to pick from");
  });

  it("fills every byte of an array with any value", () => {
    const bytes = new Uint8Array(10_000);

    new SeededRandom(1).fill(bytes);

    expect(new Set(bytes).size).toBe(256);
  });

  it("serves as the random port of a core", () => {
    const next = new SeededRandom(3).toFunction();

    expect([next(), next()].every((value) => value >= 0 && value < 1)).toBe(true);
  });
});

describe("seeds", () => {
  it("are consecutive", () => {
    expect(seeds(3)).toEqual([1, 2, 3]);
    expect(seeds(2, 40)).toEqual([40, 41]);
  });
});
