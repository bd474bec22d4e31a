/**
 * Finds the command a line of words means, and runs it.
 *
 * Source: CLI specification §1.
 */
import { FlagError, parseFlags } from "@x/agent/flags";
import { type Command, exitFailure, exitNoCommand, type Invocation } from "./command.ts";
import { commandTable } from "./command-table.ts";
import { completionCommand } from "./commands/completion.ts";
import type { Terminal } from "./terminal.ts";
import { overview, usage } from "./usage.ts";

const helpWords = new Set(["-h", "-help", "--help"]);

export interface CliOptions {
  /** Commands besides those of this package, such as `agent`. */
  readonly moreCommands?: readonly Command[];
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
  const commands: readonly Command[] = [
    ...commandTable,
    ...(options.moreCommands ?? []),
    completionCommand(() => commands),
  ].sort((left, right) => (left.name < right.name ? -1 : 1));
  if (words.includes("-v") || words.includes("--version")) {
    return run(find(commands, "version"), [], terminal);
  }
  const at = words.findIndex((word) => !word.startsWith("-") && word !== "");
  const name = at < 0 || words.slice(0, at).includes("--") ? "" : (words[at] ?? "");
  const command = find(commands, name);
  const beforeDashes = words.slice(0, words.includes("--") ? words.indexOf("--") : words.length);
  const wantsHelp = beforeDashes.some((word) => helpWords.has(word));
  if (command === undefined) {
    terminal.writeErr(overview(commands));
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

function find(commands: readonly Command[], name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}

async function run(
  command: Command | undefined,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (command === undefined) return exitNoCommand;
  let invocation: Invocation;
  try {
    const specs = command.takesRawWords === true ? [] : command.flags;
    const flags =
      command.takesRawWords === true ? parseFlags(["--"], specs) : parseFlags(words, specs);
    invocation = { command, terminal, flags, positional: flags.positional, words };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    terminal.writeErr(`${error.message}\n`);
    terminal.writeOut(`${usage(command)}\n`);
    return exitFailure;
  }
  return command.run(invocation);
}
