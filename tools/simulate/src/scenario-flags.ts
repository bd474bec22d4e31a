/**
 * Flags over a scenario file, and the command that says the same again.
 */
import { readFileSync } from "node:fs";
import { checkScenario, ScenarioError } from "./scenario-check.ts";
import type { Scenario } from "./scenario.ts";

/** What a command line of `pnpm sim` asks for. */
export interface SimRequest {
  readonly scenario: Scenario;
  /** Where CSV, JSON and HTML go; `sim-report`. */
  readonly outFolder: string;
  readonly shrinks: boolean;
  /** Runs exactly this again. */
  readonly command: string;
}

type Setter = (scenario: Draft, value: string) => string | undefined;
type Draft = Record<string, unknown>;

/** @throws {ScenarioError} with everything that is wrong. */
export function readRequest(args: readonly string[]): SimRequest {
  const problems: string[] = [];
  const draft: Draft = {};
  const overrides: Draft = {};
  let source = "flags";
  let outFolder = "sim-report";
  let shrinks = true;
  const given: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (!arg.startsWith("--")) {
      source = arg;
      Object.assign(draft, readScenarioFile(arg, problems));
      given.push(arg);
      continue;
    }
    const [name = "", inline] = arg.slice(2).split(/=(.*)/s);
    if (name === "no-shrink") {
      shrinks = false;
      continue;
    }
    const value = inline ?? args[(index += 1)];
    if (value === undefined) {
      problems.push(`--${name}: needs a value`);
      continue;
    }
    if (name === "out") {
      outFolder = value;
      continue;
    }
    const set = FLAGS[name];
    if (set === undefined) {
      problems.push(
        `--${name}: unknown; known are ${[...Object.keys(FLAGS), "out", "no-shrink"].join(", ")}`,
      );
      continue;
    }
    const wrong = set(overrides, value);
    if (wrong !== undefined) problems.push(`--${name}: "${value}": ${wrong}`);
    given.push(`--${name}=${quoted(value)}`);
  }
  if (problems.length > 0) throw new ScenarioError(problems);
  const scenario = checkScenario(merged(draft, overrides), source);
  return { scenario, outFolder, shrinks, command: ["pnpm sim", ...given].join(" ") };
}

function readScenarioFile(path: string, problems: string[]): Draft {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Draft;
    problems.push(`${path}: must hold one JSON object`);
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

/** Flags replace what the file says; lists of faults and work are added to it, networks laid over. */
function merged(draft: Draft, overrides: Draft): Draft {
  const result: Draft = { ...draft, ...overrides };
  for (const key of ["faults", "workload"]) {
    if (Array.isArray(draft[key]) && Array.isArray(overrides[key])) {
      result[key] = [...(draft[key] as unknown[]), ...(overrides[key] as unknown[])];
    }
  }
  for (const key of ["network", "expect", "options", "serfOptions"]) {
    if (isDraft(draft[key]) && isDraft(overrides[key]))
      result[key] = { ...draft[key], ...overrides[key] };
  }
  return result;
}

const plain =
  (key: string): Setter =>
  (scenario, value) => {
    scenario[key] = value;
    return undefined;
  };

const numeric =
  (key: string, within?: string): Setter =>
  (scenario, value) => {
    const number = value === "" ? NaN : Number(value);
    if (Number.isNaN(number)) return "must be a number";
    if (within === undefined) scenario[key] = number;
    else scenario[within] = { ...(scenario[within] as Draft | undefined), [key]: number };
    return undefined;
  };

const listed =
  (key: string, parse: (value: string) => Draft | string): Setter =>
  (scenario, value) => {
    const item = parse(value);
    if (typeof item === "string") return item;
    scenario[key] = [...((scenario[key] as unknown[] | undefined) ?? []), item];
    return undefined;
  };

/** `m3@1000` or `m3@1000+5000`: who, when, for how long. */
function whoAndWhen(
  value: string,
): { member: string; atMs: number; forMs: number | undefined } | undefined {
  const match = /^([^@]+)@(\d+(?:\.\d+)?)(?:\+(\d+(?:\.\d+)?))?$/.exec(value);
  if (match === null) return undefined;
  const [, member = "", at = "", lasts] = match;
  return { member, atMs: Number(at), forMs: lasts === undefined ? undefined : Number(lasts) };
}

const FLAGS: Readonly<Record<string, Setter>> = {
  seed: numeric("seed"),
  members: numeric("members"),
  layer: plain("layer"),
  profile: plain("profile"),
  duration: numeric("durationMs"),
  "joins-per-second": numeric("joinsPerSecond"),
  "sample-every": numeric("sampleEveryMs"),
  watch: plain("watch"),
  latency: (scenario, value) => {
    const range = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(value);
    const [, least = "", greatest] = range ?? [];
    if (value !== "planetlab" && range === null) return "must be ms as 5 or 5-20, or planetlab";
    const latency =
      value === "planetlab"
        ? { kind: "planetlab" }
        : greatest === undefined
          ? { kind: "constant", ms: Number(least) }
          : { kind: "uniform", minMs: Number(least), maxMs: Number(greatest) };
    scenario["network"] = { ...(scenario["network"] as Draft | undefined), latency };
    return undefined;
  },
  jitter: numeric("jitterMs", "network"),
  loss: numeric("lossRatio", "network"),
  "udp-loss": numeric("datagramLossRatio", "network"),
  duplicate: numeric("duplicateRatio", "network"),
  reorder: numeric("reorderRatio", "network"),
  corrupt: numeric("corruptRatio", "network"),
  replay: numeric("replayRatio", "network"),
  mtu: numeric("mtuBytes", "network"),
  bandwidth: numeric("bandwidthBytesPerSecond", "network"),
  crash: listed("faults", (value) => {
    const found = whoAndWhen(value);
    if (found === undefined) return "must be member@ms or member@ms+restart-ms";
    const { atMs, forMs, member } = found;
    return { kind: "crash", member, atMs, ...(forMs !== undefined && { restartAfterMs: forMs }) };
  }),
  pause: listed("faults", (value) => {
    const { forMs, ...found } = whoAndWhen(value) ?? {};
    return forMs === undefined ? "must be member@ms+ms" : { kind: "pause", ...found, forMs };
  }),
  partition: listed("faults", (value) => {
    const { forMs, atMs, member } = whoAndWhen(value) ?? {};
    if (forMs === undefined || member === undefined) return "must be m1,m2@ms+ms";
    return { kind: "partition", atMs, forMs, groups: [member.split(",")] };
  }),
  leave: listed("workload", (value) => {
    const { atMs, member } = whoAndWhen(value) ?? {};
    return atMs === undefined ? "must be member@ms" : { kind: "leave", member, atMs };
  }),
  event: listed("workload", (value) => {
    const { atMs, member } = whoAndWhen(value) ?? {};
    return atMs === undefined ? "must be member@ms" : { kind: "event", member, atMs };
  }),
  fault: listed("faults", parsedJson),
  work: listed("workload", parsedJson),
  "expect-formed": numeric("formedWithinMs", "expect"),
  "expect-agree": numeric("agreeWithinMs", "expect"),
  "expect-detected": numeric("detectedWithinMs", "expect"),
  "expect-false-deaths": numeric("falseDeathsAtMost", "expect"),
};

function parsedJson(value: string): Draft | string {
  try {
    const item: unknown = JSON.parse(value);
    return isDraft(item) ? item : "must be a JSON object";
  } catch (error) {
    return `must be JSON (${error instanceof Error ? error.message : String(error)})`;
  }
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(value: string): string {
  return /^[\w.,@+-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
