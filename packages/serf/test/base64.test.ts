import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Base64Error, decodeBase64, encodeBase64 } from "../src/base64.ts";

function refusedByte(text: string): number | undefined {
  try {
    decodeBase64(text);
    return undefined;
  } catch (error) {
    if (error instanceof Base64Error) return error.inputByte;
    throw error;
  }
}

describe("decodeBase64", () => {
  it.each([
    ["", ""],
    ["AA==", "00"],
    ["AAE=", "0001"],
    ["AAEC", "000102"],
    ["A\nAE\r\nC\n", "000102"],
    ["AA=\n=\n", "00"],
    ["AB==", "00"],
    ["+/+/", "fbffbf"],
  ])("reads %j", (text, hex) => {
    expect(Buffer.from(decodeBase64(text)).toString("hex")).toBe(hex);
  });

  // Each offset as Go's encoding/base64 tells it.
  it.each([
    ["A", 0],
    ["AA", 0],
    ["AAAAA", 4],
    ["AAAAAA", 4],
    ["AAAA=", 4],
    ["=", 0],
    ["A=", 1],
    ["A===", 1],
    ["AA=", 3],
    ["AA=A", 2],
    ["AA==A", 4],
    ["AAA=A", 4],
    ["AAA==", 4],
    ["!AAA", 0],
    ["AA!A", 2],
    ["AAAA-_==", 4],
    ["Aé==", 1],
    ["AAAA AAA", 4],
  ])("refuses %j at byte %i, in Go's words", (text, inputByte) => {
    expect(() => decodeBase64(text)).toThrow(new Base64Error(inputByte));
    expect(new Base64Error(inputByte).message).toBe(
      `illegal base64 data at input byte ${inputByte}`,
    );
  });

  it("agrees with Node on what it accepts, and round-trips every byte string", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const text = encodeBase64(bytes);

        expect(text).toBe(Buffer.from(bytes).toString("base64"));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
  });

  it("reads any text, or throws Base64Error naming a byte of it", () => {
    const almostBase64 = fc.string({ unit: fc.constantFrom(..."AQgw=\n\r/+-é"), maxLength: 24 });
    fc.assert(
      fc.property(almostBase64, (text) => {
        const inputByte = refusedByte(text) ?? 0;

        expect(inputByte).toBeGreaterThanOrEqual(0);
        expect(inputByte).toBeLessThanOrEqual(Buffer.byteLength(text));
      }),
    );
  });
});
