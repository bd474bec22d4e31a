/**
 * Help texts, made from the tables of flags.
 *
 * Source: CLI specification §1, §2.
 */
import type { FlagSpec } from "@x/agent/flags";
import type { Command } from "./command.ts";
import type { CommandEntry } from "./command-table.ts";

const overviewNameWidth = 16;
const flagColumn = 30;
const textWidth = 80;

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

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent + line.length + 1 + word.length > textWidth) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function flagLines(flag: FlagSpec): string {
  const head = `  -${flag.name}${flag.placeholder === undefined ? "" : `=<${flag.placeholder}>`}`;
  const shown = flag.shownDefault === undefined ? "" : ` Default: ${flag.shownDefault}.`;
  const choices = flag.choices === undefined ? "" : ` One of ${flag.choices.join(", ")}.`;
  const lines = wrap(`${flag.help}${choices}${shown}`, flagColumn);
  const first =
    head.length < flagColumn ? head.padEnd(flagColumn) : `${head}\n${" ".repeat(flagColumn)}`;
  return lines
    .map((line, index) => `${index === 0 ? first : " ".repeat(flagColumn)}${line}\n`)
    .join("");
}

/** The help of one command, without a newline at its end. */
export function usage(command: Command): string {
  const words = command.usageWords === "" ? "" : ` ${command.usageWords}`;
  const description = wrap(command.description, 2).map((line) => `  ${line}\n`);
  const flags = command.flags.map(flagLines);
  const options = flags.length === 0 ? "" : `\nOptions:\n\n${flags.join("")}`;
  return `Usage: serf ${command.name}${words}\n\n${description.join("")}${options}`.trimEnd();
}
