import { describe, expect, it } from "vitest";
import { figuresOf, figuresText, samplesCsv } from "../src/figures.ts";
import { reportHtml } from "../src/report-html.ts";
import { runScenario, shrinkFaults } from "../src/run-scenario.ts";
import { checkScenario } from "../src/scenario-check.ts";
import type { Scenario } from "../src/scenario.ts";

/** Everything a scenario can hold, in a small cluster. */
function everything(seed: number): Scenario {
  return checkScenario(
    {
      seed,
      members: 8,
      layer: "serf",
      profile: "local",
      durationMs: 90_000,
      sampleEveryMs: 1_000,
      oldVersionMembers: ["m7"],
      network: {
        latency: { kind: "log-normal", medianMs: 5, sigma: 0.5 },
        lossRatio: 0.01,
        jitterMs: 2,
        duplicateRatio: 0.01,
        reorderRatio: 0.02,
        mtuBytes: 1_500,
        bandwidthBytesPerSecond: 1_000_000,
      },
      faults: [
        { kind: "crash", atMs: 1_000, member: "m1", restartAfterMs: 6_000, snapshot: "kept" },
        {
          kind: "crash",
          atMs: 1_500,
          member: "m2",
          scope: "machine",
          restartAfterMs: 9_000,
          snapshot: "torn",
        },
        { kind: "pause", atMs: 2_000, forMs: 3_000, member: "m3" },
        { kind: "slow", atMs: 3_000, forMs: 3_000, member: "m4", serviceMs: 5 },
        { kind: "drift", atMs: 3_000, forMs: 3_000, member: "m5", rate: 1.05 },
        { kind: "partition", atMs: 4_000, forMs: 2_000, groups: [["m0", "m3"]] },
        {
          kind: "impair",
          atMs: 4_000,
          forMs: 1_000,
          rule: { from: ["m4"], to: "all", replayRatio: 0.1 },
        },
        {
          kind: "flap",
          atMs: 5_000,
          forMs: 2_000,
          from: ["m5"],
          to: "all",
          isOneWay: true,
          downMs: 300,
          upMs: 300,
        },
        { kind: "move", atMs: 9_000, member: "m5" },
        { kind: "rename", atMs: 9_500, member: "m6", to: "renamed" },
      ],
      workload: [
        { kind: "event", atMs: 500, member: "m0", count: 3, everyMs: 200 },
        { kind: "query", atMs: 600, member: "m0" },
        { kind: "tags", atMs: 700, member: "m0", tags: { role: "web" } },
        { kind: "join", atMs: 12_000, count: 1 },
        { kind: "leave", atMs: 13_000, member: "m4" },
      ],
      watch: "m3",
    },
    "test",
  );
}

describe("a scenario", () => {
  it("comes out the same twice from one seed, and otherwise from another", () => {
    const [first, again, other] = [1, 1, 2].map((seed) => runScenario(everything(seed)));

    expect(again?.digest).toBe(first?.digest);
    expect(other?.digest).not.toBe(first?.digest);
  });

  it("gets over every kind of fault: all agree at the end", () => {
    const { agreedMs, cluster, measurements } = runScenario(everything(3));

    expect(cluster.views.agreeingCount).toBe(cluster.views.upCount);
    expect(agreedMs).toBeLessThan(60_000);
    expect(cluster.simulation.names).toContain("renamed");
    expect(measurements.spreads.map(({ kind }) => kind).toSorted()).toEqual([
      "crash",
      "crash",
      "event",
      "event",
      "event",
      "tags",
    ]);
    expect(measurements.queryAnswers[0]?.answers).toBeGreaterThan(5);
  });

  it("keeps the views the cores have", () => {
    const { cluster } = runScenario(everything(4));
    const { simulation, views } = cluster;
    for (const observer of simulation.names.filter((name) => simulation.isRunning(name))) {
      const believed = views.names.filter((name) =>
        ["alive", "suspect"].includes(views.of(observer, name)),
      );

      expect([observer, believed.toSorted()]).toEqual([observer, cluster.believedBy(observer)]);
    }
  });

  it("fails with what was expected, and shrinks its faults to those that matter", () => {
    const scenario = checkScenario(
      {
        members: 4,
        profile: "local",
        durationMs: 12_000,
        sampleEveryMs: 500,
        faults: [
          { kind: "pause", atMs: 100, forMs: 50, member: "m3" },
          { kind: "crash", atMs: 200, member: "m1", scope: "machine" },
          { kind: "drift", atMs: 300, forMs: 500, member: "m2", rate: 1.01 },
        ],
        expect: { detectedWithinMs: 10 },
      },
      "test",
    );
    const outcome = runScenario(scenario);
    const { faults } = shrinkFaults(scenario, { maxTries: 20 });

    expect(outcome.failures.join()).toMatch(
      /^expect\.detectedWithinMs \(m1\): \d+ ms, expected at most 10 ms$/,
    );
    expect(outcome.lastEvents).not.toBe("");
    expect(faults).toEqual([scenario.faults[1]]);
  });

  it("ends in figures, a table and a page that loads nothing", () => {
    const outcome = runScenario(everything(1));
    const html = reportHtml(outcome, "pnpm sim <&>");

    expect(figuresText(figuresOf(outcome))).toContain(outcome.digest);
    expect(samplesCsv(outcome).split("\n")).toHaveLength(outcome.measurements.samples.length + 2);
    expect(html.match(/<svg /g)?.length).toBe(8);
    expect(html).toContain("pnpm sim &lt;&amp;&gt;");
    expect(html).not.toMatch(/https?:|<script|src=|NaN|undefined/);
  });
});
