/**
 * The own incarnation: the one number only this member may raise.
 *
 * Deviation: the reference counts modulo 2³², so that one accusation at 4294967295 makes the next
 * incarnation 0 and nobody ever believes this member again. Here the counter stops at the end and
 * an accusation nobody could answer does not move it.
 *
 * Source: behaviour specification §2, §19.1.
 */

/** The last incarnation of all: a claim with it could never be refuted. */
export const LAST_INCARNATION = 0xffff_ffff;

/** Counts the incarnations of this member. */
export class Incarnation {
  #current = 0;

  get current(): number {
    return this.#current;
  }

  /** Takes the next one, for an announcement of our own. */
  advance(): number {
    this.#current = Math.min(this.#current + 1, LAST_INCARNATION);
    return this.#current;
  }

  /**
   * Takes one that beats an accusation.
   *
   * @returns `undefined` when none does: the accusation has the last one.
   */
  refute(accused: number): number | undefined {
    if (accused >= LAST_INCARNATION) return undefined;
    this.#current = Math.min(Math.max(this.#current + 1, accused + 1), LAST_INCARNATION);
    return this.#current;
  }
}
