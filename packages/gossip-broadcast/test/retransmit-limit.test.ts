import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { retransmitLimit } from "../src/index.ts";

interface LimitTable {
  readonly name: string;
  readonly input: { readonly mult: number };
  readonly rows: readonly (readonly [number, number])[];
}

const tables = JSON.parse(
  readFileSync(new URL("vectors/retransmit-limit.json", import.meta.url), "utf8"),
) as readonly LimitTable[];

describe("retransmitLimit", () => {
  it.each(tables)("agrees with the reference on all of $name", ({ input, rows }) => {
    const limits = rows.map(([n]) => [n, retransmitLimit(input.mult, n)]);

    expect(rows.length).toBe(368);
    expect(limits).toEqual(rows);
  });

  it.each([
    [4, 0, 0],
    [4, 1, 4],
    [4, 9, 4],
    [4, 10, 8],
    [4, 99, 8],
    [4, 100, 12],
    [4, 999, 12],
    [4, 1000, 16],
    [4, 9999, 16],
    [2, 0, 0],
    [2, 9, 2],
    [2, 99, 4],
    [2, 999, 6],
    [2, 9999, 8],
    [3, 0, 0],
    [3, 1, 3],
    [3, 99, 6],
  ])("is what the table of the specification says: λ=%i, n=%i -> %i", (multiplier, n, limit) => {
    expect(retransmitLimit(multiplier, n)).toBe(limit);
  });

  it("steps exactly at powers of ten, as far as a double counts", () => {
    for (let digits = 1; digits <= 15; digits += 1) {
      expect(retransmitLimit(1, 10 ** digits - 1)).toBe(digits);
      expect(retransmitLimit(1, 10 ** digits)).toBe(digits + 1);
    }
  });

  it("counts to the last whole number a double tells from its neighbours, and no further", () => {
    expect(retransmitLimit(1, Number.MAX_SAFE_INTEGER)).toBe(16);
    expect(() => retransmitLimit(1, Number.MAX_SAFE_INTEGER + 1)).toThrow(RangeError);
  });

  it("names the argument that makes no sense", () => {
    expect(() => retransmitLimit(-1, 3)).toThrow("multiplier must be a whole number >= 0, got -1");
    expect(() => retransmitLimit(1.5, 3)).toThrow(RangeError);
    expect(() => retransmitLimit(4, -1)).toThrow("memberCount must lie within 0 and 2^53 - 1");
    expect(() => retransmitLimit(4, Number.NaN)).toThrow(RangeError);
    expect(() => retransmitLimit(4, Infinity)).toThrow(RangeError);
  });
});
