/**
 * What cores of one process tell alike about a member, encoded and decoded once.
 *
 * A state of ten thousand members is half a megabyte of which nearly every byte is the same whoever
 * tells it, and so is the news of each of them. Told records are copied from here, and received ones
 * are recognised by their bytes: the address, which stands first, says which one it may be. By number
 * of the name, each in a slot of its own; one core alone shares nothing and holds nothing here.
 *
 * Read next: `told-state.ts`, `known-record.ts`, `repetitions.ts`.
 */
import type { MemberRecord } from "./member-record.ts";

/** Longer ones, of members with much metadata, are encoded and decoded each time. */
const SLOT_BYTES = 160;
const FIRST_SLOTS = 64;
/** Places for each slot where a number is found by an address: two seldom want the same. */
const PLACES_PER_SLOT = 4;
/** 2^32 by the golden ratio: spreads neighbouring addresses. */
const SPREAD = 0x9e37_79b1;

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
  /** Numbers by address; a number that is overwritten is not found, and its message decoded. */
  #places = new Int32Array(0);
  #placeBits = 0;
  readonly #addressAt: number;
  readonly #records: (MemberRecord | undefined)[] = [];
  readonly #held: (SharedEncoding<Message> | undefined)[] = [];

  /** @param addressAt - where the last four bytes of an IPv4 address stand in an encoding. */
  constructor(addressAt: number) {
    this.#addressAt = addressAt;
  }

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
    this.#places[this.#placeOf(encoded, 0)] = number;
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

  /** @returns the number of the name whose encoding stands at `start`; -1 if none does. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const number = this.#places[this.#placeOf(bytes, start)] ?? -1;
    if (number < 0) return -1;
    const length = this.#lengths[number] ?? 0;
    if (length === 0 || length > end - start) return -1;
    const from = number * SLOT_BYTES;
    const held = this.#bytes;
    for (let index = 0; index < length; index += 1) {
      if (held[from + index] !== bytes[start + index]) return -1;
    }
    return number;
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

  #placeOf(bytes: Uint8Array, start: number): number {
    const at = start + this.#addressAt;
    const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    return Math.imul((high << 16) | low, SPREAD) >>> (32 - this.#placeBits);
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
    this.#placeBits = Math.ceil(Math.log2(capacity * PLACES_PER_SLOT));
    this.#places = new Int32Array(2 ** this.#placeBits).fill(-1);
    for (const [held, shared] of this.#held.entries()) {
      if (shared !== undefined) this.#places[this.#placeOf(shared.encoded, 0)] = held;
    }
  }
}
