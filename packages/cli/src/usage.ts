/**
 * Help texts, made from the tables of flags.
 *
 * Source: CLI specification §1, §2.
 */
import { flagHelp, wrapText } from "@x/agent/flags";
import type { Command } from "./command.ts";
import type { CommandEntry } from "./command-table.ts";

const overviewNameWidth = 16;

/** The list of commands, as printed when none is named. Ends with an empty line. */
export function overview(commands: readonly CommandEntry[]): string {
  const lines = commands
    .filter((command) => command.synopsis !== undefined)
    .map((command) => `    ${command.name.padEnd(overviewNameWidth)}${command.synopsis ?? ""}\n`);
  return (
    "Usage: serf [--version] [--help] <command> [<args>]\n\n" +
    `Available commands are:\n${lines.join("")}\n`
  );
}

/** The help of one command, without a newline at its end. */
export function usage(command: Command): string {
  const words = command.usageWords === "" ? "" : ` ${command.usageWords}`;
  const description = wrapText(command.description, 2).map((line) => `  ${line}\n`);
  const flags = command.flags.map(flagHelp);
  const options = flags.length === 0 ? "" : `\nOptions:\n\n${flags.join("")}`;
  return `Usage: serf ${command.name}${words}\n\n${description.join("")}${options}`.trimEnd();
}
