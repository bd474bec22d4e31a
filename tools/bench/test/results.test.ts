import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bareNode, besideNode } from "../src/measure/beside-node.ts";
import { oneFileProgram } from "../src/measure/one-file.ts";
import { measurements } from "../src/measurements.ts";
import { merged, readResults, type Results, writeResults } from "../src/results.ts";
import { summarize } from "../src/statistics.ts";
import { isMet, targetOf, targetText } from "../src/targets.ts";

function results(overrides: Partial<Results>, ...names: readonly string[]): Results {
  return {
    machine: "m",
    ours: "o",
    reference: "r",
    measurements: names.map((name) => ({
      name,
      measuredAt: `${overrides.ours ?? "o"}`,
      rows: [{ figure: name, ours: [1.23456789, 2], reference: [3] }],
    })),
    ...overrides,
  };
}

const namesOf = ({ measurements: all }: Results): string[] =>
  all.map(({ name, measuredAt }) => `${name} of ${measuredAt}`);

describe("results", () => {
  it("replaces what was measured again, and keeps the table's order", () => {
    const earlier = results({}, "start", "leave", "gone");
    const newer = results({ ours: "new" }, "leave");

    const both = merged(earlier, newer, ["leave", "start"]);

    expect(namesOf(both)).toEqual(["leave of new", "start of o"]);
  });

  it("never mixes machines, nor references", () => {
    const newer = results({}, "leave");

    expect(namesOf(merged(results({ machine: "x" }, "start"), newer, ["leave", "start"]))).toEqual([
      "leave of o",
    ]);
    expect(
      namesOf(merged(results({ reference: "x" }, "start"), newer, ["leave", "start"])),
    ).toEqual(["leave of o"]);
  });

  it("comes back from disk to six digits", () => {
    const folder = mkdtempSync(join(tmpdir(), "serf-bench-test-"));
    const file = join(folder, "values.json");
    writeResults(file, results({}, "start"));

    expect(readResults(file)?.measurements[0]?.rows[0]?.ours).toEqual([1.23457, 2]);
    expect(readResults(join(folder, "none.json"))).toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});

describe("targets", () => {
  it("are ratios or values, at most or at least", () => {
    const event = targetOf("encrypted: user event to all, 16 members, ms");
    const pings = targetOf("pings answered per second");
    const stall = targetOf("longest wait for an answer to a ping, merging 10,000 members, ms");
    if (event === undefined || pings === undefined || stall === undefined) throw new Error("none");

    expect([event, pings, stall].map(targetText)).toEqual(["≤ 0.1 ×", "≥ 5 ×", "≤ 20"]);
    expect([isMet(event, 10, 100), isMet(event, 11, 100)]).toEqual([true, false]);
    expect([isMet(pings, 500, 100), isMet(pings, 499, 100)]).toEqual([true, false]);
    expect([isMet(stall, 20, 1), isMet(stall, 21, 1_000)]).toEqual([true, false]);
  });

  it("are a bare Node's for a start beside it, and the reference's for the program as one file", () => {
    const figures = [
      "start to RPC ready, beside bare Node, ms",
      "idle resident, beside bare Node with two sockets, MiB",
      "one file: start to RPC ready, ms",
      "one file: idle resident, MiB",
    ];

    expect(figures.map((figure) => targetOf(figure)?.limit)).toEqual([1.3, 1.3, 4, 4]);
    expect(targetOf("start to RPC ready, ms")).toBeUndefined();
  });

  it("do not divide by nothing: none against none is as many", () => {
    const target = targetOf("false failures, lan");

    expect(target && isMet(target, 0, 0)).toBe(true);
    expect(target && isMet(target, 1, 0)).toBe(false);
  });
});

describe("measurements", () => {
  it("have names of their own", () => {
    const names = measurements.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
  });

  it("of the program as one file need that file", () => {
    const folder = mkdtempSync(join(tmpdir(), "serf-bench-test-"));
    const file = join(folder, "serf");

    const before = oneFileProgram(file);
    writeFileSync(file, "");
    const after = oneFileProgram(file);
    rmSync(folder, { recursive: true });

    expect(before).toBeUndefined();
    expect(after).toEqual({ name: "ours", executable: file, words: [] });
  });

  it("of a bare Node have the figures of the program beside it", async () => {
    const figures = await bareNode(0);

    expect(Object.keys(figures)).toHaveLength(3);
    for (const [figure, values] of Object.entries(figures)) {
      expect(figure).toContain(besideNode);
      expect(values.every((value) => value > 0)).toBe(true);
    }
  }, 120_000);
});

describe("summarize", () => {
  it("takes quantiles that were measured", () => {
    expect(summarize([3, 1, 2, 4])).toEqual({ median: 2, p99: 4, min: 1, max: 4, count: 4 });
    expect(() => summarize([])).toThrow(RangeError);
  });
});
