/**
 * Finds the command a line of words means, and runs it.
 *
 * Source: CLI specification §1.
 */
import { FlagError, parseFlags } from "@x/agent/flags";
import { type Command, exitFailure, exitNoCommand, type Invocation } from "./command.ts";
import { type CommandEntry, commandTable } from "./command-table.ts";
import type { Terminal } from "./terminal.ts";
import { overview, usage } from "./usage.ts";

const helpWords = new Set(["-h", "-help", "--help"]);

/** What a program adds to the commands. */
export interface CliOptions {
  /** Commands besides those of this package, such as `agent`. */
  readonly moreCommands?: readonly CommandEntry[];
}

/**
 * Runs one line of words.
 *
 * @param words - without the program's name.
 * @returns the exit code: 0, 1, or 127 when there is no such command.
 */
export async function runCli(
  words: readonly string[],
  terminal: Terminal,
  options: CliOptions = {},
): Promise<number> {
  const entries = allCommands(options);
  if (words.includes("-v") || words.includes("--version")) {
    const { versionCommand } = await import("./commands/version.ts");
    return run(versionCommand, [], terminal);
  }
  const at = words.findIndex((word) => !word.startsWith("-"));
  const name = at < 0 || words.slice(0, at).includes("--") ? "" : (words[at] ?? "");
  const command = await entries.find((entry) => entry.name === name)?.load();
  const beforeDashes = words.slice(0, words.includes("--") ? words.indexOf("--") : words.length);
  const wantsHelp = beforeDashes.some((word) => helpWords.has(word));
  if (command === undefined) {
    terminal.writeErr(overview(entries));
    return wantsHelp && name === "" ? 0 : exitNoCommand;
  }
  if (wantsHelp) {
    terminal.writeErr(command.name === "version" ? "\n" : `${usage(command)}\n`);
    return 0;
  }
  if (at > 0) {
    terminal.writeErr(
      "Invalid flags before the subcommand. If these flags are for\n" +
        `the subcommand, please put them after the subcommand.\n\n${usage(command)}\n`,
    );
    return exitFailure;
  }
  return run(command, words.slice(at + 1), terminal);
}

/** In the order of the overview; `completion`, an addition of ours, is not listed there. */
function allCommands(options: CliOptions): readonly CommandEntry[] {
  const entries: readonly CommandEntry[] = [
    ...commandTable,
    ...(options.moreCommands ?? []),
    {
      name: "completion",
      load: async () => (await import("./commands/completion.ts")).completionCommand(entries),
    },
  ].sort((left, right) => (left.name < right.name ? -1 : 1));
  return entries;
}

async function run(
  command: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let invocation: Invocation;
  try {
    // A command that takes raw words has no flags for us to look for.
    const flags = command.takesRawWords === true ? noFlags : parseFlags(words, command.flags);
    invocation = { command, terminal, flags, positional: flags.positional, words };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    terminal.writeErr(`${error.message}\n`);
    terminal.writeOut(`${usage(command)}\n`);
    return exitFailure;
  }
  return command.run(invocation);
}

const noFlags: Invocation["flags"] = { values: new Map(), lists: new Map(), positional: [] };
