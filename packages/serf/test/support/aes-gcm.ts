/** AES-GCM for packets recorded from the reference. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Aead } from "@x/swim/wire";

type Algorithm = "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm";

function algorithm(key: Uint8Array): Algorithm {
  return `aes-${key.length * 8}-gcm` as Algorithm;
}

export const aesGcm: Aead = {
  seal(key, nonce, plaintext, additionalData) {
    const cipher = createCipheriv(algorithm(key), key, nonce);
    cipher.setAAD(additionalData);
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    return new Uint8Array(sealed);
  },
  open(key, nonce, ciphertextAndTag, additionalData) {
    const decipher = createDecipheriv(algorithm(key), key, nonce);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(ciphertextAndTag.subarray(-16));
    try {
      const opened = decipher.update(ciphertextAndTag.subarray(0, -16));
      return new Uint8Array(Buffer.concat([opened, decipher.final()]));
    } catch {
      return undefined;
    }
  },
};
