import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkScenario, ScenarioError } from "../src/scenario-check.ts";
import { readRequest } from "../src/scenario-flags.ts";
import { defaultScenario } from "../src/scenario.ts";

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
    throw error;
  }
  return [];
}

describe("a scenario file", () => {
  it("needs to say nothing", () => {
    expect(checkScenario({}, "empty.json")).toEqual(defaultScenario);
  });

  it("is refused with file, key, value and bound of everything that is wrong, at once", () => {
    const given = {
      members: 0,
      layer: "raft",
      memers: 3,
      network: { lossRatio: 1.5, latency: { kind: "uniform", minMs: 1 } },
      faults: [{ kind: "explode" }, { kind: "pause", atMs: -1, forMs: 5, member: "m1" }],
    };

    expect(problemsOf(() => checkScenario(given, "bad.json"))).toEqual([
      expect.stringMatching(/^bad\.json: memers: 3: unknown key; known are seed, members, /),
      "bad.json: members: 0: must be a whole number from 1 to 20000",
      'bad.json: layer: "raft": must be "swim" or "serf"',
      "bad.json: network.latency.maxMs: nothing: is missing",
      "bad.json: network.lossRatio: 1.5: must be a number from 0 to 1",
      expect.stringMatching(
        /^bad\.json: faults\[0\]\.kind: "explode": must be one of crash, disk, move, /,
      ),
      "bad.json: faults[1].atMs: -1: must be a number of at least 0",
    ]);
  });

  it("is refused for members that are not there, events without Serf, and options of no meaning", () => {
    const given = {
      members: 3,
      faults: [{ kind: "crash", atMs: 0, member: "m9" }],
      workload: [{ kind: "event", atMs: 0, member: "m1" }],
      options: { gossipFanout: -1 },
    };

    expect(problemsOf(() => checkScenario(given, "bad.json"))).toEqual([
      expect.stringMatching(/^bad\.json: options: "…": .*gossipFanout/),
      'bad.json: faults[0].member: "m9": must be a member, m0 to m2',
      'bad.json: workload[0].kind: "event": needs "layer": "serf"',
    ]);
  });
});

describe("flags", () => {
  it("lie over the file, and are repeated in the command", () => {
    const folder = mkdtempSync(join(tmpdir(), "scenario-"));
    const file = join(folder, "a.json");
    writeFileSync(file, '{"members": 9, "network": {"lossRatio": 0.1}, "faults": []}');
    const { command, scenario } = readRequest([
      file,
      "--members=5",
      "--latency",
      "5-20",
      "--crash",
      "m1@100+50",
      "--partition=m0,m1@5+6",
    ]);
    rmSync(folder, { recursive: true });

    expect(scenario.members).toBe(5);
    expect(scenario.network).toEqual({
      lossRatio: 0.1,
      latency: { kind: "uniform", minMs: 5, maxMs: 20 },
    });
    expect(scenario.faults).toEqual([
      { kind: "crash", member: "m1", atMs: 100, restartAfterMs: 50 },
      { kind: "partition", atMs: 5, forMs: 6, groups: [["m0", "m1"]] },
    ]);
    expect(command).toBe(
      `pnpm sim ${file} --members=5 --latency=5-20 --crash=m1@100+50 --partition=m0,m1@5+6`,
    );
  });

  it("are refused all at once", () => {
    expect(problemsOf(() => readRequest(["--members=x", "--pause=m1", "--speed=9"]))).toEqual([
      '--members: "x": must be a number',
      '--pause: "m1": must be member@ms+ms',
      expect.stringMatching(/^--speed: unknown; known are seed, members, /),
    ]);
  });
});
