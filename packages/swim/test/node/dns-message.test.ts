import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAddresses, DnsMessageError, encodeAnyQuestion } from "../../src/node/dns-message.ts";

describe("encodeAnyQuestion", () => {
  it("asks for every record of the name, with or without the final dot (RFC 1035 §4.1)", () => {
    const header = "12340100" + "0001" + "000000000000";
    const question = "02" + hex("db") + "04" + hex("test") + "00" + "00ff" + "0001";

    expect(encodeAnyQuestion(0x1234, "db.test.")).toEqual(bytesOf(header + question));
    expect(encodeAnyQuestion(0x1234, "db.test")).toEqual(bytesOf(header + question));
  });

  it.each([
    "a..b",
    "",
    ".",
    `${"a".repeat(64)}.test`,
    `${"abc.".repeat(64)}test`,
    "a b.test",
    "é.test",
  ])("refuses %j", (name) => {
    expect(() => encodeAnyQuestion(1, name)).toThrow(DnsMessageError);
  });
});

describe("decodeAddresses", () => {
  const question = [1, 0x78, 0, 0, 255, 0, 1];
  const answer = (flags: number[], counts: number[], ...rest: number[]): Uint8Array =>
    Uint8Array.of(0, 7, ...flags, ...counts, 0, 0, 0, 0, ...rest);

  it("takes A and AAAA answers in order and skips the others", () => {
    const cname = "c00c" + "0005" + "0001" + "00000001" + "0002" + "c00c";
    const a = "c00c" + "0001" + "0001" + "00000001" + "0004" + "0a000001";
    const aaaa = "017900" + "001c" + "0001" + "00000001" + "0010" + `fd${"00".repeat(14)}01`;
    const bytes = answer([0x81, 0x80], [0, 1, 0, 3], ...question, ...bytesOf(cname + a + aaaa));

    expect(decodeAddresses(bytes, 7)).toEqual(["10.0.0.1", "fd00::1"]);
  });

  it.each([
    ["another id", answer([0x81, 0x80], [0, 0, 0, 0]), 8],
    ["a question instead of an answer", answer([0x01, 0x00], [0, 0, 0, 0]), 7],
    ["no such host", answer([0x81, 0x83], [0, 0, 0, 0]), 7],
    [
      "a record cut off",
      answer([0x81, 0x80], [0, 0, 0, 1], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10),
      7,
    ],
    ["a count that lies", answer([0x81, 0x80], [0xff, 0xff, 0xff, 0xff]), 7],
    ["an unknown kind of label", answer([0x81, 0x80], [0, 1, 0, 0], 0x80, 0, 0, 0, 0), 7],
  ])("refuses %s", (_title, bytes, id) => {
    expect(() => decodeAddresses(bytes, id)).toThrow(DnsMessageError);
  });

  it("either decodes or throws its own error, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const bytes = answer([0x81, 0x80], [0, 1, 0, 9], ...tail);
        expect(outcome(() => decodeAddresses(bytes, 7))).toBe("fine");
      }),
    );
  });
});

function bytesOf(hexText: string): Uint8Array {
  return new Uint8Array(Buffer.from(hexText, "hex"));
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** Both an answer and the module's own refusal are fine; anything else is a defect. */
function outcome(decode: () => unknown): unknown {
  try {
    return Array.isArray(decode()) ? "fine" : "no list";
  } catch (error) {
    return error instanceof DnsMessageError ? "fine" : error;
  }
}
