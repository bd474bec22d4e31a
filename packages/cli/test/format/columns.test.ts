import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatColumns } from "../../src/format/columns.ts";

describe("formatColumns (CLI specification §4)", () => {
  it("pads to the longest of a column, but not the last cell of a row", () => {
    expect(
      formatColumns([
        ["foo", "127.0.0.1:21000", "alive", ""],
        ["bar", "127.0.0.1:21001", "failed", "a=1"],
        ["b"],
      ]),
    ).toBe("foo  127.0.0.1:21000  alive   \nbar  127.0.0.1:21001  failed  a=1\nb");
  });

  it("counts code points, and trims white space", () => {
    expect(
      formatColumns([
        ["ñodé", "x"],
        ["日本 ", " y"],
        ["😀", "z"],
      ]),
    ).toBe("ñodé  x\n日本    y\n😀     z");
  });

  it("leaves a | where it is", () => {
    expect(formatColumns([["pipe=x|y", "z"]])).toBe("pipe=x|y  z");
  });

  it("law: every row stays one line, and cells of a column begin at one place", () => {
    const cell = fc.stringMatching(/^[a-z]{0,6}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), (rows) => {
        const lines = formatColumns(rows).split("\n");
        const start = Math.max(...rows.map(([first]) => first.length)) + 2;
        expect(lines).toHaveLength(rows.length);
        for (const [index, line] of lines.entries()) {
          expect(line.slice(start)).toBe(rows[index]?.[1]);
        }
      }),
    );
  });
});
