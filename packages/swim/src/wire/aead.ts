/**
 * The port through which the codecs reach AES-GCM, so that they run on any platform.
 * `node/aes-gcm.ts` is the implementation for Node.
 */
export interface Aead {
  /**
   * @param key - 16, 24 or 32 bytes.
   * @param nonce - 12 bytes, never used twice with one key.
   * @returns ciphertext followed by the 16-byte tag.
   */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    additionalData: Uint8Array,
  ): Uint8Array;
  /** @returns the plaintext, or `undefined` when the tag does not verify. Never throws on bad input. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertextAndTag: Uint8Array,
    additionalData: Uint8Array,
  ): Uint8Array | undefined;
}
