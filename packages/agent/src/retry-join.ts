/**
 * Joins in the background until it works.
 *
 * The first waits are the configured interval; after several failures in a row they grow, so that
 * a large fleet without its seeds does not hammer them.
 *
 * Source: agent specification §9.
 */
import type { LogLevel } from "./log/log-level.ts";

/** Whom to join, how often, and the world it happens in. */
export interface RetryJoinOptions {
  readonly addresses: readonly string[];
  readonly intervalMs: number;
  /** Give up after this many tries beyond the first; 0 = never. */
  readonly maxAttempts: number;
  /** Whether user events from before the join are delivered; only shown. */
  readonly isReplaying: boolean;
  readonly join: (addresses: readonly string[]) => Promise<number>;
  readonly log: (level: LogLevel, text: string) => void;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Tries at the plain interval before the waits grow. */
export const steadyTries = 10;
/** The longest wait, as a multiple of the interval. */
export const longestWaitFactor = 8;

/**
 * How long to wait after the given number of failures in a row: the interval for the first ten,
 * then doubling up to eight times, spread by a quarter so that members do not try in step.
 */
export function retryWaitMs(
  failureCount: number,
  intervalMs: number,
  random: () => number,
): number {
  if (failureCount <= steadyTries) return intervalMs;
  const factor = Math.min(longestWaitFactor, 2 ** (failureCount - steadyTries));
  return intervalMs * factor * (0.75 + random() * 0.5);
}

/** `0s`, `1s`, `1m30s`, `500ms`: durations as log lines show them. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const totalSeconds = Math.round(ms / 100) / 10;
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor((totalSeconds % 3600) / 60);
  const seconds = `${Number((totalSeconds % 60).toFixed(1))}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** @returns whether it joined; false when the tries are used up or the signal was aborted. */
export async function retryJoin(options: RetryJoinOptions): Promise<boolean> {
  const { addresses, log, signal } = options;
  for (let failureCount = 0; !signal.aborted;) {
    log("INFO", `Joining cluster...(replay: ${options.isReplaying})`);
    try {
      const count = await options.join(addresses);
      log("INFO", `Join completed. Synced with ${count} initial agents`);
      return true;
    } catch (error) {
      failureCount += 1;
      if (options.maxAttempts > 0 && failureCount > options.maxAttempts) {
        log("ERR", "maximum retry join attempts made, exiting");
        return false;
      }
      const waitMs = retryWaitMs(failureCount, options.intervalMs, options.random);
      const why = (error as Error).message;
      log("WARN", `Join failed: ${why}, retrying in ${durationText(waitMs)}`);
      await options.wait(waitMs, signal).catch(() => {});
    }
  }
  return false;
}
