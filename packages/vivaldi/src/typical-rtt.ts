/**
 * The RTT typical for this member: a running median that one number holds. It is the yard
 * stick for "far": a lie of ten seconds is told to a member in a rack as well as to one at
 * the end of the world, but neither should move by more than its own network is wide.
 *
 * Up by a fixed ratio when a sample is longer, down when it is shorter: samples vote,
 * however extreme they are. A mean would follow a single delayed ack.
 */
export class TypicalRtt {
  #seconds = 0;
  #votes = 0;

  /** 0 before the first sample. */
  get seconds(): number {
    return this.#seconds;
  }

  /** @param rttSeconds - positive. */
  observe(rttSeconds: number): void {
    this.#votes++;
    if (this.#votes === 1) {
      this.#seconds = rttSeconds;
      return;
    }
    // Early votes count for more, so that a bad first sample is outvoted soon.
    const ratio = Math.max(1 / (this.#votes + 1), LEAST_RATIO);
    this.#seconds *= rttSeconds > this.#seconds ? 1 + ratio : 1 - ratio;
    this.#seconds = Math.max(this.#seconds, LEAST_SECONDS);
  }
}

/** Twelve samples one way double or halve it. */
const LEAST_RATIO = 1 / 16;

/** Below a microsecond a median of timer noise is told from nothing. */
const LEAST_SECONDS = 1e-6;
