/**
 * What a command of the `serf` program is.
 *
 * Everything a command says goes to standard output, errors included; success is told by the exit
 * code. Source: CLI specification §1.
 */
import type { FlagSpec, ParsedFlags } from "@x/agent/flags";
import type { Terminal } from "./terminal.ts";

/** One command: its words, its flags, and what it does. */
export interface Command {
  readonly name: string;
  /** What follows the name in the usage line, such as `[options] name payload`. */
  readonly usageWords: string;
  /** A few sentences for the help text. */
  readonly description: string;
  readonly flags: readonly FlagSpec[];
  /** The words are the command's own: no flag of the table is looked for. */
  readonly takesRawWords?: boolean;
  /** @returns the exit code. */
  run(invocation: Invocation): Promise<number>;
}

/** One call of a command. */
export interface Invocation {
  readonly command: Command;
  readonly terminal: Terminal;
  readonly flags: ParsedFlags;
  readonly positional: readonly string[];
  /** All words after the command's name. */
  readonly words: readonly string[];
}

/** Everything after the command was found, and went wrong. Source: CLI specification §7. */
export const exitFailure = 1;
/** No or unknown command. */
export const exitNoCommand = 127;

/** A value of a text flag; empty when it was not given. */
export function textFlag(flags: ParsedFlags, name: string): string {
  const value = flags.values.get(name);
  return typeof value === "string" ? value : "";
}

/** Whether a boolean flag was set. */
export function booleanFlag(flags: ParsedFlags, name: string, fallback = false): boolean {
  const value = flags.values.get(name);
  return typeof value === "boolean" ? value : fallback;
}

/** A number flag (durations in milliseconds), or the fallback. */
export function numberFlag(flags: ParsedFlags, name: string, fallback: number): number {
  const value = flags.values.get(name);
  return typeof value === "number" ? value : fallback;
}
