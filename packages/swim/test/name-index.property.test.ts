import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashName, NameIndex, type IndexedName } from "../src/name-index.ts";
import { encodeName } from "../src/wire/index.ts";

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ minLength: 1, maxLength: 12, unit: "binary" }),
  fc.constantFrom("a", "b", "m1", "m2", "m10"),
);

describe("NameIndex", () => {
  it("finds the plain names that are in it, by their bytes, and no others", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), name), { maxLength: 200 }), (steps) => {
        const index = new NameIndex<IndexedName>();
        const held = new Map<string, IndexedName>();
        const free: number[] = [];
        for (const [isAdded, text] of steps) {
          const known = held.get(text);
          if (isAdded && known === undefined) {
            const number = free.pop() ?? held.size;
            const added = { name: text, number, hash: hashName(text) };
            held.set(text, added);
            index.add(added);
          } else if (!isAdded && known !== undefined) {
            index.remove(known);
            held.delete(text);
            free.push(known.number);
          }
        }
        for (const [, text] of steps) {
          const bytes = encodeName(text);
          const isPlain = bytes.every((byte) => byte < 0x80);
          expect(index.find(bytes, 0, bytes.length)).toBe(isPlain ? held.get(text) : undefined);
        }
      }),
    );
  });

  it("gives up on chains somebody has made long, instead of walking them", () => {
    const index = new NameIndex<IndexedName>();
    // All in one chain, whatever their bytes.
    const names = Array.from({ length: 40 }, (_, number) => ({
      name: `x${number}`,
      number,
      hash: hashName("x0"),
    }));
    for (const added of names) index.add(added);
    const found = (text: string): string | undefined => {
      const bytes = encodeName(text);
      return index.find(bytes, 0, bytes.length)?.name;
    };

    // The first of them is the last of its chain: more than 16 steps away.
    expect(found("x0")).toBeUndefined();
    for (const removed of names.slice(16)) index.remove(removed);
    expect(found("x0")).toBe("x0");
  });
});
