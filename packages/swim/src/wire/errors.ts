/**
 * Why received bytes were refused. Callers branch on the code, never on the text.
 *
 * - `empty`: nothing where a message should stand (an empty datagram, part or plaintext).
 * - `truncated`: fewer bytes than the bytes themselves announce.
 * - `unknown-type`: the type byte names no message. `misplaced-type`: it names one that may not stand here.
 * - `too-deep`, `too-many`, `too-large`: a named limit of `WireLimits` is reached.
 * - `malformed`: msgpack that is not what the field wants; an impossible LZW code; a bad compound.
 * - `out-of-range`: a number the field cannot hold.
 * - `invalid-field`: decodable, but no well-behaved member sends it (an address of 5 bytes, an empty name).
 * - `unknown-algorithm`: a compression or encryption number this implementation does not know.
 * - `checksum-mismatch`, `label-invalid`, `label-mismatch`: as they say.
 * - `undecryptable`: no key fits. `not-encrypted`: plaintext where encryption is demanded.
 * - `no-key`: an encrypted frame, but no key is configured.
 * - `bad-padding`: opened by a key, but padded wrongly.
 *
 * Source: wire specification §13.
 */
export type WireErrorCode =
  | "empty"
  | "truncated"
  | "unknown-type"
  | "misplaced-type"
  | "too-deep"
  | "too-many"
  | "too-large"
  | "malformed"
  | "out-of-range"
  | "invalid-field"
  | "unknown-algorithm"
  | "checksum-mismatch"
  | "label-invalid"
  | "label-mismatch"
  | "undecryptable"
  | "not-encrypted"
  | "no-key"
  | "bad-padding";

/** Received bytes that are no message. The only error a decoder throws, whatever the bytes. */
export class WireError extends Error {
  /** What to branch on. */
  readonly code: WireErrorCode;

  /**
   * @param code - what to branch on.
   * @param message - a fact for people, free of received text.
   */
  constructor(code: WireErrorCode, message: string) {
    super(message);
    this.name = "WireError";
    this.code = code;
  }
}
