/**
 * The records that wait for a slow reader: a bounded queue that is filled without blocking and
 * drops what does not fit.
 *
 * Source: RPC specification §10.
 */

/** What became of an offered record. `first-dropped` begins a burst of drops. */
export type OfferOutcome = "dropped" | "first-dropped" | "queued";

/** First in, first out, at most `limit` items. */
export class RecordQueue<Item> {
  readonly #limit: number;
  #items: (Item | undefined)[] = [];
  #head = 0;
  #isDropping = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get isFull(): boolean {
    return this.length >= this.#limit;
  }

  offer(item: Item): OfferOutcome {
    if (this.isFull) {
      const isFirst = !this.#isDropping;
      this.#isDropping = true;
      return isFirst ? "first-dropped" : "dropped";
    }
    this.#items.push(item);
    return "queued";
  }

  take(): Item | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
      // The reader has caught up: the next drop is another burst and is told again.
      this.#isDropping = false;
    } else if (this.#head >= this.#limit) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
