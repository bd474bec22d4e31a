/**
 * How far this member trusts itself.
 *
 * A member that misses acks and nacks, or is accused itself, is probably the slow one: it probes
 * less often and waits longer before it accuses others.
 *
 * Deviation: Lifeguard scales the probe timeout as well and counts each missed nack beside the
 * failed probe; as in the reference, only the interval is scaled and missed nacks stand instead of
 * the failure, so that scores mean the same in a mixed cluster.
 *
 * Source: Lifeguard §IV-A, arXiv:1707.00788; behaviour specification §6.
 */

/** The local health multiplier: a score from 0 (healthy) to `maxMultiplier − 1`. */
export class LocalHealth {
  readonly #maxScore: number;
  readonly #changed: (score: number, previous: number) => void;
  #score = 0;

  /** @param maxMultiplier - greatest factor, at least 1. */
  constructor(
    maxMultiplier: number,
    changed: (score: number, previous: number) => void = () => {},
  ) {
    this.#maxScore = maxMultiplier - 1;
    this.#changed = changed;
  }

  get score(): number {
    return this.#score;
  }

  /** @param delta - above 0 for bad news about ourselves, below 0 for good news. */
  apply(delta: number): void {
    const previous = this.#score;
    this.#score = Math.min(Math.max(previous + delta, 0), this.#maxScore);
    if (this.#score !== previous) this.#changed(this.#score, previous);
  }

  /** A duration, stretched by the score. */
  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
