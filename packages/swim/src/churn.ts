/**
 * How much changes in the cluster at present, as one member hears it.
 *
 * Many members that join at once are news one by one, and each piece sent at once would be a packet
 * of its own to every target. A moment later there are several for the same packet, and nobody waits
 * for one of many.
 */

/** After this time news counts half. */
const HALF_LIFE_MS = 500;
/** More than this, decayed, and there is so much that it pays to wait for more of it. */
const MUCH_NEWS = 6;

export class Churn {
  #amount = 0;
  #heardMs = 0;
  #muchMs = -Infinity;

  /** There is one more piece of news about another member. */
  note(nowMs: number): void {
    this.#amount = this.#at(nowMs) + 1;
    this.#heardMs = nowMs;
    if (this.#amount > MUCH_NEWS) this.#muchMs = nowMs;
  }

  /** When the last news came that was one of much. */
  get muchMs(): number {
    return this.#muchMs;
  }

  /** Whether there has been much news of late. */
  isMuch(nowMs: number): boolean {
    return this.#at(nowMs) > MUCH_NEWS;
  }

  #at(nowMs: number): number {
    return this.#amount * 2 ** ((this.#heardMs - nowMs) / HALF_LIFE_MS);
  }
}
