/**
 * Who is probed next: round robin in random order.
 *
 * Every member is probed exactly once per round, so a failed one is pinged within two rounds
 * whatever happens (SWIM §4.3). The order is drawn while walking (Fisher–Yates from the front): no
 * round starts with a shuffle of ten thousand rows, and a member that joins has an even chance to
 * be any of those still to come in this round.
 *
 * Source: SWIM (Das, Gupta, Motivala 2002) §4.3; behaviour specification §1, §5.1, §5.2.
 */
import { randomIndex } from "./random-choice.ts";

const FIRST_CAPACITY = 16;

/** A ring of row numbers 0 … n − 1, kept in step with the member table. */
export class ProbeOrder {
  readonly #random: () => number;
  /** `order[0 … position)` had their turn, the rest are still to come. */
  #order: Int32Array<ArrayBuffer>;
  /** Place in `order` by row. */
  #places: Int32Array<ArrayBuffer>;
  #size = 0;
  #position = 0;

  /** @param expectedSize - for how many room is made at once. */
  constructor(random: () => number, expectedSize: number = 0) {
    this.#random = random;
    const capacity = Math.max(FIRST_CAPACITY, expectedSize);
    this.#order = new Int32Array(capacity);
    this.#places = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** How many had their turn in this round. */
  get position(): number {
    return this.#position;
  }

  /** Appends the row numbered `size`. */
  add(): void {
    const row = this.#size;
    if (row >= this.#order.length) {
      const capacity = Math.ceil(row * 1.5) + 1;
      this.#order = grown(this.#order, capacity);
      this.#places = grown(this.#places, capacity);
    }
    this.#size += 1;
    this.#put(row, row);
  }

  /** Takes a row out; the row numbered `size − 1` gets its number, as in `MemberTable.remove`. */
  remove(row: number): void {
    let place = this.#places[row] ?? 0;
    if (place < this.#position) {
      // The last one that had its turn fills the gap, and leaves one at the border.
      this.#position -= 1;
      this.#put(place, this.#order[this.#position] ?? 0);
      place = this.#position;
    }
    const last = this.#size - 1;
    // At the very end the gap closes by itself, and what stands there is no member's place.
    if (place !== last) this.#put(place, this.#order[last] ?? 0);
    this.#size = last;
    if (row !== last) this.#put(this.#places[last] ?? 0, row);
  }

  /**
   * @param wanted - who is worth a probe.
   * @returns the next wanted row, or `undefined` when there is none.
   *
   * Deviation: the reference looks at as many rows as there are and may skip a period in a cluster
   * of two or three; here every period has its probe.
   */
  next(wanted: (row: number) => boolean): number | undefined {
    // The rest of this round and a whole next one: whoever is wanted is among them.
    for (let checked = 0; checked < 2 * this.#size; checked += 1) {
      if (this.#position >= this.#size) this.#position = 0;
      const chosen = this.#position + randomIndex(this.#random, this.#size - this.#position);
      const row = this.#order[chosen] ?? 0;
      this.#put(chosen, this.#order[this.#position] ?? 0);
      this.#put(this.#position, row);
      this.#position += 1;
      if (wanted(row)) return row;
    }
    return undefined;
  }

  #put(place: number, row: number): void {
    this.#order[place] = row;
    this.#places[row] = place;
  }
}

function grown(from: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(capacity);
  to.set(from);
  return to;
}
