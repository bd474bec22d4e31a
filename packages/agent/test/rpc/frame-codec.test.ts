import { describe, expect, it } from "vitest";
import { FrameSplitter, requestLimits } from "../../src/rpc/frame-codec.ts";

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

function split(bytes: Uint8Array, limits = requestLimits): string[] {
  const splitter = new FrameSplitter(limits);
  splitter.push(bytes);
  const values: string[] = [];
  for (let value = splitter.next(); value !== undefined; value = splitter.next()) {
    values.push(Buffer.from(value).toString("hex"));
  }
  return values;
}

describe("FrameSplitter", () => {
  it("takes pipelined values apart", () => {
    expect(split(hex("81a756657273696f6e01 c0 a161 93010203"))).toEqual([
      "81a756657273696f6e01",
      "c0",
      "a161",
      "93010203",
    ]);
  });

  it.each([
    ["nil, booleans, small integers", ["c0", "c2", "c3", "7f", "e0"]],
    ["integers", ["cc80", "cd0100", "ce00010000", "cf0000000100000000", "d0df", "d1ff00"]],
    ["wide and negative numbers", ["d2ffff0000", "d3ffffffff00000000", "ca3f800000"]],
    ["floats", ["cb3ff0000000000000"]],
    ["texts", ["a0", "a161", "d90161", "da000161", "db0000000161"]],
    ["byte strings", ["c400", "c40161", "c5000161", "c60000000161"]],
    ["containers", ["90", "80", "9101", "810102", "dc000101", "dd0000000101", "de00010102"]],
    ["wide maps", ["df000000010102", "81a1619280c0"]],
    ["extensions", ["d401aa", "d501aaaa", "d601aaaaaaaa", `d701${"aa".repeat(8)}`]],
    ["wide extensions", [`d801${"aa".repeat(16)}`, "c70101aa", "c8000101aa", "c90000000101aa"]],
  ])("knows where %s end", (_, values) => {
    expect(split(hex(values.join("")))).toEqual(values);
  });

  it("waits within a value, wherever the segment ends", () => {
    const bytes = hex("82a7436f6d6d616e64a76d656d62657273a35365710a");
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const splitter = new FrameSplitter(requestLimits);
      splitter.push(bytes.subarray(0, cut));
      expect(splitter.next()).toBeUndefined();
      expect(splitter.isMidValue).toBe(true);
      splitter.push(bytes.subarray(cut));
      expect(splitter.next()).toEqual(bytes);
      expect(splitter.isMidValue).toBe(false);
    }
  });

  it("refuses 0xc1, which begins no value", () => {
    expect(() => split(hex("c1c1"))).toThrow(expect.objectContaining({ code: "invalid-byte" }));
    expect(() => split(hex("9201c1"))).toThrow(expect.objectContaining({ code: "invalid-byte" }));
  });

  it.each(["db40000000", "c6ffffffff", "ddffffffff", "dfffffffff", "c900100001", "dd00100000"])(
    "refuses the claim %s before anything of it has come",
    (claim) => {
      expect(() => split(hex(claim))).toThrow(expect.objectContaining({ code: "too-large" }));
    },
  );

  it("takes a value of exactly the limit and refuses one byte more", () => {
    const limits = { valueBytesLimit: 100, depthLimit: 2 };
    expect(split(hex(`c462${"aa".repeat(98)}`), limits)).toHaveLength(1);
    expect(() => split(hex("c463"), limits)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  it("counts all items of a value against its limit", () => {
    const limits = { valueBytesLimit: 100, depthLimit: 2 };
    const many = `dc0063${"a161".repeat(99)}`;
    expect(() => split(hex(many), limits)).toThrow(expect.objectContaining({ code: "too-large" }));
  });

  it("takes lists to the depth limit and refuses one deeper", () => {
    expect(split(hex(`${"91".repeat(16)}c0`))).toHaveLength(1);
    expect(() => split(hex(`${"91".repeat(17)}c0`))).toThrow(
      expect.objectContaining({ code: "too-deep" }),
    );
  });

  it("holds no more than the unfinished value", () => {
    const splitter = new FrameSplitter(requestLimits);
    for (let round = 0; round < 1000; round += 1) {
      splitter.push(hex("a161a161a1"));
      expect(splitter.next()).toBeDefined();
      expect(splitter.next()).toBeDefined();
      expect(splitter.next()).toBeUndefined();
      splitter.push(hex("62"));
      expect(splitter.next()).toEqual(hex("a162"));
      expect(splitter.bufferedBytes).toBe(0);
    }
  });
});
