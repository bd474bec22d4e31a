/**
 * How much a log line matters.
 *
 * Source: agent specification §4.
 */

/** The reference's five words. */
export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERR";

/** Ascending. */
export const logLevels: readonly LogLevel[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"];

/** @param text - upper case; there are no aliases. */
export function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}

/** Whether a line of `level` shows where `least` is asked for. */
export function isShown(level: LogLevel, least: LogLevel): boolean {
  return ranks[level] >= ranks[least];
}

const ranks: Readonly<Record<LogLevel, number>> = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERR: 4 };
