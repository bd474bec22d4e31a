/**
 * Turns what somebody wrote into a scenario, or says everything that is wrong with it at once.
 */
import { resolveSerfOptions } from "@x/serf";
import { resolveSwimOptions } from "@x/swim";
import { defaultScenario, type Scenario } from "./scenario.ts";

/** A scenario that cannot be played. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  /** One line each: where, which key, its value, and what it must be. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** Answers what a value must be, or nothing if it is. */
type Rule = (value: unknown, at: string, problems: Problems) => void;

interface Problems {
  /** "`key`: `value`: must be …". */
  add(at: string, value: unknown, bound: string): void;
}

/**
 * Checks a scenario.
 *
 * @param given - what a JSON file holds, flags laid over it.
 * @param source - the file's name, or `flags`; every problem begins with it.
 * @throws {ScenarioError} with every problem.
 */
export function checkScenario(given: unknown, source: string): Scenario {
  const lines: string[] = [];
  const problems: Problems = {
    add: (at, value, bound) => lines.push(`${source}: ${at}: ${shown(value)}: ${bound}`),
  };
  SCENARIO(given, "", problems);
  if (lines.length > 0) throw new ScenarioError(lines);
  const scenario: Scenario = { ...defaultScenario, ...(given as Partial<Scenario>) };
  checkMeaning(scenario, problems);
  if (lines.length > 0) throw new ScenarioError(lines);
  return scenario;
}

/** What only shows when the parts are seen together. */
function checkMeaning(scenario: Scenario, problems: Problems): void {
  const { faults, layer, members, options, profile, serfOptions, workload } = scenario;
  const swim = { ...options, profile, advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } };
  try {
    if (layer === "swim") resolveSwimOptions({ ...swim, name: "m0" });
    else resolveSerfOptions({ ...serfOptions, name: "m0", swim });
  } catch (error) {
    problems.add("options", "…", error instanceof Error ? error.message : String(error));
  }
  const joined = workload.reduce((sum, work) => sum + (work.kind === "join" ? work.count : 0), 0);
  const isMember = (name: string): boolean => {
    const number = /^m(\d+)$/.exec(name)?.[1];
    return number !== undefined && Number(number) < members + joined;
  };
  const bound = `must be a member, m0 to m${members + joined - 1}`;
  const renamed = new Set(faults.flatMap((fault) => (fault.kind === "rename" ? [fault.to] : [])));
  const checkName = (at: string, name: string): void => {
    if (!isMember(name) && !renamed.has(name)) problems.add(at, name, bound);
  };
  checkName("watch", scenario.watch);
  scenario.oldVersionMembers.forEach((name, index) =>
    checkName(`oldVersionMembers[${index}]`, name),
  );
  faults.forEach((fault, index) => {
    const at = `faults[${index}]`;
    if ("member" in fault) checkName(`${at}.member`, fault.member);
    if (layer === "swim" && fault.kind === "disk") {
      problems.add(`${at}.kind`, fault.kind, 'needs "layer": "serf"');
    }
    if (fault.kind === "partition") {
      fault.groups.flat().forEach((name) => checkName(`${at}.groups`, name));
    }
    const links = fault.kind === "impair" ? fault.rule : fault.kind === "flap" ? fault : undefined;
    if (links === undefined) return;
    for (const side of ["from", "to"] as const) {
      if (links[side] !== "all") links[side].forEach((name) => checkName(`${at}.${side}`, name));
    }
  });
  workload.forEach((work, index) => {
    const at = `workload[${index}]`;
    if ("member" in work) checkName(`${at}.member`, work.member);
    if (layer === "swim" && (work.kind === "event" || work.kind === "query")) {
      problems.add(`${at}.kind`, work.kind, 'needs "layer": "serf"');
    }
  });
}

function number(least: number, greatest: number, isWhole: boolean = false): Rule {
  const what = isWhole ? "a whole number" : "a number";
  const bound =
    greatest === Infinity ? `${what} of at least ${least}` : `${what} from ${least} to ${greatest}`;
  return (value, at, problems) => {
    const isRight =
      typeof value === "number" && value >= least && value <= greatest && value < Infinity;
    if (!isRight || (isWhole && !Number.isInteger(value)))
      problems.add(at, value, `must be ${bound}`);
  };
}

const whole = (least: number, greatest: number): Rule => number(least, greatest, true);
const ratio = number(0, 1);
const ms = number(0, Infinity);

const text: Rule = (value, at, problems) => {
  if (typeof value !== "string" || value === "") problems.add(at, value, "must be a text");
};
const truth: Rule = (value, at, problems) => {
  if (typeof value !== "boolean") problems.add(at, value, "must be true or false");
};

function oneOf(...choices: readonly string[]): Rule {
  return (value, at, problems) => {
    if (choices.includes(value as string)) return;
    problems.add(at, value, `must be ${choices.map((choice) => `"${choice}"`).join(" or ")}`);
  };
}

function listOf(rule: Rule): Rule {
  return (value, at, problems) => {
    if (!Array.isArray(value)) return problems.add(at, value, "must be a list");
    value.forEach((item, index) => rule(item, `${at}[${index}]`, problems));
  };
}

const anyRecord: Rule = (value, at, problems) => {
  if (!isRecord(value)) problems.add(at, value, "must be an object");
};

/** @param rules - by key; one that ends in `?` may be missing. */
function record(rules: Readonly<Record<string, Rule>>): Rule {
  const keys = Object.keys(rules).map((key) => key.replace("?", ""));
  return (value, at, problems) => {
    if (!isRecord(value))
      return problems.add(at === "" ? "the file" : at, value, "must be an object");
    const path = (key: string): string => (at === "" ? key : `${at}.${key}`);
    for (const key of Object.keys(value)) {
      if (!keys.includes(key)) {
        problems.add(path(key), value[key], `unknown key; known are ${keys.join(", ")}`);
      }
    }
    for (const [name, rule] of Object.entries(rules)) {
      const key = name.replace("?", "");
      if (value[key] !== undefined) rule(value[key], path(key), problems);
      else if (!name.endsWith("?")) problems.add(path(key), undefined, "is missing");
    }
  };
}

/** Objects told apart by `kind`. */
function kinds(choices: Readonly<Record<string, Readonly<Record<string, Rule>>>>): Rule {
  return (value, at, problems) => {
    if (!isRecord(value)) return problems.add(at, value, "must be an object");
    const kind = value["kind"];
    const rules = typeof kind === "string" ? choices[kind] : undefined;
    const names = Object.keys(choices).join(", ");
    if (rules === undefined) return problems.add(`${at}.kind`, kind, `must be one of ${names}`);
    record({ kind: text, ...rules })(value, at, problems);
  };
}

const selection: Rule = (value, at, problems) => {
  if (value !== "all") listOf(text)(value, at, problems);
};
const atFor = { atMs: ms, forMs: ms };
const impairment = {
  "lossRatio?": ratio,
  "datagramLossRatio?": ratio,
  "extraLatencyMs?": ms,
  "duplicateRatio?": ratio,
  "corruptRatio?": ratio,
  "replayRatio?": ratio,
};

const SCENARIO = record({
  "seed?": whole(0, 4_294_967_295),
  "members?": whole(1, 20_000),
  "layer?": oneOf("swim", "serf"),
  "profile?": oneOf("lan", "wan", "local"),
  "options?": anyRecord,
  "serfOptions?": anyRecord,
  "durationMs?": ms,
  "joinsPerSecond?": number(0.001, 1_000_000),
  "settleWithinMs?": ms,
  "sampleEveryMs?": number(1, Infinity),
  "network?": record({
    "latency?": kinds({
      constant: { ms },
      uniform: { minMs: ms, maxMs: ms },
      "log-normal": { medianMs: ms, sigma: ms, "maxMs?": ms },
      "rtt-matrix": { rttMs: listOf(listOf(ms)) },
      planetlab: {},
    }),
    ...impairment,
    "udpBlocked?": truth,
    "jitterMs?": ms,
    "reorderRatio?": ratio,
    "reorderDelayMs?": ms,
    "replayDelayMs?": ms,
    "mtuBytes?": whole(64, 65_535),
    "bandwidthBytesPerSecond?": number(1, Infinity),
    "linkQueueBytes?": whole(0, 2 ** 31),
    "socketBufferBytes?": whole(0, 2 ** 31),
  }),
  "oldVersionMembers?": listOf(text),
  "faults?": listOf(
    kinds({
      crash: {
        atMs: ms,
        member: text,
        "scope?": oneOf("process", "machine"),
        "restartAfterMs?": ms,
        "snapshot?": oneOf("kept", "lost", "torn"),
      },
      disk: { ...atFor, member: text, error: oneOf("full", "unwritable", "rename") },
      move: { atMs: ms, member: text },
      rename: { atMs: ms, member: text, to: text },
      pause: { ...atFor, member: text },
      slow: { ...atFor, member: text, serviceMs: ms },
      drift: { ...atFor, member: text, rate: number(0.01, 100) },
      partition: { ...atFor, groups: listOf(listOf(text)) },
      impair: { ...atFor, rule: record({ from: selection, to: selection, ...impairment }) },
      flap: {
        ...atFor,
        from: selection,
        to: selection,
        isOneWay: truth,
        downMs: number(1, Infinity),
        upMs: ms,
      },
    }),
  ),
  "workload?": listOf(
    kinds({
      join: { atMs: ms, count: whole(1, 10_000) },
      leave: { atMs: ms, member: text },
      tags: { atMs: ms, member: text, tags: anyRecord },
      event: {
        atMs: ms,
        member: text,
        "count?": whole(1, 100_000),
        "everyMs?": ms,
        "bytes?": whole(0, 500),
      },
      query: { atMs: ms, member: text },
    }),
  ),
  "expect?": record({
    "formedWithinMs?": ms,
    "agreeWithinMs?": ms,
    "detectedWithinMs?": ms,
    "falseDeathsAtMost?": whole(0, Infinity),
    "eventReachAtLeast?": ratio,
  }),
  "watch?": text,
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 60);
}
