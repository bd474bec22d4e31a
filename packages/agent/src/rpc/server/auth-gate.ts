/**
 * Who may command the agent: the key, compared so that the time taken tells nothing, and a wait
 * after every wrong one that makes guessing slow.
 *
 * Source: RPC specification §4 (auth) and §15 (weaknesses of the reference).
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** The wait after the first wrong key; it doubles with each further one. */
export const FIRST_DELAY_MS = 50;
/** However many keys were wrong, a client waits no longer than this. */
export const DELAY_LIMIT_MS = 2_000;
/** This long without a wrong key, and all is forgiven. */
export const FORGET_AFTER_MS = 10_000;

export class AuthGate {
  readonly #authKey: string;
  /** False if the agent has no key: then only the empty one is right. */
  readonly isRequired: boolean;
  #failureCount = 0;
  #lastFailureMs = -Infinity;

  constructor(authKey: string) {
    this.isRequired = authKey !== "";
    this.#authKey = authKey;
  }

  /** Whether the key is right. Equal digests are compared, so its length tells nothing either. */
  accepts(authKey: string): boolean {
    // Without a key there is nothing to guess.
    if (!this.isRequired) return authKey === "";
    return timingSafeEqual(sha256(this.#authKey), sha256(authKey));
  }

  /**
   * Counts a wrong key, whichever connection it came on.
   *
   * @returns milliseconds to wait before the answer. A right key is always answered at once.
   */
  failureDelayMs(nowMs: number): number {
    if (!this.isRequired) return 0;
    if (nowMs - this.#lastFailureMs >= FORGET_AFTER_MS) this.#failureCount = 0;
    this.#lastFailureMs = nowMs;
    const delayMs = Math.min(DELAY_LIMIT_MS, FIRST_DELAY_MS * 2 ** this.#failureCount);
    this.#failureCount = Math.min(this.#failureCount + 1, 16);
    return delayMs;
  }
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text, "utf8").digest();
}
