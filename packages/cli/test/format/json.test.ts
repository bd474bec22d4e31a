import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatJson, type JsonOutput, jsonText, sortedKeys } from "../../src/format/json.ts";

describe("formatJson (CLI specification §4)", () => {
  it("indents by two blanks, and keeps null, nesting and empty objects", () => {
    expect(formatJson({ a: null, b: { c: [1, "x"], d: {} }, e: [] })).toBe(`{
  "a": null,
  "b": {
    "c": [
      1,
      "x"
    ],
    "d": {}
  },
  "e": []
}`);
  });

  it.each([
    ["<&>", '"\\u003c\\u0026\\u003e"'],
    ["\u2028\u2029", '"\\u2028\\u2029"'],
    ["日本 ñ 😀", '"日本 ñ 😀"'],
    ["\ud800x", '"\ufffdx"'],
    ['"\\\n\t\r', '"\\"\\\\\\n\\t\\r"'],
    ["\u0001", '"\\u0001"'],
  ])("escapes %j", (text, escaped) => {
    expect(jsonText(text)).toBe(escaped);
  });

  it("sorts the keys of a map", () => {
    expect(Object.keys(sortedKeys({ b: 1, a: 2, C: 3 }))).toEqual(["C", "a", "b"]);
  });

  it("law: what it writes, a JSON reader reads back", () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonOutput>;
    fc.assert(
      fc.property(value, (written) => {
        const plain = JSON.parse(JSON.stringify(written)) as unknown;
        expect(JSON.parse(formatJson(written))).toEqual(plain);
      }),
    );
  });
});
