/**
 * The two programs the interop tests run: ours, and the reference's if this machine has it.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A `serf` program: an executable and the words that always come first. */
export interface Program {
  readonly name: "ours" | "reference";
  readonly executable: string;
  readonly words: readonly string[];
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The reference is named, and is not there or is something else: a sentence for whoever named it. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
}

/** Our program as built; `npm test` builds before it tests. */
export function ourProgram(): Program {
  const script = join(root, "apps", "cli", "bin", "serf.js");
  const built = join(root, "apps", "cli", "dist", "bundle", "serf.cjs");
  if (!existsSync(built)) throw new Error("build first: node tools/run/prepare.mjs");
  const executable = process.env["SERF_OURS"];
  if (executable !== undefined && executable !== "") return { name: "ours", executable, words: [] };
  return { name: "ours", executable: process.execPath, words: [script] };
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * The reference's program: `SERF_REFERENCE`, or `serf` on the path if it is the reference's.
 *
 * Absent, the tests that need it are skipped loudly; under `CI` that is an error.
 *
 * @throws {ProgramError} if `SERF_REFERENCE` names no program of the reference.
 */
export function referenceProgram(): Program | undefined {
  const named = process.env["SERF_REFERENCE"];
  const executable = named || onPath("serf");
  if (executable !== undefined) {
    const version = versionOf(executable);
    if (version?.includes("Agent Protocol: 5") === true) {
      return { name: "reference", executable, words: [] };
    }
    if (named) {
      const why = version === undefined ? "cannot be run" : "is not the reference's serf";
      throw new ProgramError(`SERF_REFERENCE names ${named}, which ${why}`);
    }
  }
  if (process.env["CI"]) {
    throw new Error("CI needs the reference's serf program (Debian's package serf)");
  }
  console.warn("SKIPPED: no reference serf on this machine; install Debian's package serf");
  return undefined;
}

/** What it says of itself; nothing if it is no program. */
function versionOf(executable: string): string | undefined {
  try {
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return execFileSync(executable, ["version"], { encoding: "utf8", stdio: [...stdio] });
  } catch {
    return undefined;
  }
}
