import { describe, expect, it } from "vitest";
import { encodeKey } from "../../src/wire/msgpack-dialect.ts";
import { MsgpackWriter } from "../../src/wire/msgpack-writer.ts";
import { hex } from "../support/vectors.ts";

function written(write: (writer: MsgpackWriter) => void): string {
  const writer = new MsgpackWriter();
  write(writer);
  return hex(writer.finish());
}

describe("MsgpackWriter (wire specification §9)", () => {
  it.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [4_294_967_295, "ceffffffff"],
    [4_294_967_296, "cf0000000100000000"],
    [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
  ])("writes the unsigned integer %d as %s", (value, bytes) => {
    expect(written((writer) => writer.writeUnsigned(value))).toBe(bytes);
    expect(written((writer) => writer.writeUnsigned64(BigInt(value)))).toBe(bytes);
  });

  it.each([
    [2n ** 53n, "cf0020000000000000"],
    [2n ** 64n - 1n, "cfffffffffffffffff"],
  ])("writes the unsigned integer %d as %s", (value, bytes) => {
    expect(written((writer) => writer.writeUnsigned64(value))).toBe(bytes);
  });

  it.each([
    [0, "00"],
    [127, "7f"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [128, "d10080"],
    [200, "d100c8"],
    [-129, "d1ff7f"],
    [32_767, "d17fff"],
    [-32_768, "d18000"],
    [32_768, "d200008000"],
    [-32_769, "d2ffff7fff"],
    [2_147_483_647, "d27fffffff"],
    [-2_147_483_648, "d280000000"],
    [2_147_483_648, "d30000000080000000"],
    [-2_147_483_649, "d3ffffffff7fffffff"],
  ])("writes the signed integer %d as %s", (value, bytes) => {
    expect(written((writer) => writer.writeSigned(value))).toBe(bytes);
    expect(written((writer) => writer.writeSigned(BigInt(value)))).toBe(bytes);
  });

  it.each([
    [2n ** 63n - 1n, "d37fffffffffffffff"],
    [-(2n ** 63n), "d38000000000000000"],
  ])("writes the signed integer %d as %s", (value, bytes) => {
    expect(written((writer) => writer.writeSigned(value))).toBe(bytes);
  });

  it("refuses numbers no form can hold", () => {
    const writer = new MsgpackWriter();

    for (const value of [-1, 1.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(() => writer.writeUnsigned(value)).toThrow(RangeError);
    }
    for (const value of [-1n, 2n ** 64n])
      expect(() => writer.writeUnsigned64(value)).toThrow(RangeError);
    for (const value of [1.5, Number.NaN, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n]) {
      expect(() => writer.writeSigned(value)).toThrow(RangeError);
    }
    expect(() => writer.writeMapHeader(-1)).toThrow(RangeError);
    expect(() => writer.writeArrayHeader(2 ** 32)).toThrow(RangeError);
    expect(writer.length).toBe(0);
  });

  it.each([
    [0, "a0", 1],
    [31, "bf", 1],
    [32, "da0020", 3],
    [65_535, "daffff", 3],
    [65_536, "db00010000", 5],
  ])(
    "writes %i bytes and %i characters as old raw, never as str8 or bin",
    (length, header, headerBytes) => {
      const raw = written((writer) => writer.writeRaw(new Uint8Array(length).fill(0x61)));
      const text = written((writer) => writer.writeString("a".repeat(length)));

      expect(raw.slice(0, 2 * headerBytes)).toBe(header);
      expect(raw.length).toBe(2 * (headerBytes + length));
      expect(text).toBe(raw);
    },
  );

  it("writes text that is short in characters and long in bytes", () => {
    expect(written((writer) => writer.writeString("é".repeat(20)))).toBe(
      `da0028${"c3a9".repeat(20)}`,
    );
    expect(written((writer) => writer.writeString("aé"))).toBe("a361c3a9");
    expect(written((writer) => writer.writeString("\udcff"))).toBe("a1ff");
  });

  it("tells absent from empty", () => {
    expect(written((writer) => writer.writeRaw(undefined))).toBe("c0");
    expect(written((writer) => writer.writeRaw(new Uint8Array(0)))).toBe("a0");
  });

  it("writes headers, booleans, nil and floats", () => {
    expect(written((writer) => writer.writeMapHeader(15))).toBe("8f");
    expect(written((writer) => writer.writeMapHeader(16))).toBe("de0010");
    expect(written((writer) => writer.writeMapHeader(65_536))).toBe("df00010000");
    expect(written((writer) => writer.writeArrayHeader(15))).toBe("9f");
    expect(written((writer) => writer.writeArrayHeader(512))).toBe("dc0200");
    expect(written((writer) => writer.writeArrayHeader(65_536))).toBe("dd00010000");
    expect(written((writer) => writer.writeBoolean(true))).toBe("c3");
    expect(written((writer) => writer.writeBoolean(false))).toBe("c2");
    expect(written((writer) => writer.writeNil())).toBe("c0");
    expect(written((writer) => writer.writeFloat64(1.5))).toBe("cb3ff8000000000000");
    expect(written((writer) => writer.writeKey(encodeKey("SeqNo")))).toBe("a55365714e6f");
  });

  it("never touches a message again that it handed out", () => {
    const writer = new MsgpackWriter();
    const messages: Uint8Array[] = [];
    const lengths = [1, 100, 3000, 5, 9000, 20_000, 2, 2048, 8000, 700, 70_000, 3];

    for (const [i, length] of lengths.entries()) {
      writer.writeBytes(new Uint8Array(length).fill(i));
      messages.push(writer.finish());
    }

    expect(messages.map((message) => [message.length, new Set(message).size])).toEqual(
      lengths.map((length) => [length, 1]),
    );
    expect(messages.map((message) => message[0])).toEqual([...lengths.keys()]);
  });

  it("forgets what was begun and not finished", () => {
    const writer = new MsgpackWriter();
    writer.writeString("lost");

    writer.reset();
    writer.writeUnsigned(1);

    expect(hex(writer.finish())).toBe("01");
  });

  it("writes nils at a stretch, beyond its slab as well", () => {
    expect(written((writer) => writer.writeNils(3))).toBe("c0c0c0");
    expect(written((writer) => writer.writeNils(0))).toBe("");
    expect(written((writer) => writer.writeNils(20_000))).toBe("c0".repeat(20_000));
  });

  it("keeps no small message alive by a large slab", () => {
    const writer = new MsgpackWriter();
    writer.writeBytes(new Uint8Array(10_000_000));
    writer.finish();

    writer.writeUnsigned(1);

    expect(writer.finish().buffer.byteLength).toBeLessThanOrEqual(8192);
  });
});

describe("encodeKey", () => {
  it("refuses a name that needs a longer header", () => {
    expect(() => encodeKey("x".repeat(32))).toThrow("a field name has at most 31 bytes, not 32");
  });
});
