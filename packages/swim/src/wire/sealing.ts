/**
 * Encryption with AES-GCM: a version byte, a nonce of 12 bytes, the ciphertext, a tag of 16.
 *
 * Version 0 pads the plaintext to blocks of 16 before sealing, version 1 does not. The version
 * byte is authenticated by nobody, so a packet of version 1 marked 0 opens with the right key:
 * the padding is checked in full, not believed.
 *
 * Source: wire specification §4.1, §13.
 */
import type { Keyring } from "../keyring.ts";
import type { Aead } from "./aead.ts";
import { WireError } from "./errors.ts";

/** 0 is for members that speak protocol 1. */
export type SealVersion = 0 | 1;

/** Bytes of a nonce. */
export const nonceBytes = 12;

const tagBytes = 16;
const blockBytes = 16;
const headBytes = 1 + nonceBytes;

/** The most bytes sealing adds, by version. */
export function maxSealOverheadBytes(version: SealVersion): number {
  return version === 0 ? headBytes + tagBytes + blockBytes : headBytes + tagBytes;
}

/** The exact bytes of a sealed plaintext of `plaintextBytes`. */
export function sealedBytes(version: SealVersion, plaintextBytes: number): number {
  const padding = version === 0 ? blockBytes - (plaintextBytes % blockBytes) : 0;
  return headBytes + plaintextBytes + padding + tagBytes;
}

/**
 * Seals.
 *
 * @param version - of the format.
 * @param key - 16, 24 or 32 bytes: the keyring's primary.
 * @param nonce - 12 fresh random bytes, never used twice with one key.
 * @param additionalData - bound to the result, not part of it.
 * @returns version, nonce, ciphertext, tag.
 */
export function seal(
  version: SealVersion,
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  additionalData: Uint8Array,
  aead: Aead,
): Uint8Array {
  const padded = version === 0 ? pad(plaintext) : plaintext;
  const sealed = aead.seal(key, nonce, padded, additionalData);
  const payload = new Uint8Array(headBytes + sealed.length);
  payload[0] = version;
  payload.set(nonce, 1);
  payload.set(sealed, headBytes);
  return payload;
}

/**
 * Opens with whichever key fits, the primary first.
 *
 * @param payload - version, nonce, ciphertext, tag.
 * @param additionalData - the same as when it was sealed.
 * @returns the plaintext, at least one byte.
 * @throws {WireError} `empty`, `truncated`, `unknown-algorithm` for a version above 1,
 *   `undecryptable` if no key fits, `bad-padding`.
 */
export function open(
  payload: Uint8Array,
  keyring: Keyring,
  additionalData: Uint8Array,
  aead: Aead,
): Uint8Array {
  const version = payload[0];
  if (version === undefined)
    throw new WireError("empty", "nothing stands where encrypted bytes should");
  if (version !== 0 && version !== 1) {
    throw new WireError("unknown-algorithm", `encryption version ${version} is unknown`);
  }
  if (payload.length < maxSealOverheadBytes(version)) {
    throw new WireError("truncated", "encrypted bytes are shorter than any can be");
  }
  const nonce = payload.subarray(1, headBytes);
  const sealed = payload.subarray(headBytes);
  for (const key of keyring.keys) {
    const plaintext = aead.open(key, nonce, sealed, additionalData);
    if (plaintext === undefined) continue;
    const message = version === 0 ? unpad(plaintext) : plaintext;
    if (message.length === 0) throw new WireError("empty", "nothing was encrypted");
    return message;
  }
  throw new WireError("undecryptable", "no key of the keyring opens the encrypted bytes");
}

/** Fills up to whole blocks with bytes that tell their own number. Source: PKCS#7, RFC 5652 §6.3. */
function pad(plaintext: Uint8Array): Uint8Array {
  const padding = blockBytes - (plaintext.length % blockBytes);
  const padded = new Uint8Array(plaintext.length + padding).fill(padding);
  padded.set(plaintext);
  return padded;
}

/**
 * Deviation: the reference believes the last byte alone, and crashes when it is larger than the
 * plaintext.
 */
function unpad(padded: Uint8Array): Uint8Array {
  const padding = padded[padded.length - 1] ?? 0;
  const isPadded =
    padding >= 1 &&
    padding <= blockBytes &&
    padding <= padded.length &&
    padded.subarray(padded.length - padding).every((byte) => byte === padding);
  if (!isPadded)
    throw new WireError("bad-padding", "decrypted bytes are not padded as version 0 wants");
  return padded.subarray(0, padded.length - padding);
}
