import { describe, expect, it } from "vitest";
import { Keyring } from "../../src/keyring.ts";
import { nodeAead } from "../../src/node/aes-gcm.ts";
import { maxSealOverheadBytes, open, seal, sealedBytes } from "../../src/wire/sealing.ts";
import { WireError } from "../../src/wire/errors.ts";
import { hex, readVectors, unhex } from "../support/vectors.ts";

const vectors = readVectors("swim-encryption");

function keyringOf(keys: readonly string[]): Keyring {
  const raw = keys.map(unhex);
  return Keyring.create(raw, raw[0]);
}

describe("sealing, byte for byte as the reference does it (wire specification §4.1)", () => {
  it.each(vectors.filter(({ op }) => op === "encrypt"))("seals and opens $name", (vector) => {
    const input = vector.input as Record<"key" | "aad" | "plaintext" | "nonce", string> & {
      version: 0 | 1;
    };
    const plaintext = unhex(input.plaintext);

    const sealed = seal(
      input.version,
      unhex(input.key),
      unhex(input.nonce),
      plaintext,
      unhex(input.aad),
      nodeAead,
    );

    expect(hex(sealed)).toBe(vector.bytes);
    const reopened = () => open(sealed, keyringOf([input.key]), unhex(input.aad), nodeAead);
    // An empty plaintext is no message: refused before anyone looks for its type byte (wire specification §13).
    if (plaintext.length === 0)
      expect(reopened).toThrow(expect.objectContaining({ code: "empty" }));
    else expect(hex(reopened())).toBe(input.plaintext);
  });

  it.each(vectors.filter(({ op }) => op === "decrypt"))("opens or refuses $name", (vector) => {
    const input = vector.input as { keys: readonly string[]; aad: string };
    const opened = () =>
      open(unhex(String(vector.bytes)), keyringOf(input.keys), unhex(input.aad), nodeAead);

    if (vector.error === null) expect(hex(opened())).toBe(vector["plaintext"]);
    else expect(opened).toThrow(WireError);
  });

  it("refuses the packet that makes the reference crash: version 1 marked as version 0 (wire specification §17)", () => {
    const vector = vectors.find(({ name }) => name === "decrypt-v1-relabelled-v0");
    const keys = vector?.input["keys"] as readonly string[];

    const opened = () =>
      open(unhex(String(vector?.bytes)), keyringOf(keys), new Uint8Array(0), nodeAead);

    expect(opened).toThrow(expect.objectContaining({ code: "bad-padding" }));
  });

  it.each(vectors.filter(({ op }) => op === "encryptedLength"))(
    "knows its length beforehand: $name",
    (vector) => {
      const { version, plaintextLength } = vector.input as {
        version: 0 | 1;
        plaintextLength: number;
      };

      expect(sealedBytes(version, plaintextLength)).toBe(vector.output);
      expect(maxSealOverheadBytes(version)).toBe(vector["maxOverhead"]);
    },
  );
});
