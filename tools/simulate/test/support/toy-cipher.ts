/**
 * Seals so that the wrong key is noticed, and keeps no secret: a day of real encryption takes too
 * long, and the cipher is not what is looked at.
 */
import type { Aead } from "@x/swim/wire";

const TAG_BYTES = 16;

export const toyCipher: Aead = {
  seal(key, nonce, plaintext, additionalData) {
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sealed.set(plaintext);
    sealed.set(tagOf(key, nonce, plaintext, additionalData), plaintext.length);
    return sealed;
  },
  open(key, nonce, ciphertextAndTag, additionalData) {
    const length = ciphertextAndTag.length - TAG_BYTES;
    if (length < 0) return undefined;
    const plaintext = ciphertextAndTag.slice(0, length);
    const tag = tagOf(key, nonce, plaintext, additionalData);
    return tag.every((byte, index) => byte === ciphertextAndTag[length + index])
      ? plaintext
      : undefined;
  },
};

function tagOf(...parts: readonly Uint8Array[]): Uint8Array {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (const byte of part) hash = Math.imul(hash ^ byte, 0x01000193);
    hash = Math.imul(hash ^ part.length, 0x01000193);
  }
  const tag = new Uint8Array(TAG_BYTES);
  new DataView(tag.buffer).setUint32(0, hash >>> 0);
  return tag;
}
