import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateRe2Cost } from "../src/re2-cost.ts";
import { compileRe2, Re2Error } from "../src/re2-expression.ts";

describe("estimateRe2Cost", () => {
  it.each([
    ["", 0],
    ["web", 3],
    ["^web[0-9]+$", 20],
    ["web|db|cache", 12],
    ["a{1000}", 1001],
    ["a{1,1000}", 1001],
    ["a{2,}", 3],
    ["a{99999999}", 1001],
    ["a{,5}", 5],
    ["(?:ab){10}", 46],
    ["\\pL", 101],
    ["\\p{Greek}x", 102],
    ["\\w{10}", 21],
    ["[[:alpha:]]", 12],
    ["[]\\]a]", 13],
    ["[^\\pL]", 112],
    ["\\Qa{1000}\\E", 11],
    ["\\x{1F600}", 1],
    ["(?P<name>a)", 5],
  ])("takes %j for %i units", (pattern, units) => {
    expect(estimateRe2Cost(pattern)).toBe(units);
  });

  it("multiplies nested repetitions", () => {
    expect(estimateRe2Cost("((a{10}){10}){10}")).toBeGreaterThan(1000);
    expect(estimateRe2Cost("(?:(?:a{1000}b){1000}c){1000}")).toBeGreaterThan(1e9);
  });

  it("understands nothing of syntax, and scans any text to its end", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom(..."ab\\[](){}?*+|^$.,:0123456789pPQEx-"),
        maxLength: 200,
      }),
    );
    fc.assert(
      fc.property(text, (pattern) => {
        expect(estimateRe2Cost(pattern)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("is never far below the size of the compiled program", () => {
    const atom = fc.constantFrom("a", ".", "[a-z]", "\\d", "\\pL", "(b)", "(?:c|d)", "\\Qx\\E");
    const part = fc
      .tuple(atom, fc.constantFrom("", "*", "+?", "{3}", "{2,9}", "{4,}"))
      .map(([each, repeat]) => each + repeat);
    const sequence = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
    const pattern = fc
      .tuple(sequence, sequence, fc.constantFrom("", "{5}", "*"))
      .map(([inner, rest, repeat]) => `(?:${inner})${repeat}|${rest}`);
    fc.assert(
      fc.property(pattern, (each) => {
        const size = sizeOf(each);
        fc.pre(size !== undefined);

        // Each instruction beyond the few every program has is accounted for, to a factor of three:
        // an optional copy of a part takes an instruction more, a group two.
        expect(estimateRe2Cost(each) * 3 + 6).toBeGreaterThanOrEqual(size);
      }),
      { numRuns: 500 },
    );
  });
});

function sizeOf(pattern: string): number | undefined {
  try {
    return compileRe2(pattern).programSize;
  } catch (error) {
    if (error instanceof Re2Error) return undefined;
    throw error;
  }
}
