import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readExplanations, type Explanation } from "../src/explanations.ts";
import { mutationPage } from "../src/page.ts";
import type { Results } from "../src/results.ts";
import { percent } from "../src/score.ts";
import { LEAST_SCORE, targets } from "../src/targets.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), "utf8");
const results = JSON.parse(read("tools", "mutation", "results.json")) as Results;
const names = Object.keys(results);

function reasonsOf(name: string): Explanation[] {
  return readExplanations(read("tools", "mutation", "explained", `${name}.json`));
}

describe("the decision files", () => {
  it.each(targets.flatMap(({ name, files }) => files.map(({ path }) => [name, path] as const)))(
    "of %s: %s is there",
    (name, path) => {
      expect(existsSync(join(root, "packages", name, "src", path))).toBe(true);
    },
  );
});

describe("the record", () => {
  it("names packages that are targets", () => {
    expect(targets.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(names.length).toBeGreaterThan(0);
  });

  it.each(names)("of %s says that enough mutants died", (name) => {
    const total = results[name]?.total;

    expect(total === undefined ? 0 : percent(total)).toBeGreaterThanOrEqual(LEAST_SCORE);
  });

  it.each(names)("of %s has a reason for each survivor", (name) => {
    expect(reasonsOf(name).flatMap(({ mutants }) => mutants).length).toBe(
      results[name]?.total.survived,
    );
  });

  it("is what the page shows", () => {
    const reasons = Object.fromEntries(names.map((name) => [name, reasonsOf(name)]));

    expect(read("docs", "mutation.md")).toBe(mutationPage(results, reasons));
  });
});
