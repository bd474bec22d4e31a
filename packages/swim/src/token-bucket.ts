/** A rate that may burst: so many per second on average, and as many at once. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #refilledMs: number | undefined;

  /** @param perSecond - 0 or more; also the size of a burst. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** @returns whether one may happen now. */
  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.#refilledMs ?? nowMs));
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (passedMs * this.#perSecond) / 1_000);
    this.#refilledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
