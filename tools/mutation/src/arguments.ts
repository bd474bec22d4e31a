/** What `pnpm mutate` is asked for. */
import { targets, type MutationTarget } from "./targets.ts";

export interface MutationRequest {
  readonly targets: readonly MutationTarget[];
  /** Ends of paths: files whose path ends in one of them are tried; all if there are none. */
  readonly files: readonly string[];
  readonly isFresh: boolean;
  readonly isRecorded: boolean;
  readonly concurrency: number;
}

/** The command was asked for something it does not do. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** @throws {UsageError} naming the word that is wrong. */
export function readArguments(args: readonly string[]): MutationRequest {
  const words = [...args];
  const names: string[] = [];
  const files: string[] = [];
  let isFresh = false;
  let isRecorded = false;
  let concurrency = 1;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--fresh") isFresh = true;
    else if (word === "--record") isRecorded = true;
    else if (word === "--files") files.push(...(words.shift() ?? "").split(",").filter(Boolean));
    else if (word === "--concurrency") concurrency = wholeNumber(word, words.shift());
    else if (word.startsWith("-")) throw new UsageError(`no such flag: ${word}`);
    else names.push(word);
  }
  const chosen = names.length === 0 ? targets : names.map(targetOf);
  for (const file of files) {
    if (!chosen.some((target) => filesOf(target, [file]).length > 0)) {
      throw new UsageError(`no decision file ends in ${file}: see tools/mutation/src/targets.ts`);
    }
  }
  return { targets: chosen, files, isFresh, isRecorded, concurrency };
}

/** The paths of a target that were asked for. */
export function filesOf(target: MutationTarget, wanted: readonly string[]): string[] {
  const paths = target.files.map(({ path }) => path);
  if (wanted.length === 0) return paths;
  return paths.filter((path) => wanted.some((end) => path === end || path.endsWith(`/${end}`)));
}

function targetOf(name: string): MutationTarget {
  const target = targets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  const known = targets.map((candidate) => candidate.name).join(", ");
  throw new UsageError(`no such package: ${name} (choose from ${known})`);
}

function wholeNumber(flag: string, text = ""): number {
  const value = Number(text);
  if (text !== "" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`${flag} needs a whole number from 1, got "${text}"`);
}
