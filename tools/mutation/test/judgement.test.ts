import { describe, expect, it } from "vitest";
import { filesOf, readArguments, UsageError } from "../src/arguments.ts";
import { judgeSurvivors, readExplanations } from "../src/explanations.ts";
import type { Mutant, MutantFate } from "../src/mutants.ts";
import { besideRecorded, resultOf } from "../src/results.ts";
import { percent, scoreOf } from "../src/score.ts";
import { targets } from "../src/targets.ts";

function mutant(name: string, fate: MutantFate): Mutant {
  return { file: `${name.split(" ")[0]}.ts`, line: 1, name, fate };
}

describe("judgeSurvivors", () => {
  it("finds survivors nobody explained, and explanations whose mutant died or is gone", () => {
    const mutants = [
      mutant("a 1", "survived"),
      mutant("a 2", "uncovered"),
      mutant("a 3", "survived"),
      mutant("b 1", "killed"),
      mutant("b 2", "timeout"),
    ];

    const judgement = judgeSurvivors(mutants, [
      { why: "no difference", mutants: ["a 1", "b 1"] },
      { why: "speed", mutants: ["c 1"] },
    ]);

    expect(judgement.unexplained.map(({ name }) => name)).toEqual(["a 2", "a 3"]);
    expect(judgement.outdated).toEqual(["b 1", "c 1"]);
  });
});

describe("the record of a run of some files", () => {
  const files = ["a.ts", "b.ts"];
  const before = resultOf(
    [mutant("a 1", "survived"), mutant("b 1", "killed"), mutant("c 1", "killed")],
    {
      date: "2026-01-05",
      freshDate: "2026-01-02",
    },
  );
  const days = { date: "2026-01-31", freshDate: "2026-01-30" };
  const tried = resultOf([mutant("a 1", "killed"), mutant("a 2", "timeout")], days);

  it("keeps what is recorded of the others, from the older of the two beginnings", () => {
    const result = besideRecorded(tried, before, files);

    expect(result?.files).toEqual({ "a.ts": tried.files["a.ts"], "b.ts": before.files["b.ts"] });
    expect(result?.total).toEqual({ mutants: 3, killed: 3, timeouts: 1, survived: 0, ignored: 0 });
    expect(result).toMatchObject({ date: "2026-01-31", freshDate: "2026-01-02" });
    expect(result?.earlier).toEqual({ "b.ts": "2026-01-05" });
  });

  it("remembers of each file when it was tried, over several such runs", () => {
    const later = { ...tried, date: "2026-02-02", files: { "c.ts": scoreOf([]) } };
    const result = besideRecorded(later, besideRecorded(tried, before, files), [...files, "c.ts"]);

    expect(result?.earlier).toEqual({ "a.ts": "2026-01-31", "b.ts": "2026-01-05" });
  });

  it("is that of the run where it tried all, and none where a file was never tried", () => {
    expect(besideRecorded(tried, before, ["a.ts"])).toEqual(tried);
    expect(besideRecorded(tried, undefined, files)).toBeUndefined();
  });
});

describe("readExplanations", () => {
  it("reads reasons with their mutants", () => {
    const list = [{ why: "speed", mutants: ["x", "y"] }];

    expect(readExplanations(JSON.stringify(list))).toEqual(list);
  });

  it.each([
    ["{}", "a list of"],
    ['[{"why":"","mutants":["x"]}]', "a list of"],
    ['[{"why":"speed","mutants":[]}]', "a list of"],
    ['[{"why":"speed","mutants":[1]}]', "a list of"],
    ["[null]", "a list of"],
    ['[{"why":"a","mutants":["x"]},{"why":"b","mutants":["x"]}]', "explained twice: x"],
  ])("refuses %s", (json, message) => {
    expect(() => readExplanations(json)).toThrow(message);
  });
});

describe("scoreOf", () => {
  it("counts the killed, those without end among them, against all but the ignored", () => {
    const mutants = [
      mutant("a 1", "killed"),
      mutant("a 2", "timeout"),
      mutant("a 3", "survived"),
      mutant("b 1", "uncovered"),
      mutant("b 2", "ignored"),
    ];

    const days = { date: "2026-01-31", freshDate: "2026-01-02" };
    const score = scoreOf(mutants);

    expect(score).toEqual({ mutants: 4, killed: 2, timeouts: 1, survived: 2, ignored: 1 });
    expect(percent(score)).toBe(50);
    expect(percent(scoreOf([]))).toBe(100);
    expect(resultOf(mutants, days)).toMatchObject(days);
    expect(resultOf(mutants, days).files["a.ts"]).toMatchObject({ mutants: 3, killed: 2 });
  });
});

describe("readArguments", () => {
  it("takes every package unless some are named", () => {
    expect(readArguments([]).targets).toEqual(targets);
    expect(readArguments(["serf", "vivaldi"]).targets.map(({ name }) => name)).toEqual([
      "serf",
      "vivaldi",
    ]);
  });

  it("takes flags", () => {
    const request = readArguments([
      "swim",
      "--files",
      "probe.ts,suspicion.ts",
      "--fresh",
      "--record",
      "--concurrency",
      "2",
    ]);

    expect(request).toMatchObject({ isFresh: true, isRecorded: true, concurrency: 2 });
    expect(request.targets.map((target) => filesOf(target, request.files))).toEqual([
      ["probe.ts", "suspicion.ts"],
    ]);
  });

  it.each([
    [["swin"], "no such package: swin"],
    [["--quick"], "no such flag: --quick"],
    [["swim", "--files", "order.ts"], "no decision file ends in order.ts"],
    [["--concurrency", "0"], '--concurrency needs a whole number from 1, got "0"'],
    [["--concurrency"], 'got ""'],
  ])("refuses %j", (args, message) => {
    expect(() => readArguments(args)).toThrow(UsageError);
    expect(() => readArguments(args)).toThrow(message);
  });
});
