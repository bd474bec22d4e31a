/**
 * How late the event loop runs, learned from timers that fire anyway: no extra timer, no polling.
 *
 * A member that is slow itself must not accuse others of being slow. Lifeguard deduces that from
 * missing answers; a busy event loop can be seen directly.
 *
 * Source: behaviour specification §14 ("measure loop delay").
 */

/** Milliseconds between when a timer was due and when its turn came. */
export interface LoopDelay {
  readonly lastMs: number;
  /** Decaying mean; each new value counts for an eighth. */
  readonly meanMs: number;
  /** Greatest since the start. */
  readonly maxMs: number;
  /** Timers observed. */
  readonly sampleCount: number;
}

const NEW_VALUE_SHARE = 1 / 8;

export class LoopDelayMeter {
  #lastMs = 0;
  #meanMs = 0;
  #maxMs = 0;
  #sampleCount = 0;

  /** @param delayMs - below 0 counts as 0: timers of Node may fire a fraction early. */
  observe(delayMs: number): void {
    const delay = Math.max(0, delayMs);
    this.#lastMs = delay;
    this.#maxMs = Math.max(this.#maxMs, delay);
    this.#meanMs =
      this.#sampleCount === 0 ? delay : this.#meanMs + (delay - this.#meanMs) * NEW_VALUE_SHARE;
    this.#sampleCount += 1;
  }

  get figures(): LoopDelay {
    return {
      lastMs: this.#lastMs,
      meanMs: this.#meanMs,
      maxMs: this.#maxMs,
      sampleCount: this.#sampleCount,
    };
  }
}
