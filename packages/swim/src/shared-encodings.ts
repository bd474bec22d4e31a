/**
 * What cores of one process tell alike about a member, encoded once.
 *
 * A state of ten thousand members is half a megabyte of which nearly every byte is the same whoever
 * tells it. Told records are copied from here, and a received one is recognised by its bytes: those
 * who learned from the same member tell their records in nearly the same order, so that the next
 * one can be guessed. By number of the name, each in a slot of its own, so that memory is read in
 * order; one core alone shares nothing and holds nothing here.
 *
 * Read next: `told-state.ts`, `known-record.ts`.
 */
import type { MemberRecord } from "./member-record.ts";
import type { PushPullNode } from "./wire/index.ts";

/** Longer records, of members with much metadata, are encoded each time. */
const SLOT_BYTES = 160;
const FIRST_SLOTS = 64;

/** The records of living members, as a push-pull tells them. */
export class SharedEncodings {
  #bytes = new Uint8Array(0);
  /** Lengths by number; 0 = nothing is held. */
  #lengths = new Uint8Array(0);
  #incarnations = new Uint32Array(0);
  readonly #records: (MemberRecord | undefined)[] = [];
  readonly #nodes: (PushPullNode | undefined)[] = [];

  /** Keeps the encoding of an alive record of the name with this number, in place of another one. */
  put(number: number, record: MemberRecord, node: PushPullNode, encoded: Uint8Array): void {
    if (encoded.length > SLOT_BYTES) return;
    if (number >= this.#lengths.length) this.#grow(number);
    this.#bytes.set(encoded, number * SLOT_BYTES);
    this.#lengths[number] = encoded.length;
    this.#incarnations[number] = node.incarnation;
    this.#records[number] = record;
    this.#nodes[number] = node;
  }

  /** The name has this number no more. */
  drop(number: number): void {
    if (number >= this.#lengths.length) return;
    this.#lengths[number] = 0;
    this.#records[number] = undefined;
    this.#nodes[number] = undefined;
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

  /** Whether what is held for this number describes the member so, at this incarnation or a former. */
  isKnownAs(number: number, record: MemberRecord, incarnation: number): boolean {
    return this.#records[number] === record && (this.#incarnations[number] ?? 0) <= incarnation;
  }

  /** What the encoding held for this number says. */
  node(number: number): PushPullNode | undefined {
    return this.#nodes[number];
  }

  #grow(number: number): void {
    const capacity = Math.max(FIRST_SLOTS, Math.ceil(number * 1.5) + 1);
    const bytes = new Uint8Array(capacity * SLOT_BYTES);
    const lengths = new Uint8Array(capacity);
    const incarnations = new Uint32Array(capacity);
    bytes.set(this.#bytes);
    lengths.set(this.#lengths);
    incarnations.set(this.#incarnations);
    this.#incarnations = incarnations;
    this.#bytes = bytes;
    this.#lengths = lengths;
  }
}
