/**
 * Reads a body that mostly says what it said last time.
 *
 * Whoever polls the members of a cluster gets the same bytes again and again; comparing them takes
 * a hundredth of reading them.
 */
import type { Codec } from "../record-codec.ts";
import { decodeValue } from "../record-codec.ts";

/** Longer bodies are read each time rather than kept. */
export const REPEATED_BODY_LIMIT: number = 256 * 1024;

/** Remembers one body and what it meant. */
export class RepeatedBody<T> {
  readonly #codec: Codec<T>;
  #last: { readonly bytes: Uint8Array; readonly value: T } | undefined;

  constructor(codec: Codec<T>) {
    this.#codec = codec;
  }

  /**
   * @param bytes - may be overwritten afterwards.
   * @returns the same value as last time for the same bytes.
   * @throws {RpcWireError} if the bytes are no such value.
   */
  decode(bytes: Uint8Array): T {
    if (this.#last !== undefined && Buffer.compare(this.#last.bytes, bytes) === 0) {
      return this.#last.value;
    }
    const value = decodeValue(this.#codec, bytes);
    const isKept = bytes.length <= REPEATED_BODY_LIMIT;
    this.#last = isKept ? { bytes: new Uint8Array(bytes), value } : undefined;
    return value;
  }
}
