/** A member's own idea of time: monotonic, but not everybody's. */

/**
 * Runs at its own rate from its own beginning.
 *
 * With rate 1 and no offset it is the virtual clock to the last bit.
 */
export class LocalClock {
  #baseVirtualMs = 0;
  #baseLocalMs: number;
  #rate = 1;
  #lastMs = 0;

  /** @param offsetMs - what it shows when the simulation begins. */
  constructor(offsetMs: number = 0) {
    this.#baseLocalMs = offsetMs;
  }

  /** Local milliseconds at a virtual time; never less than it said before. */
  read(virtualMs: number): number {
    const localMs = this.#baseLocalMs + (virtualMs - this.#baseVirtualMs) * this.#rate;
    if (localMs > this.#lastMs) this.#lastMs = localMs;
    return this.#lastMs;
  }

  /** As `read`, but at least `localMs`: for a timer, which is never early on its own clock. */
  readAtLeast(virtualMs: number, localMs: number): number {
    if (localMs > this.#lastMs) this.#lastMs = localMs;
    return this.read(virtualMs);
  }

  /** The virtual time at which this clock will show `localMs`. */
  virtualMs(localMs: number): number {
    return this.#baseVirtualMs + (localMs - this.#baseLocalMs) / this.#rate;
  }

  /**
   * Runs faster or slower from now on.
   *
   * @param rate - local milliseconds per virtual millisecond, above 0.
   */
  drift(virtualMs: number, rate: number): void {
    this.#baseLocalMs = this.read(virtualMs);
    this.#baseVirtualMs = virtualMs;
    this.#rate = rate;
  }
}
