/**
 * The form of a log line.
 *
 * Operators grep these lines, so their form is the reference's to the letter. Received text is
 * made harmless for terminals: control characters other than newline appear escaped.
 *
 * Source: agent specification §4.
 */
import type { LogLevel } from "./log-level.ts";

/** Which part of the agent speaks. */
export type LogComponent = "agent" | "agent.ipc" | "agent.mdns" | "serf" | "memberlist";

/** One thing said, before it has a form. */
export interface LogRecord {
  /** Wall-clock time. */
  readonly time: Date;
  readonly level: LogLevel;
  readonly component: LogComponent;
  readonly text: string;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/**
 * `2026/11/23 21:02:54 [INFO] agent: Serf agent starting`, local time.
 *
 * @example
 * formatLogLine({ time: new Date(2026, 10, 23, 21, 2, 54), level: "INFO", component: "agent", text: "x" }); // => "2026/11/23 21:02:54 [INFO] agent: x"
 */
export function formatLogLine(record: LogRecord): string {
  const { time } = record;
  const date = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock} [${record.level}] ${record.component}: ${harmless(record.text)}`;
}

/** One JSON object on one line, for machines. */
export function formatLogJson(record: LogRecord): string {
  return JSON.stringify({
    time: record.time.toISOString(),
    level: record.level,
    component: record.component,
    message: harmless(record.text),
  });
}

/** Text that strangers choose, kept from forging a line of its own. */
export function oneLine(text: string): string {
  return text.replaceAll("\n", "\\n");
}

/** Escapes what could move a terminal's cursor; newlines stay, since lists of errors have them. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
