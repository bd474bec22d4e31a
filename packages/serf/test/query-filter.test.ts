import { MsgpackWriter } from "@x/swim/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QueryFilterMatcher } from "../src/query-filter.ts";
import { compileRe2 } from "../src/re2-expression.ts";
import { encodeFilter, encodeFilters } from "../src/wire/filter-codec.ts";
import { fromHex, readVectors } from "./support/vectors.ts";

const vectors = readVectors("serf-decode.json").filter(({ op }) => op === "shouldProcessQuery");
const tagFilter = (tag: string, expression: string): Uint8Array =>
  encodeFilter({ kind: "tag", tag, expression });

/** By a member that has heard no query before. */
const matchesFilters: QueryFilterMatcher["matches"] = (...query) =>
  new QueryFilterMatcher().matches(...query);

describe("QueryFilterMatcher, of the first query", () => {
  it("is compared with all 16 decisions recorded from the reference", () => {
    expect(vectors).toHaveLength(16);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    "%s is decided as the reference decides it",
    (_name, { input, output }) => {
      const tags = (input["tags"] ?? {}) as Readonly<Record<string, string>>;
      const filters = (input["filters"] as readonly string[] | null)?.map(fromHex);

      expect(matchesFilters(filters, String(input["node"]), tags)).toBe(output);
    },
  );

  it("treats an empty filter as one that cannot be read (§20 item 19)", () => {
    expect(matchesFilters([new Uint8Array()], "a", {})).toBe(false);
  });

  it("does not find tags that every object seems to have", () => {
    expect(matchesFilters([tagFilter("constructor", ".")], "a", {})).toBe(false);
    expect(matchesFilters([tagFilter("__proto__", ".")], "a", {})).toBe(false);
  });

  it("takes a tag that is not there for an empty one", () => {
    expect(matchesFilters([tagFilter("none", "^$")], "a", {})).toBe(true);
    expect(matchesFilters([tagFilter("none", ".")], "a", {})).toBe(false);
  });

  it("takes no defect of its surroundings for a filter that cannot be read", () => {
    const tags = Object.defineProperty({}, "role", {
      get: () => {
        throw new TypeError("no tags");
      },
    });

    expect(() => matchesFilters([tagFilter("role", ".")], "a", tags)).toThrow("no tags");
  });

  it("does exactly the work it may, and none beyond", () => {
    const { compileCost, programSize } = compileRe2("^ab+$", { bytesLimit: 64, costLimit: 1e6 });
    const work = compileCost * 100 + programSize * 4;
    const matches = (limit: number): boolean =>
      new QueryFilterMatcher({ work: limit }).matches([tagFilter("t", "^ab+$")], "m", {
        t: "abbb",
      });

    expect([matches(work), matches(work - 1)]).toEqual([true, false]);
  });

  it("compares names byte for byte, also those that are not UTF-8", () => {
    const writer = new MsgpackWriter();
    writer.writeByte(0);
    writer.writeArrayHeader(1);
    writer.writeRaw(new Uint8Array([0xff]));
    const filters = [writer.finish()];

    expect(matchesFilters(filters, "\udcff", {})).toBe(true);
    expect(matchesFilters(filters, "\udcfe", {})).toBe(false);
    expect(matchesFilters(filters, "\ufffd", {})).toBe(false);
  });

  it("passes what the asker's own options name", () => {
    const filters = encodeFilters({ nodes: ["a", "b"], tags: { role: "^web", dc: "east|west" } });

    expect(matchesFilters(filters, "a", { role: "web1", dc: "far-east" })).toBe(true);
    expect(matchesFilters(filters, "c", { role: "web1", dc: "far-east" })).toBe(false);
    expect(matchesFilters(filters, "a", { role: "db", dc: "far-east" })).toBe(false);
    expect(matchesFilters(filters, "a", { role: "web1" })).toBe(false);
  });

  it("never throws, whatever the filters", () => {
    const filter = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((rest) => new Uint8Array([1, 0x92, ...rest])),
      fc.string({ maxLength: 30 }).map((expression) => tagFilter("a", expression)),
    );
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 4 }), fc.string(), (filters, value) => {
        expect(typeof matchesFilters(filters, "a", { a: value })).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});

describe("QueryFilterMatcher", () => {
  const longest = "a".repeat(512);

  it("keeps compiled expressions up to the limit, the most recent ones", () => {
    const matcher = new QueryFilterMatcher({ cachedExpressions: 2 });
    for (const expression of ["a", "b", "c", "a", "d"]) {
      matcher.matches([tagFilter("tag", expression)], "m", { tag: "abcd" });
    }

    expect(matcher.cachedCount).toBe(2);
  });

  it("keeps nothing of expressions that do not compile", () => {
    const matcher = new QueryFilterMatcher();

    expect(matcher.matches([tagFilter("tag", "(")], "m", {})).toBe(false);
    expect(matcher.cachedCount).toBe(0);
  });

  it("goes on answering long after a cached expression was retired", () => {
    const matcher = new QueryFilterMatcher();
    const filters = [tagFilter("tag", "^a+$")];

    for (let round = 0; round < 40; round++) {
      expect(matcher.matches(filters, "m", { tag: longest })).toBe(true);
    }
    expect(matcher.cachedCount).toBe(1);
  });

  it("does an expression up to the length limit, and not one byte more", () => {
    const matcher = new QueryFilterMatcher({ expressionBytes: 4 });

    expect(matcher.matches([tagFilter("tag", "aaaa")], "m", { tag: "aaaa" })).toBe(true);
    expect(matcher.matches([tagFilter("tag", "aaaaa")], "m", { tag: "aaaaa" })).toBe(false);
    expect(matcher.matches([tagFilter("tag", "aaé")], "m", { tag: "aaé" })).toBe(true);
    expect(matcher.matches([tagFilter("tag", "aaaé")], "m", { tag: "aaaé" })).toBe(false);
  });

  it("compiles nothing that would take long, and decides alike with and without memory", () => {
    const matcher = new QueryFilterMatcher();
    const dear = tagFilter("tag", "a{1000}b{1000}c{1000}".repeat(40));
    const heavy = ["a{700}", "b{700}", "c{700}", "d{700}"].map((each) =>
      tagFilter("tag", `${each}|x`),
    );

    expect(matcher.matches([dear], "m", { tag: "x" })).toBe(false);
    expect(matcher.cachedCount).toBe(0);
    expect(matcher.matches(heavy.slice(0, 3), "m", { tag: "x" })).toBe(true);
    expect(matcher.matches(heavy, "m", { tag: "x" })).toBe(false);
    expect(matcher.matches(heavy.slice(1), "m", { tag: "x" })).toBe(true);
    expect(matcher.matches(heavy, "m", { tag: "x" })).toBe(false);
  });

  it("stops at the work limit, however many filters share the work", () => {
    const matcher = new QueryFilterMatcher();
    const cheap = tagFilter("tag", "a");
    const dear = tagFilter("tag", ".{300}$");

    expect(
      matcher.matches(
        Array.from({ length: 50 }, () => cheap),
        "m",
        { tag: longest },
      ),
    ).toBe(true);
    expect(matcher.matches([dear], "m", { tag: longest })).toBe(true);
    expect(
      matcher.matches(
        Array.from({ length: 50 }, () => dear),
        "m",
        { tag: longest },
      ),
    ).toBe(false);
  });
});
