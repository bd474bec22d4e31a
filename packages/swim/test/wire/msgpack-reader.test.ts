import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import { MsgpackFields } from "../../src/wire/msgpack-dialect.ts";
import { MsgpackReader } from "../../src/wire/msgpack-reader.ts";
import { hex, unhex } from "../support/vectors.ts";

function reader(bytes: string): MsgpackReader {
  return new MsgpackReader(unhex(bytes));
}

/** The code of the WireError thrown; any other outcome fails the test. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return "no refusal";
}

describe("MsgpackReader (wire specification §9)", () => {
  it("reads nil as the zero value of everything", () => {
    expect(reader("c0").readString()).toBe("");
    expect(reader("c0").readRaw().length).toBe(0);
    expect(reader("c0").readRawCopy().length).toBe(0);
    expect(reader("c0").readUnsigned(255)).toBe(0);
    expect(reader("c0").readUnsigned64()).toBe(0n);
    expect(reader("c0").readSigned(-1, 1)).toBe(0);
    expect(reader("c0").readSigned64()).toBe(0n);
    expect(reader("c0").readBoolean()).toBe(false);
    expect(reader("c0").readFloat64()).toBe(0);
    expect(reader("c0").readMapHeader()).toBe(0);
    expect(reader("c0").readArrayHeader()).toBe(0);
  });

  it.each([
    "a3616263",
    "d903616263",
    "da0003616263",
    "db00000003616263",
    "c403616263",
    "c50003616263",
    "c600000003616263",
  ])("reads the string %s", (bytes) => {
    expect(reader(bytes).readString()).toBe("abc");
    expect(hex(reader(bytes).readRaw())).toBe("616263");
    expect(hex(reader(bytes).readRawCopy())).toBe("616263");
  });

  it("reads byte strings written as arrays of small integers, but no text", () => {
    expect(hex(reader("9361cc6263").readRaw())).toBe("616263");
    expect(hex(reader("dc00020102").readRawCopy())).toBe("0102");
    expect(refusal(() => reader("9161").readString())).toBe("malformed");
    expect(refusal(() => reader("91cd0100").readRaw())).toBe("out-of-range");
    expect(refusal(() => reader("dd7fffffff01").readRaw())).toBe("truncated");
    expect(refusal(() => reader("93010203").readRaw(2))).toBe("too-large");
  });

  it("takes strings up to a limit", () => {
    expect(reader("a3616263").readString(3)).toBe("abc");
    expect(refusal(() => reader("a3616263").readString(2))).toBe("too-large");
    expect(refusal(() => reader("a3616263").readRaw(2))).toBe("too-large");
    expect(refusal(() => reader("dbffffffff61").readString())).toBe("truncated");
  });

  it.each([
    ["cf0000000000000007", 7],
    ["d00d", 13],
    ["d1000d", 13],
    ["d20000000d", 13],
    ["d3000000000000000d", 13],
    ["ceffffffff", 4_294_967_295],
    ["cf001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ])("reads the unsigned integer %s", (bytes, value) => {
    expect(reader(bytes).readUnsigned(Number.MAX_SAFE_INTEGER)).toBe(value);
    expect(reader(bytes).readUnsigned64()).toBe(BigInt(value));
    expect(reader(bytes).readSigned(0, Number.MAX_SAFE_INTEGER)).toBe(value);
  });

  it.each([
    ["ff", -1n],
    ["d0df", -33n],
    ["d1ff7f", -129n],
    ["d2ffff7fff", -32_769n],
    ["d3ffffffff7fffffff", -2_147_483_649n],
    ["d38000000000000000", -(2n ** 63n)],
    ["d37fffffffffffffff", 2n ** 63n - 1n],
    ["cf7fffffffffffffff", 2n ** 63n - 1n],
    ["d3ffe0000000000000", -(2n ** 53n)],
  ])("reads the signed integer %s", (bytes, value) => {
    expect(reader(bytes).readSigned64()).toBe(value);
    if (value < 0n) expect(refusal(() => reader(bytes).readUnsigned64())).toBe("out-of-range");
  });

  it("checks the range before it makes a number of it", () => {
    expect(reader("cfffffffffffffffff").readUnsigned64()).toBe(2n ** 64n - 1n);
    expect(refusal(() => reader("cfffffffffffffffff").readUnsigned(Number.MAX_SAFE_INTEGER))).toBe(
      "out-of-range",
    );
    expect(refusal(() => reader("cf0020000000000000").readUnsigned(Number.MAX_SAFE_INTEGER))).toBe(
      "out-of-range",
    );
    expect(refusal(() => reader("cfffffffffffffffff").readSigned64())).toBe("out-of-range");
    expect(refusal(() => reader("05").readUnsigned(4))).toBe("out-of-range");
    expect(refusal(() => reader("ff").readUnsigned(255))).toBe("out-of-range");
    expect(refusal(() => reader("03").readSigned(-2, 2))).toBe("out-of-range");
    expect(refusal(() => reader("fd").readSigned(-2, 2))).toBe("out-of-range");
  });

  it("reads floats of both sizes and integers as floats", () => {
    expect(reader("cb3ff8000000000000").readFloat64()).toBe(1.5);
    expect(reader("ca3fc00000").readFloat64()).toBe(1.5);
    expect(reader("cb7ff0000000000000").readFloat64()).toBe(Infinity);
    expect(reader("07").readFloat64()).toBe(7);
    expect(reader("cfffffffffffffffff").readFloat64()).toBe(2 ** 64);
  });

  it("reads 0 and 1 as booleans, and nothing else", () => {
    expect(reader("00").readBoolean()).toBe(false);
    expect(reader("d001").readBoolean()).toBe(true);
    expect(refusal(() => reader("02").readBoolean())).toBe("out-of-range");
    expect(refusal(() => reader("ff").readBoolean())).toBe("out-of-range");
    expect(refusal(() => reader("a131").readBoolean())).toBe("malformed");
  });

  it("refuses floats, strings and booleans as integers", () => {
    for (const bytes of ["cb401c000000000000", "a137", "c3", "90", "80", "c1", "c7"]) {
      expect(refusal(() => reader(bytes).readUnsigned(255))).toBe("malformed");
    }
  });

  it("believes no count that the bytes cannot hold", () => {
    expect(refusal(() => reader("dd7fffffff").readArrayHeader())).toBe("truncated");
    expect(refusal(() => reader("df7fffffff").readMapHeader())).toBe("truncated");
    expect(refusal(() => reader("93c0c0").readArrayHeader())).toBe("truncated");
    expect(reader("93c0c0c0").readArrayHeader()).toBe(3);
  });

  const fields = new MsgpackFields(["Second", "First"]);

  function record(bytes: string): Record<string, number> {
    const found: Record<string, number> = {};
    const source = reader(bytes);
    source.readRecord(fields, (index) => {
      found[fields.names[index] ?? ""] = source.readUnsigned(255);
    });
    return found;
  }

  it("reads a record as a map, in any order, unknown keys skipped", () => {
    expect(record("82a5466972737401a65365636f6e6402")).toEqual({ First: 1, Second: 2 });
    expect(record("82a65365636f6e6402a5466972737401")).toEqual({ First: 1, Second: 2 });
    expect(
      record("83a15881a17993010203a5466972737401c0c0".replace("c0c0", "a65365636f6e6402")),
    ).toEqual({ First: 1, Second: 2 });
  });

  it("reads a record as an array in declaration order", () => {
    expect(record("920201")).toEqual({ First: 1, Second: 2 });
    expect(record("9102")).toEqual({ Second: 2 });
    expect(record("9302019103")).toEqual({ First: 1, Second: 2 });
    expect(record("dc00020201")).toEqual({ First: 1, Second: 2 });
  });

  it("reads nil and an empty map as a record without fields", () => {
    expect(record("c0")).toEqual({});
    expect(record("80")).toEqual({});
  });

  it("lets the last of two equal keys win, nil included", () => {
    expect(record("82a5466972737401a5466972737402")).toEqual({ First: 2 });
    expect(record("82a5466972737401a54669727374c0")).toEqual({ First: 0 });
  });

  it("takes 64 keys in a record, and not 65 (wire specification §13)", () => {
    const keys = (count: number): string =>
      `de00${count.toString(16).padStart(2, "0")}${"a178c0".repeat(count)}`;

    expect(record(keys(64))).toEqual({});
    expect(refusal(() => record(keys(65)))).toBe("too-many");
  });

  it("skips a value 32 levels deep, and refuses one of 33 (wire specification §13)", () => {
    const nested = (depth: number): MsgpackReader => reader(`${"91".repeat(depth - 1)}90`);

    const deep = nested(32);
    deep.skip();
    expect(deep.remaining).toBe(0);
    expect(refusal(() => nested(33).skip())).toBe("too-deep");
    expect(refusal(() => reader(`${"81a178".repeat(33)}c0`).skip())).toBe("too-deep");
  });

  it.each([
    "00",
    "ff",
    "c0",
    "c2",
    "c3",
    "cc01",
    "cd0001",
    "ce00000001",
    "cf0000000000000001",
    "d001",
    "d10001",
    "d200000001",
    "d30000000000000001",
    "ca00000000",
    "cb0000000000000000",
    "a0",
    "a161",
    "d90161",
    "da000161",
    "db0000000161",
    "c40161",
    "c5000161",
    "c60000000161",
    "c7010061",
    "c800010061",
    "c9000000010061",
    "d40061",
    "d5006161",
    "d60061616161",
    "d7006161616161616161",
    `d800${"61".repeat(16)}`,
    "90",
    "9101",
    "dc000101",
    "dd0000000101",
    "80",
    "81a161c0",
    "de0001a161c0",
    "df00000001a161c0",
    "810101",
  ])("skips %s, no byte more and no byte less", (bytes) => {
    const source = reader(`${bytes}2a`);
    source.skip();
    expect(source.readUnsigned(255)).toBe(42);
    for (let cut = 2; cut < bytes.length; cut += 2) {
      expect(refusal(() => reader(bytes.slice(0, bytes.length - cut)).skip())).toBe("truncated");
    }
  });

  it("reads nils at a stretch: up to the limit, the first other value, or the end", () => {
    const source = reader("c0c0c02ac0");
    expect(source.takeNils(2)).toBe(2);
    expect(source.takeNils(9)).toBe(1);
    expect(source.takeNils(9)).toBe(0);
    expect(source.readUnsigned(255)).toBe(42);
    expect(source.takeNils(9)).toBe(1);
    expect(source.takeNils(9)).toBe(0);
  });

  it("refuses the one byte msgpack leaves undefined", () => {
    expect(refusal(() => reader("c1").skip())).toBe("malformed");
    expect(refusal(() => reader("c1").readString())).toBe("malformed");
  });

  it("skips a million values in one go", () => {
    const source = new MsgpackReader(
      Uint8Array.of(0xdd, 0, 0x0f, 0x42, 0x40, ...new Uint8Array(0)),
    );
    expect(refusal(() => source.skip())).toBe("truncated");
    const million = new Uint8Array(5 + 1_000_000).fill(0xc0);
    million.set([0xdd, 0, 0x0f, 0x42, 0x40]);
    const full = new MsgpackReader(million);
    full.skip();
    expect(full.remaining).toBe(0);
  });
});
