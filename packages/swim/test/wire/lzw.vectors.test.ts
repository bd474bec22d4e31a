import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import { compressLzw, decompressLzw } from "../../src/wire/lzw.ts";
import { bytesOf, hex, readVectors, sha256, unhex, type Described } from "../support/vectors.ts";

const vectors = readVectors("lzw");
const limit = 41_943_040;

describe("LZW, as the reference's compressor has it (wire specification §7)", () => {
  it.each(vectors.filter(({ op }) => op === "compress"))(
    "compresses to its bytes: $name",
    (vector) => {
      const input = bytesOf(vector.input as Described);
      expect(sha256(input)).toBe(vector["inputSha256"]);

      const compressed = compressLzw(input);

      expect(compressed.length).toBe(vector.length);
      expect(sha256(compressed)).toBe(vector.sha256);
      if (typeof vector.bytes === "string") expect(hex(compressed)).toBe(vector.bytes);
      expect(hex(decompressLzw(compressed, limit))).toBe(hex(input));
    },
  );

  it.each(vectors.filter(({ op }) => op === "rollup"))(
    "compresses every length to its bytes: $name",
    (vector) => {
      const { from, to, ...described } = vector.input as { from: number; to: number };
      const input = bytesOf(described as unknown as Described);
      const all: Uint8Array[] = [];

      for (let n = from; n <= to; n += 1) {
        const compressed = compressLzw(input.subarray(0, n));
        const length = new Uint8Array(4);
        new DataView(length.buffer).setUint32(0, compressed.length);
        all.push(length, compressed);
      }

      expect(sha256(Buffer.concat(all))).toBe(vector.sha256);
    },
  );

  it.each(vectors.filter(({ op }) => op === "decompress"))(
    "expands or refuses as it does: $name",
    (vector) => {
      const bytes = unhex(String(vector.bytes));

      if (vector.error === null) {
        expect(hex(decompressLzw(bytes, limit))).toBe(vector.output);
      } else {
        expect(() => decompressLzw(bytes, limit)).toThrow(WireError);
      }
    },
  );
});
