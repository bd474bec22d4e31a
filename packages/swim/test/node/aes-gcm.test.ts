import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeAead, prepareAead } from "../../src/node/aes-gcm.ts";

const nonce = new Uint8Array(12).fill(3);
const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 200 });
const key: fc.Arbitrary<Uint8Array> = fc.oneof(
  ...[16, 24, 32].map((length) => fc.uint8Array({ minLength: length, maxLength: length })),
);

describe("nodeAead", () => {
  it("round-trips with keys of all three sizes", () => {
    fc.assert(
      fc.property(key, bytes, bytes, (secret, plaintext, additionalData) => {
        const sealed = nodeAead.seal(secret, nonce, plaintext, additionalData);
        const reopened = nodeAead.open(secret, nonce, sealed, additionalData);

        expect(sealed.length).toBe(plaintext.length + 16);
        expect(reopened).toEqual(plaintext);
        expect(Object.getPrototypeOf(reopened)).toBe(Uint8Array.prototype);
      }),
    );
  });

  it("opens nothing in which one bit has changed", () => {
    fc.assert(
      fc.property(key, bytes, bytes, fc.nat(), (secret, plaintext, additionalData, bit) => {
        const sealed = nodeAead.seal(secret, nonce, plaintext, additionalData);
        const at = (bit >> 3) % sealed.length;
        sealed[at] = (sealed[at] ?? 0) ^ (1 << (bit & 7));

        expect(nodeAead.open(secret, nonce, sealed, additionalData)).toBeUndefined();
      }),
    );
  });

  it("opens nothing with another key, nonce or label, and nothing shorter than a tag", () => {
    const secret = new Uint8Array(16);
    const sealed = nodeAead.seal(secret, nonce, nonce, nonce);

    expect(nodeAead.open(new Uint8Array(16).fill(1), nonce, sealed, nonce)).toBeUndefined();
    expect(nodeAead.open(secret, new Uint8Array(12), sealed, nonce)).toBeUndefined();
    expect(nodeAead.open(secret, nonce, sealed, new Uint8Array(0))).toBeUndefined();
    expect(nodeAead.open(secret, nonce, sealed.subarray(0, 15), nonce)).toBeUndefined();
    expect(nodeAead.open(secret, nonce, new Uint8Array(0), nonce)).toBeUndefined();
  });

  it("refuses a key of another size", () => {
    expect(() => nodeAead.seal(new Uint8Array(15), nonce, nonce, nonce)).toThrow(
      "a key has 16, 24 or 32 bytes, not 15",
    );
    expect(() => nodeAead.open(new Uint8Array(33), nonce, new Uint8Array(16), nonce)).toThrow(
      RangeError,
    );
  });

  it("is made ready without a key or a packet", () => {
    expect(prepareAead).not.toThrow();
  });
});
