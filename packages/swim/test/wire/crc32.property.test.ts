import * as zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/wire/crc32.ts";

describe("CRC-32", () => {
  it("agrees with bit by bit division by the polynomial", () => {
    const naive = (bytes: Uint8Array): number => {
      let crc = 0xffff_ffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
      }
      return ~crc >>> 0;
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, start) => {
        expect(crc32(bytes)).toBe(naive(bytes));
        expect(crc32(bytes, start)).toBe(naive(bytes.subarray(start)));
      }),
      { numRuns: 1000 },
    );
  });

  it("of the check string is cbf43926, as for zlib", () => {
    const check = Buffer.from("123456789");

    expect(crc32(check)).toBe(0xcbf4_3926);
    expect("crc32" in zlib ? zlib.crc32(check) : 0xcbf4_3926).toBe(0xcbf4_3926);
  });
});
