import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commandCodecs,
  decodeRequestHeader,
  isResponseHeader,
  requestHeader,
  responseHeader,
} from "../../src/rpc/command.ts";
import * as codec from "../../src/rpc/record-codec.ts";
import { decodeValue, encodeValue } from "../../src/rpc/record-codec.ts";
import { RpcWireError } from "../../src/rpc/wire-error.ts";

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const queryCodec = commandCodecs.query.request;
const eventCodec = commandCodecs.event.request;

describe("record codec (RPC specification §2 and §13)", () => {
  it("writes the recorded query to the byte", () => {
    const bytes = encodeValue(queryCodec, {
      FilterNodes: ["n1"],
      FilterTags: { role: "x.*" },
      RequestAck: true,
      RelayFactor: 3,
      Timeout: 15_000_000_000n,
      Name: "q",
      Payload: new TextEncoder().encode("pay"),
    });

    expect(toHex(bytes)).toBe(
      "87ab46696c7465724e6f64657391a26e31aa46696c7465725461677381a4726f6c65a3782e2aa44e616d65a171" +
        "a75061796c6f6164c403706179ab52656c6179466163746f7203aa5265717565737441636bc3" +
        "a754696d656f7574cf000000037e11d600",
    );
  });

  it("writes the recorded headers to the byte", () => {
    expect(toHex(encodeValue(requestHeader, { Command: "handshake", Seq: 1n }))).toBe(
      "82a7436f6d6d616e64a968616e647368616b65a353657101",
    );
    expect(toHex(encodeValue(responseHeader, { Seq: 1n, Error: "" }))).toBe(
      "82a54572726f72a0a353657101",
    );
  });

  it.each([
    ["00", 0n],
    ["7f", 127n],
    ["cc80", 128n],
    ["cdffff", 65_535n],
    ["ceffffffff", 4_294_967_295n],
    ["cf0000000100000000", 4_294_967_296n],
    ["cf0020000000000001", 9_007_199_254_740_993n],
    ["cfffffffffffffffff", 18_446_744_073_709_551_615n],
  ])("writes and reads the number %s", (bytes, value) => {
    expect(toHex(encodeValue(codec.uint64, value))).toBe(bytes);
    expect(decodeValue(codec.uint64, hex(bytes))).toBe(value);
  });

  it.each([
    ["ff", -1n],
    ["d0df", -33n],
    ["d1ff7f", -129n],
    ["d2ffff7fff", -32_769n],
    ["d3ffffffff7fffffff", -2_147_483_649n],
  ])("writes and reads the negative number %s", (bytes, value) => {
    expect(toHex(encodeValue(codec.int64, value))).toBe(bytes);
    expect(decodeValue(codec.int64, hex(bytes))).toBe(value);
  });

  it("takes signed forms of a positive number, as newer agents send them", () => {
    expect(decodeValue(codec.int32, hex("d10080"))).toBe(128);
    expect(decodeValue(codec.uint64, hex("d30000000000000007"))).toBe(7n);
  });

  it("takes bin for a text and str for bytes", () => {
    const record = hex("82 c4044e616d65 c40378797a a75061796c6f6164 a3706179");

    expect(decodeValue(eventCodec, record)).toEqual({
      Name: "xyz",
      Payload: new TextEncoder().encode("pay"),
      Coalesce: false,
    });
  });

  it("takes a list of small numbers for bytes, and nil for everything", () => {
    expect(decodeValue(codec.bytes, hex("9301ccff00"))).toEqual(Uint8Array.of(1, 255, 0));
    expect(decodeValue(eventCodec, hex("c0"))).toEqual({
      Name: "",
      Payload: null,
      Coalesce: false,
    });
    expect(decodeValue(queryCodec, hex("81a754696d656f7574c0")).Timeout).toBe(0n);
  });

  it("takes 0 and 1 for a boolean, and integers for a float", () => {
    expect(decodeValue(codec.boolean, hex("01"))).toBe(true);
    expect(decodeValue(codec.float64, hex("05"))).toBe(5);
    expect(decodeValue(codec.float64, hex("ca3f800000"))).toBe(1);
  });

  it("takes a record as a list in declaration order, longer or shorter", () => {
    const longer = encode(["deploy", new Uint8Array([1]), true, "unknown"]);

    expect(decodeValue(eventCodec, longer)).toEqual({
      Name: "deploy",
      Payload: Uint8Array.of(1),
      Coalesce: true,
    });
    expect(decodeValue(eventCodec, encode(["deploy"])).Coalesce).toBe(false);
  });

  it("skips unknown fields of any kind, nested ones and such without a name too", () => {
    const bytes = hex("84 a3466f6f 81a16191c3 01 c0 9102 80 a44e616d65 a178");

    expect(decodeValue(eventCodec, bytes).Name).toBe("x");
  });

  it.each([
    ["a float for an integer", codec.uint64, "cb3ff0000000000000", "wrong-type"],
    ["a negative number for an unsigned one", codec.uint64, "ff", "out-of-range"],
    ["256 for a byte", codec.uint8, "cd0100", "out-of-range"],
    ["2 for a boolean", codec.boolean, "02", "out-of-range"],
    ["a number for a text", codec.text, "01", "wrong-type"],
    ["a map for a list", codec.list(codec.text), "80", "wrong-type"],
    ["a value that ends early", codec.text, "a361", "truncated"],
    ["a list longer than its bytes", codec.list(codec.text), "ddffffffff", "truncated"],
  ])("refuses %s", (_, each, bytes, code) => {
    expect(() => decodeValue<unknown>(each, hex(bytes))).toThrow(expect.objectContaining({ code }));
  });

  it("sorts the keys of maps by their bytes", () => {
    const bytes = encodeValue(codec.textMap(codec.text), {
      "😀": "1",
      "\uffff": "2",
      b: "3",
      ab: "4",
      a: "5",
      Z: "6",
    });

    expect(Object.keys(decode(bytes) as object)).toEqual(["Z", "a", "ab", "b", "\uffff", "😀"]);
  });

  it("keeps a key named __proto__ a key", () => {
    const map = decodeValue(codec.textMap(codec.text), hex("81a95f5f70726f746f5f5fa178"));

    expect(Object.entries(map)).toEqual([["__proto__", "x"]]);
  });

  it("refuses to write a number that has lost its digits", () => {
    expect(() => encodeValue(codec.int53, 2 ** 60)).toThrow(RangeError);
    expect(() => encodeValue(codec.uint64, 1n << 64n)).toThrow(RangeError);
  });

  it("agrees with another codec about every event request", () => {
    const request = fc.record({
      Name: fc.string({ unit: "grapheme", maxLength: 400 }),
      Payload: fc.option(fc.uint8Array({ maxLength: 300 })),
      Coalesce: fc.boolean(),
    });
    fc.assert(
      fc.property(request, (value) => {
        const bytes = encodeValue(eventCodec, value);
        expect(decode(bytes)).toEqual(value);
        expect(decodeValue(eventCodec, encode(value))).toEqual(value);
      }),
    );
  });

  it.each([31, 32, 255, 256, 65_535, 65_536])(
    "agrees with another codec about %i bytes",
    (size) => {
      const value = { Name: "x".repeat(size), Payload: new Uint8Array(size), Coalesce: true };

      const bytes = encodeValue(eventCodec, value);

      expect(Buffer.compare(bytes, encode(value, { sortKeys: true }))).toBe(0);
      expect(decodeValue(eventCodec, bytes).Payload).toHaveLength(size);
    },
  );

  it("either reads any bytes as any record or throws RpcWireError", () => {
    const codecs = Object.values(commandCodecs).flatMap(({ request, response }) =>
      [request, response].filter((each) => each !== null),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...codecs), (bytes, each) => {
        try {
          decodeValue<unknown>(each, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcWireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("decodeRequestHeader", () => {
  const previous = { Command: "members", Seq: 7n };

  it("keeps the previous value of a missing key (RPC specification §2, last rule)", () => {
    expect(decodeRequestHeader(encode({ Command: "stats" }), previous)).toEqual({
      Command: "stats",
      Seq: 7n,
      namesNothing: false,
    });
    expect(decodeRequestHeader(encode({ Seq: 9 }), previous)).toEqual({
      Command: "members",
      Seq: 9n,
      namesNothing: false,
    });
  });

  it("is case-sensitive", () => {
    const header = decodeRequestHeader(encode({ command: "stats", seq: 1 }), previous);

    expect(header).toEqual({ Command: "members", Seq: 7n, namesNothing: true });
  });

  it("takes the positional form", () => {
    expect(decodeRequestHeader(encode(["stats", 3]), previous)).toMatchObject({
      Command: "stats",
      Seq: 3n,
    });
  });
});

describe("isResponseHeader", () => {
  it("tells a header from the bodies that may follow one", () => {
    expect(isResponseHeader(encode({ Error: "", Seq: 1 }))).toBe(true);
    expect(isResponseHeader(encode({ Members: [] }))).toBe(false);
    expect(isResponseHeader(encode({ agent: { name: "Seq" } }))).toBe(false);
    expect(isResponseHeader(encode(null))).toBe(false);
  });
});
