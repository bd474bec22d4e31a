/**
 * Brings outputs of the two programs into one form, so that what is left to differ is a difference.
 *
 * Taken out: addresses, times, random keys, the order of maps, and the wording of usage texts,
 * which the specification leaves free.
 */
import type { CommandResult } from "./agent-process.ts";

export interface OutputForm {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Usage texts start with this line and run to the end. */
const usageStart = /^(?:==> )?Usage: serf .*$/m;

/** @param names - texts to be replaced, such as an agent's address by a word. */
export function outputForm(
  result: CommandResult,
  names: readonly (readonly [text: string, word: string])[],
): OutputForm {
  let stdout = result.stdout;
  let stderr = result.stderr;
  for (const [text, word] of names) {
    stdout = stdout.replaceAll(text, word);
    stderr = stderr.replaceAll(text, word);
  }
  return { exitCode: result.exitCode, stdout: form(stdout), stderr: form(stderr) };
}

function form(text: string): string {
  const usage = usageStart.exec(text);
  const body = usage === null ? text : `${text.slice(0, usage.index)}${usage[0]}\n`;
  return (
    sortTags(body)
      .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS")
      // Older releases leave the port out here.
      .replaceAll("address tcp/", "lookup tcp/")
      .replaceAll("Failed to join 127.0.0.1: ", "Failed to join ADDRESS: ")
      .replaceAll(/"port": \d+/g, '"port": PORT')
      .replaceAll(/\d+\.\d+ ms/g, "N ms")
      .replaceAll(/\d+\.\d\d sec/g, "N sec")
      .replaceAll(/lookup (\S+) on \S+: /g, "lookup $1 on SERVER: ")
      .replaceAll(/lookup (\S+): no such host/g, "lookup $1 on SERVER: no such host")
  );
}

/** Cells of `k=v,k=v` in the order of their keys; the order on the wire is random. */
function sortTags(text: string): string {
  return text.replaceAll(/\b[\w.-]+=[^\s,]*(?:,[\w.-]+=[^\s,]*)+/g, (cell) =>
    cell.split(",").sort().join(","),
  );
}

/** Lines in one order, for outputs whose rows come in any. */
export function sortLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .sort()
    .join("\n");
}
