/**
 * Many members of one library in one process: forming a cluster of 200, and a user event in the
 * middle of a storm of 400 joins. What is not agreed on within 90 seconds counts as 90 more, and what
 * is not heard within 30 as 30.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Program } from "../../../interop/src/programs.ts";
import type { Measurement } from "./measurement.ts";

const timeoutMs = 280_000;
const run = promisify(execFile);

export const joinCrowd: Measurement = {
  name: "join-200",
  runs: 2,
  async measure(program) {
    const { agreedMs } = await inOneProcess(program, "join", 200);
    return { "join and agree, 200 members in one process, ms": [agreedMs ?? Number.NaN] };
  },
};

export const joinStorm: Measurement = {
  name: "storm-400",
  runs: 1,
  async measure(program) {
    const told = await inOneProcess(program, "storm", 400);
    const { stormMs, membersMs, everybodyMs, missed, outside } = told;
    return {
      "storm of 400 joins, until the last has joined, ms": [stormMs ?? Number.NaN],
      "event in a storm of 400 joins, to all members, ms": [membersMs ?? Number.NaN],
      "event in a storm of 400 joins, to all once joined, ms": [everybodyMs ?? Number.NaN],
      "members without it after 30 s": [missed ?? Number.NaN],
      "of the 400, not joined after 120 s": [outside ?? Number.NaN],
    };
  },
};

async function inOneProcess(
  program: Program,
  what: "join" | "storm",
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const [file, ...words] =
    program.name === "ours" ? ourWords() : ([referenceExecutable()] as const);
  const { stdout } = await run(file, [...words, what, String(count)], { timeout: timeoutMs });
  return JSON.parse(stdout) as Record<string, number>;
}

/** With what runs this, but the packages as built: their sources would be compiled at every start. */
function ourWords(): readonly [string, ...string[]] {
  const script = fileURLToPath(new URL("../one-process/main.ts", import.meta.url));
  const words = process.execArgv.filter((word) => !word.includes("@x/source"));
  return [process.execPath, ...words, script];
}

let built: string | undefined;

function referenceExecutable(): string {
  if (built !== undefined) return built;
  const folder = fileURLToPath(new URL("../../go/one-process", import.meta.url));
  const executable = join(mkdtempSync(join(tmpdir(), "serf-bench-")), "one-process");
  const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode" };
  execFileSync("go", ["build", "-o", executable, "."], { cwd: folder, env });
  built = executable;
  return executable;
}
