/** How many queries per second does a member decide not to answer, by their filters? */
import { bench, describe } from "vitest";
import { QueryFilterMatcher } from "../src/query-filter.ts";
import { encodeFilters } from "../src/wire/filter-codec.ts";

const filters = encodeFilters({
  nodes: ["a", "b", "c"],
  tags: { role: "^web[0-9]+$", dc: "east" },
});
const hostile = encodeFilters({ tags: { role: "(.*a){20}b" } });
const tags = { role: "web17", dc: "far-east" };
const longTags = { role: "a".repeat(500) };

describe("filters, decisions per second", () => {
  const matcher = new QueryFilterMatcher();

  bench("a usual query, expressions known", () => {
    matcher.matches(filters, "b", tags);
  });
  bench("a usual query, expressions never seen", () => {
    new QueryFilterMatcher().matches(filters, "b", tags);
  });
  bench("a hostile expression against a long tag", () => {
    new QueryFilterMatcher().matches(hostile, "b", longTags);
  });
});
