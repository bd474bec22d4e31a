import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeName, encodeName, nameByteLength } from "../../src/wire/utf8.ts";

const text = fc.string({ unit: "binary", maxLength: 100 });

describe("names", () => {
  it("round-trip from any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(encodeName(decodeName(bytes))).toEqual(bytes);
      }),
      {
        numRuns: 2000,
        examples: [
          [Uint8Array.of(0xed, 0xb2, 0x80)],
          [Uint8Array.of(0xf0, 0x9f, 0x98, 0x80, 0x80)],
        ],
      },
    );
  });

  it("are distinct for distinct bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
        expect(decodeName(a) === decodeName(b)).toBe(Buffer.compare(a, b) === 0);
      }),
      { numRuns: 2000 },
    );
  });

  it("agree with UTF-8 where there is any", () => {
    fc.assert(
      fc.property(text, (name) => {
        const bytes = new TextEncoder().encode(name);

        expect(encodeName(name)).toEqual(bytes);
        expect(decodeName(bytes)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it("agree with the platform on what is valid", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const isValid = (bytes: Uint8Array): boolean => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5 }), (bytes) => {
        expect(
          /[\udc80-\udcff]/.test(decodeName(bytes).replace(/[\ud800-\udbff][\udc00-\udfff]/g, "")),
        ).toBe(!isValid(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it("have the length that is told beforehand", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })),
        (name, units) => {
          const odd = name + String.fromCharCode(...units);

          expect(nameByteLength(odd)).toBe(encodeName(odd).length);
        },
      ),
    );
  });

  it("replace lone surrogates that stand for no byte, as the platform does", () => {
    expect(encodeName("\ud800")).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
    expect(encodeName("\udc00")).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
    expect(encodeName("\udc80")).toEqual(Uint8Array.of(0x80));
  });

  it("are decoded from a part of the bytes, long ones too", () => {
    const long = "n".repeat(20_000);

    expect(decodeName(encodeName(`ab${long}cd`), 2, 20_002)).toBe(long);
    expect(decodeName(encodeName(`é${long}é`))).toBe(`é${long}é`);
  });
});
