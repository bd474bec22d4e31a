import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import { compressLzw, decompressLzw, LzwExpansion } from "../../src/wire/lzw.ts";
import { xorshift32 } from "../support/vectors.ts";

const mebibyte = 1_048_576;

/** Few different bytes make long strings and many table entries, many make short ones. */
const compressible = fc
  .tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 0x7fff_ffff }), fc.nat(12_000))
  .map(([mask, seed, length]) => xorshift32(seed, length, mask));

describe("LZW", () => {
  it("round-trips", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), compressible), (bytes) => {
        expect(Buffer.compare(decompressLzw(compressLzw(bytes), bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("round-trips strings that reach into themselves, at any distance", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 24 }),
        fc.nat(3_000),
        (period, length) => {
          const bytes = Uint8Array.from({ length }, (_, i) => period[i % period.length] ?? 0);

          expect(Buffer.compare(decompressLzw(compressLzw(bytes), length), bytes)).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("round-trips whatever was compressed before", () => {
    fc.assert(
      fc.property(compressible, fc.uint8Array({ maxLength: 50 }), (first, second) => {
        const alone = compressLzw(second);
        compressLzw(first);

        expect(compressLzw(second)).toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });

  it("expands to the same when it is interrupted, and others are expanded meanwhile", () => {
    fc.assert(
      fc.property(
        compressible,
        compressible,
        fc.integer({ min: 1, max: 5_000 }),
        (one, two, more) => {
          const others = compressLzw(two);
          const expansion = new LzwExpansion(compressLzw(one), one.length);
          while (!expansion.advance(more)) decompressLzw(others, two.length);

          expect(Buffer.compare(expansion.takeBytes(), one)).toBe(0);
          expect(expansion.writtenBytes).toBe(one.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("expands any bytes or throws WireError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(decompressLzw(bytes, 65_536).length).toBeLessThanOrEqual(65_536);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("expands changed bytes or throws WireError", () => {
    fc.assert(
      fc.property(compressible, fc.nat(), fc.nat(255), (bytes, position, value) => {
        const compressed = compressLzw(bytes);
        compressed[position % compressed.length] = value;
        try {
          decompressLzw(compressed, mebibyte);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("expands to exactly the limit, and to no byte more", () => {
    const compressed = compressLzw(new Uint8Array(100_000));

    expect(decompressLzw(compressed, 100_000).length).toBe(100_000);
    expect(() => decompressLzw(compressed, 99_999)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    expect(() => decompressLzw(compressed, 10)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  it("takes 20 MiB and one byte, and refuses 40 MiB and one byte (wire specification §7)", () => {
    const limit = 40 * mebibyte;

    expect(decompressLzw(compressLzw(new Uint8Array(20 * mebibyte + 1)), limit).length).toBe(
      20 * mebibyte + 1,
    );
    const tooLarge = compressLzw(new Uint8Array(limit + 1));
    expect(() => decompressLzw(tooLarge, limit)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  it("reads a writer that never clears: the table is full and stays (wire specification §7)", () => {
    // Literals alone, in the widths of a table that fills up and is not cleared.
    const bits: number[] = [];
    const push = (code: number, width: number): void => {
      for (let bit = 0; bit < width; bit += 1) bits.push((code >> bit) & 1);
    };
    const widthAfter = (codes: number): number =>
      codes < 255 ? 9 : codes < 767 ? 10 : codes < 1791 ? 11 : 12;
    const literals = Array.from({ length: 6000 }, (_, i) => (i * 7) % 251);
    literals.forEach((literal, i) => push(literal, widthAfter(i)));
    push(4095, 12);
    push(257, 12);
    const bytes = new Uint8Array(Math.ceil(bits.length / 8));
    bits.forEach((bit, i) => (bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (bit << (i & 7))));

    const expanded = decompressLzw(bytes, mebibyte);

    // Entry 4095 was defined by data code 3837 and the first byte of the next.
    expect([...expanded]).toEqual([...literals, literals[3837], literals[3838]]);
  });
});
