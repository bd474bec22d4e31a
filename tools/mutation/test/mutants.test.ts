import { describe, expect, it } from "vitest";
import { mutantsOf, placeOf, type StrykerReport } from "../src/mutants.ts";

const source = `import { a } from "./a.ts";

const LIMIT = 3;

export class Queue<T> {
  readonly #limit = LIMIT + 1;
  #size = 0;

  constructor(limit: number) {
    if (limit > 3) throw new RangeError("no");
  }

  get size(): number {
    return this.#size;
  }

  static of(
    first: number,
  ): number {
    return first + first;
  }

  *[Symbol.iterator](): Generator<number> {
    yield 1;
  }
}

export function least(x: number, y: number): number {
  if (x < y) {
    return x;
  }
  return x < y ? x : y;
}

a.forEach(() => 1);
`;
const lines = source.split("\n");

function lineOf(text: string): number {
  return lines.findIndex((line) => line.includes(text));
}

function reportOf(
  ...mutants: readonly (readonly [text: string, from: string, to: string, status: string])[]
): StrykerReport {
  return {
    files: {
      "packages/x/src/deep/queue.ts": {
        source,
        mutants: mutants.map(([text, from, replacement, status]) => {
          const index = lineOf(text);
          const column = (lines[index] ?? "").indexOf(from) + 1;
          return {
            status,
            replacement,
            mutatorName: "Any",
            location: {
              start: { line: index + 1, column },
              end: { line: index + 1, column: column + from.length },
            },
          };
        }),
      },
    },
  };
}

describe("placeOf", () => {
  it.each([
    ["LIMIT = 3", "LIMIT"],
    ["#limit = LIMIT", "Queue.#limit"],
    ["#size = 0", "Queue.#size"],
    ["limit > 3", "Queue.constructor"],
    ["return this.#size", "Queue.size"],
    ["first + first", "Queue.of"],
    ["yield 1", "Queue.[Symbol.iterator]"],
    ["return x;", "least"],
    ["export class", "Queue"],
    ["import", "the module"],
  ])("finds that %s is in %s", (text, place) => {
    expect(placeOf(lines, lineOf(text))).toBe(place);
  });
});

describe("mutantsOf", () => {
  it("names a mutant by file, place and change, and tells what became of it", () => {
    const [mutant] = mutantsOf(reportOf(["limit > 3", "limit > 3", "true", "Survived"]));

    expect(mutant).toEqual({
      file: "deep/queue.ts",
      line: lineOf("limit > 3") + 1,
      name: "deep/queue.ts › Queue.constructor › limit > 3 → true",
      fate: "survived",
    });
  });

  it("numbers equal changes within one place in the order of the source", () => {
    const names = mutantsOf(
      reportOf(
        ["return x < y", "x < y", "true", "Killed"],
        ["if (x < y)", "x < y", "true", "Survived"],
      ),
    ).map(({ name, fate }) => [name, fate]);

    expect(names).toEqual([
      ["deep/queue.ts › least › x < y → true", "survived"],
      ["deep/queue.ts › least › x < y → true (2)", "killed"],
    ]);
  });

  it("joins what spans lines and cuts what is long", () => {
    const first = lineOf("static of");
    const report: StrykerReport = {
      files: {
        "packages/x/src/q.ts": {
          source,
          mutants: [
            {
              status: "NoCoverage",
              replacement: "{}",
              mutatorName: "BlockStatement",
              location: {
                start: { line: first + 1, column: 3 },
                end: { line: lineOf("yield 1") + 1, column: 12 },
              },
            },
          ],
        },
      },
    };

    const [mutant] = mutantsOf(report);

    expect(mutant?.name).toMatch(
      /^q\.ts › Queue\.of › static of\( first: number, \): .{60,}… → \{\}$/,
    );
    expect(mutant?.fate).toBe("uncovered");
  });

  it("refuses the report of a run that did not finish", () => {
    expect(() => mutantsOf(reportOf(["limit > 3", "limit", "1", "Pending"]))).toThrow(
      "a mutant is Pending",
    );
  });
});
