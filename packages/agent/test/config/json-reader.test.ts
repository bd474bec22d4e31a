import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { depthLimit, JsonError, readFirstJson } from "../../src/config/json-reader.ts";

describe("readFirstJson (agent specification §2)", () => {
  it("law: agrees with JSON.parse on every JSON text, whatever follows it", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("", " ", "\n}", " {", ' "x'), (text, rest) => {
        expect(readFirstJson(text + rest)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("law: any text is read, or refused with a JsonError", () => {
    const piece = fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "1", "-", "tru", "\\u12", " ");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          readFirstJson(pieces.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(JsonError);
        }
      }),
    );
  });

  it.each([
    ["", "EOF"],
    ["  \n", "EOF"],
    ['{"a": ', "unexpected EOF"],
    ['{"a" 1}', "invalid character '1' after object key (line 1, column 6)"],
    [
      "{\n  'a': 1}",
      "invalid character '\\'' looking for beginning of object key string (line 2, column 3)",
    ],
    ["[1 2]", "invalid character '2' after array element (line 1, column 4)"],
    ["nul1", "invalid character '1' in literal null (line 1, column 4)"],
  ])("says where %j is wrong", (text, message) => {
    expect(() => readFirstJson(text)).toThrow(new JsonError(message));
  });

  it("skips a byte order mark, and nests as deep as its limit and no deeper", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

    expect(readFirstJson("\ufeff{}")).toEqual({});
    expect(() => readFirstJson(nested(depthLimit + 1))).not.toThrow();
    expect(() => readFirstJson(nested(depthLimit + 2))).toThrow("nesting deeper than 64");
  });
});
