/**
 * What cores of one process tell alike about a member, encoded and decoded once.
 *
 * A state of ten thousand members is half a megabyte of which nearly every byte is the same whoever
 * tells it, and so is the news of each of them. Told records are copied from here, and received ones
 * are recognised by their bytes: those who learned from the same member tell it in nearly the same
 * order, so that the next one can be guessed. By number of the name, each in a slot of its own, so
 * that memory is read in order; one core alone shares nothing and holds nothing here.
 *
 * Read next: `told-state.ts`, `known-record.ts`, `repetitions.ts`.
 */
import type { MemberRecord } from "./member-record.ts";

/** Longer ones, of members with much metadata, are encoded and decoded each time. */
const SLOT_BYTES = 160;
const FIRST_SLOTS = 64;

/** A message about a member, and its bytes. */
export interface SharedEncoding<Message> {
  readonly message: Message;
  readonly encoded: Uint8Array;
}

/** Messages of one kind about living members: records of a push-pull, or claims. */
export class SharedEncodings<Message extends { readonly incarnation: number }> {
  #bytes = new Uint8Array(0);
  /** Lengths by number; 0 = nothing is held. */
  #lengths = new Uint8Array(0);
  #incarnations = new Uint32Array(0);
  readonly #records: (MemberRecord | undefined)[] = [];
  readonly #held: (SharedEncoding<Message> | undefined)[] = [];

  /** Keeps what is told of the name with this number, in place of another. */
  put(number: number, record: MemberRecord, shared: SharedEncoding<Message>): void {
    const { encoded, message } = shared;
    if (encoded.length > SLOT_BYTES) return;
    if (number >= this.#lengths.length) this.#grow(number);
    this.#bytes.set(encoded, number * SLOT_BYTES);
    this.#lengths[number] = encoded.length;
    this.#incarnations[number] = message.incarnation;
    this.#records[number] = record;
    this.#held[number] = shared;
  }

  /** The name has this number no more. */
  drop(number: number): void {
    if (number >= this.#lengths.length) return;
    this.#lengths[number] = 0;
    this.#records[number] = undefined;
    this.#held[number] = undefined;
  }

  /**
   * Copies the encoding of a record at an incarnation.
   *
   * @returns how many bytes were written; 0 if it is not held, or there is no room.
   */
  copy(
    number: number,
    record: MemberRecord,
    incarnation: number,
    target: Uint8Array,
    at: number,
  ): number {
    if (this.#records[number] !== record || this.#incarnations[number] !== incarnation) return 0;
    const length = this.#lengths[number] ?? 0;
    if (length > target.length - at) return 0;
    const start = number * SLOT_BYTES;
    const bytes = this.#bytes;
    for (let index = 0; index < length; index += 1) target[at + index] = bytes[start + index] ?? 0;
    return length;
  }

  /** @returns how many bytes at `start` are the encoding held for this number; 0 if they are not. */
  match(number: number, bytes: Uint8Array, start: number, end: number): number {
    const length = this.#lengths[number] ?? 0;
    if (length > end - start) return 0;
    const from = number * SLOT_BYTES;
    const held = this.#bytes;
    for (let index = 0; index < length; index += 1) {
      if (held[from + index] !== bytes[start + index]) return 0;
    }
    return length;
  }

  /**
   * Tries those that come next to the one recognised last.
   *
   * @param first - which direction is tried first: 1 up, -1 down.
   * @returns the number whose encoding stands at `start`, if it is one of the two.
   */
  matchNear(
    last: number,
    first: 1 | -1,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number | undefined {
    if (this.match(last + first, bytes, start, end) > 0) return last + first;
    return this.match(last - first, bytes, start, end) > 0 ? last - first : undefined;
  }

  /** How long the encoding held for this number is; 0 if there is none. */
  length(number: number): number {
    return this.#lengths[number] ?? 0;
  }

  /** Whether what is held for this number describes the member so, at this incarnation or a former. */
  isKnownAs(number: number, record: MemberRecord, incarnation: number): boolean {
    return this.#records[number] === record && (this.#incarnations[number] ?? 0) <= incarnation;
  }

  /** What is held for this number. */
  held(number: number): SharedEncoding<Message> | undefined {
    return this.#held[number];
  }

  #grow(number: number): void {
    const capacity = Math.max(FIRST_SLOTS, Math.ceil(number * 1.5) + 1);
    const bytes = new Uint8Array(capacity * SLOT_BYTES);
    const lengths = new Uint8Array(capacity);
    const incarnations = new Uint32Array(capacity);
    bytes.set(this.#bytes);
    lengths.set(this.#lengths);
    incarnations.set(this.#incarnations);
    this.#bytes = bytes;
    this.#lengths = lengths;
    this.#incarnations = incarnations;
  }
}
