/**
 * Help texts, made from tables of flags, so that neither can forget what the other knows.
 *
 * Source: CLI specification §2 (every flag with its default).
 */
import type { FlagSpec } from "./flag-syntax.ts";

const flagColumn = 30;
const textWidth = 80;

/** Breaks a text at blanks so that its lines, indented, stay within 80 columns. */
export function wrapText(text: string, indent: number): readonly string[] {
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

/** One entry per flag: name, what it does, what may be said, and what holds when it is not given. */
export function flagHelp(flag: FlagSpec): string {
  const head = `  -${flag.name}${flag.placeholder === undefined ? "" : `=<${flag.placeholder}>`}`;
  const shown = flag.shownDefault === undefined ? "" : ` Default: ${flag.shownDefault}.`;
  const choices = flag.choices === undefined ? "" : ` One of ${flag.choices.join(", ")}.`;
  const lines = wrapText(`${flag.help}${choices}${shown}`, flagColumn);
  const first =
    head.length < flagColumn ? head.padEnd(flagColumn) : `${head}\n${" ".repeat(flagColumn)}`;
  return lines
    .map((line, index) => `${index === 0 ? first : " ".repeat(flagColumn)}${line}\n`)
    .join("");
}
