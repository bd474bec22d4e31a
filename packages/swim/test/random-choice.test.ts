import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseRows, randomIndex } from "../src/random-choice.ts";
import { TokenBucket } from "../src/token-bucket.ts";
import { seededRandom } from "./support/cluster.ts";

describe("chooseRows (behaviour specification §5.6)", () => {
  it("gives different rows that pass, at most as many as wanted", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(10), fc.integer(), (rowCount, count, seed) => {
        const passes = (row: number): boolean => row % 3 !== 0;
        const rows = chooseRows(seededRandom(seed), rowCount, count, passes);

        expect(new Set(rows).size).toBe(rows.length);
        expect(rows.length).toBeLessThanOrEqual(count);
        for (const row of rows) expect(row < rowCount && passes(row)).toBe(true);
      }),
    );
  });

  it("finds everybody in a small table", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer(), (rowCount, seed) => {
        const rows = chooseRows(seededRandom(seed), rowCount, 3, (row) => row !== 0);
        expect(rows.length).toBe(Math.min(3, rowCount - 1));
      }),
    );
  });

  it("finds everybody where as many are wanted as there are, in one draw for each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), (rowCount, seed) => {
        let draws = 0;
        const random = seededRandom(seed);
        const counting = (): number => ((draws += 1), random());

        const rows = chooseRows(counting, rowCount, rowCount, () => true);

        expect(rows.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: rowCount }, (_, i) => i),
        );
        expect(draws).toBe(rowCount);
      }),
    );
  });

  it("chooses nobody where nobody is wanted, or nobody is there", () => {
    expect(
      chooseRows(
        () => 0.5,
        5,
        0,
        () => true,
      ),
    ).toEqual([]);
    expect(
      chooseRows(
        () => 0.5,
        0,
        5,
        () => true,
      ),
    ).toEqual([]);
  });

  it("ends in a large table of which nobody passes", () => {
    let draws = 0;
    const random = (): number => ((draws += 1), 0.5);

    expect(chooseRows(random, 1_000, 3, () => false)).toEqual([]);
    expect(draws).toBe(3_000);
  });

  it("chooses each row equally often", () => {
    const random = seededRandom(3);
    const counts = [0, 0, 0, 0, 0];
    for (let turn = 0; turn < 5_000; turn += 1) {
      const [row = -1] = chooseRows(random, 5, 1, () => true);
      counts[row] = (counts[row] ?? 0) + 1;
    }

    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it("stays inside with a random source that answers 1", () => {
    expect(randomIndex(() => 1, 7)).toBe(6);
  });
});

describe("TokenBucket", () => {
  it("allows a burst of one second's worth, then its rate", () => {
    const bucket = new TokenBucket(10);
    const takeMany = (nowMs: number): number =>
      Array.from({ length: 50 }, () => bucket.take(nowMs)).filter(Boolean).length;

    expect([takeMany(0), takeMany(100), takeMany(600), takeMany(60_000)]).toEqual([10, 1, 5, 10]);
  });

  it("of rate 0 allows nothing, and time that stands still adds nothing", () => {
    expect(new TokenBucket(0).take(1e9)).toBe(false);
    const bucket = new TokenBucket(1);
    expect([bucket.take(5), bucket.take(5), bucket.take(5)]).toEqual([true, false, false]);
  });
});
