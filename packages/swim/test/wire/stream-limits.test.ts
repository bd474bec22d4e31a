import { describe, expect, it } from "vitest";
import { compressEnvelope } from "../../src/wire/compression.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";
import { encodeStream, StreamReader } from "../../src/wire/stream-frame.ts";
import { defaultWireLimits } from "../../src/wire/wire-limits.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { dialled, outcome, pushPull } from "../support/stream-outcome.ts";
import { unhex } from "../support/vectors.ts";

const mebibyte = 1_048_576;
const key = new Uint8Array(16).fill(1);

const header = (nodes: string, userStateLength: string): string =>
  `0683a44a6f696ec2a54e6f646573${nodes}ac5573657253746174654c656e${userStateLength}`;

describe("StreamReader's limits (wire specification §13)", () => {
  it("refuses a header of too many members or too much user state before a byte of them came", () => {
    expect(outcome(header("ce00100001", "00"))).toBe("too-many");
    expect(outcome(header("ce00989680", "00"))).toBe("too-many");
    expect(outcome(header("00", "ce01400001"))).toBe("too-large");
    expect(outcome(header("00", "ce01c9c380"))).toBe("too-large");
    expect(outcome(header("ff", "00"))).toBe("out-of-range");
    expect(outcome(header("00", "d3ffffffffffffffff"))).toBe("out-of-range");
    // At the limits themselves it waits for what was announced.
    expect(outcome(header("ce00100000", "00"))).toBe("truncated");
    expect(outcome(header("00", "ce01400000"))).toBe("truncated");
  });

  it("refuses a user message above 20 MiB by its header", () => {
    expect(outcome("0881aa557365724d73674c656ece01c9c380")).toBe("too-large");
    expect(outcome("0881aa557365724d73674c656ece01400001")).toBe("too-large");
    expect(outcome("0881aa557365724d73674c656ece01400000")).toBe("truncated");
  });

  it("allocates nothing for what is only announced", () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = [
      header("ce00100000", "ce01400000"),
      "0881aa557365724d73674c656ece01400000",
    ].flatMap((bytes) =>
      Array.from({ length: 100 }, () => {
        const reader = new StreamReader(packetSettings(), "acceptor");
        reader.push(unhex(bytes));
        return reader;
      }),
    );
    const frame = new StreamReader(packetSettings({ keys: [key] }), "acceptor");
    frame.push(unhex("0a01400000"));

    expect(readers.length).toBe(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mebibyte);
  });

  it("takes a push-pull of the total size, and not one byte more", () => {
    const bytes = dialled(pushPull(10, 100));
    const limit = (pushPullBytes: number): PacketSettings =>
      packetSettings({ limits: { pushPullBytes } });

    // The type byte is not counted.
    expect(outcome(bytes, limit(bytes.length - 1))).toBe("push-pull");
    expect(outcome(bytes, limit(bytes.length - 2))).toBe("too-large");
    expect(outcome(compressEnvelope(bytes), limit(bytes.length - 2))).toBe("too-large");
  });

  it("takes a record of its size, and not one byte more", () => {
    const error = encodeStream({ kind: "error", error: "x".repeat(30) }, packetSettings(), {
      role: "acceptor",
      compress: false,
    });

    expect(
      outcome(error, packetSettings({ limits: { recordBytes: error.length - 1 } }), "dialler"),
    ).toBe("error");
    expect(
      outcome(error, packetSettings({ limits: { recordBytes: error.length - 2 } }), "dialler"),
    ).toBe("too-large");
    expect(outcome(`0081a158db7fffffff${"00".repeat(65_536)}`)).toBe("too-large");
  });

  it("takes an encrypted frame and a compressed message of its size, and not one byte more", () => {
    const sealed = dialled(pushPull(3), packetSettings({ keys: [key] }));
    const compressed = compressEnvelope(dialled(pushPull(3)));
    const limit = (frameBytes: number, keys: Uint8Array[] = []): PacketSettings =>
      packetSettings({ keys, limits: { frameBytes } });

    expect(outcome(sealed, limit(sealed.length - 5, [key]))).toBe("push-pull");
    expect(outcome(sealed, limit(sealed.length - 6, [key]))).toBe("too-large, answered");
    expect(outcome(compressed, limit(compressed.length))).toBe("push-pull");
    expect(outcome(compressed, limit(compressed.length - 1))).toBe("too-large, answered");
    expect(defaultWireLimits.frameBytes).toBe(20 * mebibyte);
  });

  it("expands a compressed message to its limit, and to no byte more", () => {
    const bytes = dialled({ kind: "user", payload: new Uint8Array(1000) });
    const limit = (decompressedBytes: number): PacketSettings =>
      packetSettings({ limits: { decompressedBytes } });

    expect(outcome(compressEnvelope(bytes), limit(bytes.length))).toBe("user");
    expect(outcome(compressEnvelope(bytes), limit(bytes.length - 1))).toBe("too-large, answered");
    expect(defaultWireLimits.decompressedBytes).toBe(40 * mebibyte);
  });

  it("checks the limits of a body again once it is decompressed", () => {
    expect(outcome(compressEnvelope(unhex(header("ce00989680", "00"))))).toBe("too-many");
    expect(outcome(compressEnvelope(unhex("0881aa557365724d73674c656ece01c9c380")))).toBe(
      "too-large",
    );
  });

  it("cuts a received error text at 1 KiB", () => {
    const reader = new StreamReader(packetSettings(), "dialler");

    reader.push(unhex(`0d81a54572726f72da0800${"78".repeat(2048)}`));

    expect(reader.message()).toEqual({ kind: "error", error: "x".repeat(1024) });
  });

  it("looks at each byte once: a sender of single bytes gains nothing", () => {
    // An envelope with a million values that come one by one. Starting over at each would take
    // 5·10¹¹ steps, which no test outlives.
    const reader = new StreamReader(packetSettings(), "acceptor");
    const value = Uint8Array.of(0xc0);

    reader.push(unhex("0981a158dd000f4240"));
    for (let i = 1; i < 1_000_000; i += 1) reader.push(value);

    expect(reader.message()).toBeUndefined();
    expect(() => reader.push(value)).toThrow(expect.objectContaining({ code: "truncated" }));
  });
});
