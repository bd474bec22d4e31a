/**
 * The last log lines of every level, for operators who connect later.
 *
 * Source: RPC specification §7.
 */
import type { LogLevel } from "./log-level.ts";

/** A line as monitors get it: formatted, without newline or indentation. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly line: string;
}

/** How many lines an agent remembers. */
export const logRingLimit = 512;

/** Holds the newest lines, oldest first, and hands every new one to its listeners. */
export class LogRing {
  readonly #limit: number;
  readonly #entries: LogEntry[] = [];
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #next = 0;

  constructor(limit: number = logRingLimit) {
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(`log ring limit ${limit}: must be a whole number of at least 1`);
    }
    this.#limit = limit;
  }

  push(entry: LogEntry): void {
    if (this.#entries.length < this.#limit) this.#entries.push(entry);
    else this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#limit;
    for (const listener of this.#listeners) listener(entry);
  }

  /** Oldest first. */
  entries(): readonly LogEntry[] {
    if (this.#entries.length < this.#limit) return [...this.#entries];
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  /** @returns a function that ends the subscription. */
  subscribe(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
