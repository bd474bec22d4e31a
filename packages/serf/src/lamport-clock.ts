/**
 * A Lamport clock: its value is the next time to be used, and it is always later than every time
 * this member has seen.
 *
 * Source: Serf specification §4; Lamport, "Time, Clocks, and the Ordering of Events", 1978.
 */
import type { LamportTime } from "./serf-event.ts";

/** The last time there is. */
export const maxLamportTime: LamportTime = 2n ** 64n - 1n;

/**
 * How far ahead of its own clock a member believes a stranger, by default: 2^48, which is 89 years
 * of a hundred thousand messages per second.
 */
export const defaultLamportJumpLimit: bigint = 2n ** 48n;

/** What became of a time seen: `refused` asks for the message to be dropped and not told on. */
export type WitnessOutcome = "unchanged" | "advanced" | "refused";

/** Options of a `LamportClock`. */
export interface LamportClockOptions {
  /** Times further ahead than this are refused. Default `defaultLamportJumpLimit`. */
  readonly jumpLimit?: bigint;
}

/**
 * One of the three clocks of a member: of intents, of user events, or of queries.
 *
 * Deviation: the reference believes any time, and one message with time 2^64 − 1 wraps its clock
 * to 0, after which all its news is old news to everybody. Here a clock never wraps, and a jump
 * beyond `jumpLimit` is refused. Source: Serf specification §20 item 20.
 */
export class LamportClock {
  readonly #jumpLimit: bigint;
  #time: LamportTime = 0n;

  /** @throws {RangeError} if the jump limit is not positive. */
  constructor(options: LamportClockOptions = {}) {
    this.#jumpLimit = options.jumpLimit ?? defaultLamportJumpLimit;
    if (this.#jumpLimit <= 0n) {
      throw new RangeError(`jumpLimit must be positive, got ${this.#jumpLimit}`);
    }
  }

  /** The next time to be used; 0 at first, so a member increments once when it starts. */
  get time(): LamportTime {
    return this.#time;
  }

  /** Moves on by one, and stays at the last time there is. @returns the new time. */
  increment(): LamportTime {
    if (this.#time < maxLamportTime) this.#time += 1n;
    return this.#time;
  }

  /** Learns of a time somebody used: afterwards the clock is later than it. */
  witness(seen: LamportTime): WitnessOutcome {
    if (seen < this.#time) return "unchanged";
    if (seen - this.#time > this.#jumpLimit) return "refused";
    this.#moveBeyond(seen);
    return "advanced";
  }

  /** As `witness`, for a time this member wrote down itself: a snapshot is believed at any distance. */
  restore(saved: LamportTime): void {
    if (saved >= this.#time) this.#moveBeyond(saved);
  }

  #moveBeyond(seen: LamportTime): void {
    this.#time = seen < maxLamportTime ? seen + 1n : maxLamportTime;
  }
}
