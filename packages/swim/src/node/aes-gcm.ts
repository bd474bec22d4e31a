/**
 * AES-GCM by Node's own crypto.
 *
 * Source: wire specification §4.1.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Aead } from "../wire/aead.ts";

const tagBytes = 16;

/** AES-GCM by OpenSSL; the key's length chooses AES-128, AES-192 or AES-256. */
export const nodeAead: Aead = {
  seal(key, nonce, plaintext, additionalData) {
    const cipher = createCipheriv(algorithm(key), key, nonce);
    if (additionalData.length > 0) cipher.setAAD(additionalData);
    const sealed = new Uint8Array(plaintext.length + tagBytes);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  },

  open(key, nonce, ciphertextAndTag, additionalData) {
    const textBytes = ciphertextAndTag.length - tagBytes;
    if (textBytes < 0) return undefined;
    const decipher = createDecipheriv(algorithm(key), key, nonce);
    if (additionalData.length > 0) decipher.setAAD(additionalData);
    decipher.setAuthTag(ciphertextAndTag.subarray(textBytes));
    const plaintext = decipher.update(ciphertextAndTag.subarray(0, textBytes));
    try {
      decipher.final();
    } catch {
      // The only thing that can fail here is the tag: a wrong key, or changed bytes.
      return undefined;
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  },
};

/**
 * Loads OpenSSL, which takes five milliseconds, at a moment of one's choice instead of with the first
 * packet: a join, where many processes join at once, waits for whatever each of them does.
 */
export function prepareAead(): void {
  const nothing = new Uint8Array(0);
  nodeAead.seal(new Uint8Array(16), new Uint8Array(12), nothing, nothing);
}

function algorithm(key: Uint8Array): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" {
  switch (key.length) {
    case 16:
      return "aes-128-gcm";
    case 24:
      return "aes-192-gcm";
    case 32:
      return "aes-256-gcm";
    default:
      throw new RangeError(`a key has 16, 24 or 32 bytes, not ${key.length}`);
  }
}
