import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shrink } from "@x/simulator";

describe("shrink", () => {
  it("finds exactly the items that are needed together", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 60 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        (items, picks) => {
          const needed = new Set(picks.map((pick) => items[pick % items.length]));

          const { items: smallest, isMinimal } = shrink(
            items,
            (candidate) => [...needed].every((item) => candidate.includes(item as number)),
            { maxTries: 100_000 },
          );

          expect(isMinimal).toBe(true);
          expect(smallest).toEqual(items.filter((item) => needed.has(item)));
        },
      ),
    );
  });

  it("ends where no single item can go, even if needs depend on each other", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 3, maxLength: 40 }), (items) => {
        const fails = (candidate: readonly number[]): boolean =>
          candidate.length >= 3 && candidate.reduce((sum, item) => sum + item, 0) % 2 === 0;
        fc.pre(fails(items));

        const { items: smallest, isMinimal } = shrink(items, fails, { maxTries: 100_000 });

        expect(isMinimal && fails(smallest)).toBe(true);
        for (let index = 0; index < smallest.length; index += 1) {
          expect(fails(smallest.toSpliced(index, 1))).toBe(false);
        }
      }),
    );
  });

  it("makes items gentler as long as it still fails", () => {
    const { items } = shrink([3, 90, 7], (candidate) => candidate.some((item) => item >= 20), {
      simplify: (item) => [Math.floor(item / 2), item - 1],
    });

    expect(items).toEqual([20]);
  });

  it("empties a list that fails whatever is in it", () => {
    expect(shrink([1, 2, 3], () => true).items).toEqual([]);
  });

  it("stops after as many tries as allowed, and says that there may be less", () => {
    let tries = 0;

    const result = shrink(
      Array.from({ length: 100 }, (_, index) => index),
      (candidate) => {
        tries += 1;
        return candidate.includes(99) && candidate.includes(0);
      },
      { maxTries: 5 },
    );

    expect(tries).toBe(5);
    expect(result.tryCount).toBe(5);
    expect(result.isMinimal).toBe(false);
    expect(result.items).toContain(99);
  });
});
