import { describe, expect, it } from "vitest";
import { compressEnvelope } from "../../src/wire/compression.ts";
import { WireError } from "../../src/wire/errors.ts";
import type { PushPullMessage, PushPullNode, StreamMessage } from "../../src/wire/message.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";
import { encodeStream, errorReply, StreamReader } from "../../src/wire/stream-frame.ts";
import type { StreamRole } from "../../src/wire/stream-body.ts";
import { defaultWireLimits } from "../../src/wire/wire-limits.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { hex, unhex } from "../support/vectors.ts";

const mebibyte = 1_048_576;
const key = new Uint8Array(16).fill(1);
const otherKey = new Uint8Array(32).fill(2);

const node: PushPullNode = {
  name: "a",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: new Uint8Array(0),
  incarnation: 1,
  state: 0,
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
};

function pushPull(nodeCount: number, userStateBytes = 0): PushPullMessage {
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({ ...node, name: `member-${i}` }));
  return {
    kind: "push-pull",
    isJoin: true,
    nodes,
    userState: new Uint8Array(userStateBytes).fill(7),
  };
}

function dialled(
  message: StreamMessage,
  settings = packetSettings(),
  compress = false,
): Uint8Array {
  return encodeStream(message, settings, { role: "dialler", compress });
}

/** What a reader makes of bytes and, after them, of the end: the kind of message, or the code and whether it is answered. */
function outcome(
  bytes: Uint8Array | string,
  settings: PacketSettings = packetSettings(),
  role: StreamRole = "acceptor",
): string {
  const reader = new StreamReader(settings, role);
  try {
    reader.push(typeof bytes === "string" ? unhex(bytes) : bytes);
    reader.end();
    return reader.message()?.kind ?? "nothing";
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return reader.needsErrorReply(error) ? `${error.code}, answered` : error.code;
  }
}

const header = (nodes: string, userStateLength: string): string =>
  `0683a44a6f696ec2a54e6f646573${nodes}ac5573657253746174654c656e${userStateLength}`;

describe("encodeStream (wire specification §2, §11)", () => {
  it("sends the label with the dialler's message only", () => {
    const blue = packetSettings({ label: "blue" });
    const ack = { kind: "ack", sequenceNumber: 1, payload: new Uint8Array(0) } as const;

    expect(hex(encodeStream(ack, blue, { role: "dialler", compress: false }))).toMatch(
      /^f404626c756502/,
    );
    expect(hex(encodeStream(ack, blue, { role: "acceptor", compress: false }))).toMatch(/^02/);
  });

  it("compresses only what gets shorter", () => {
    expect(dialled(pushPull(100), packetSettings(), true)[0]).toBe(9);
    expect(dialled(pushPull(0), packetSettings(), true)[0]).toBe(6);
  });

  it("refuses a user message above 20 MiB, and cuts an error text at 1 KiB", () => {
    const limits = { userMessageBytes: 100, errorTextBytes: 10 };
    const settings = packetSettings({ limits });

    expect(
      outcome(dialled({ kind: "user", payload: new Uint8Array(100) }, settings), settings),
    ).toBe("user");
    expect(() => dialled({ kind: "user", payload: new Uint8Array(101) }, settings)).toThrow(
      "a user message has at most 100 bytes, not 101",
    );
    const reply = encodeStream({ kind: "error", error: "x".repeat(11) }, settings, {
      role: "acceptor",
      compress: false,
    });
    expect(hex(reply)).toBe(`0d81a54572726f72aa${"78".repeat(10)}`);
    expect(defaultWireLimits.userMessageBytes).toBe(20 * mebibyte);
    expect(defaultWireLimits.errorTextBytes).toBe(1024);
  });
});

describe("StreamReader", () => {
  it("knows by itself when the message is complete, and ignores what follows", () => {
    const reader = new StreamReader(packetSettings(), "acceptor");
    const bytes = dialled(pushPull(2, 5));

    reader.push(bytes.subarray(0, bytes.length - 1));
    expect(reader.message()).toBeUndefined();
    reader.push(Uint8Array.of(...bytes.subarray(bytes.length - 1), 0xc1, 0xc1));
    expect(reader.message()).toEqual(pushPull(2, 5));
    reader.push(unhex("c1c1c1"));
    reader.end();

    expect(reader.message()).toEqual(pushPull(2, 5));
  });

  it("takes requests from a dialler and replies from an acceptor, and nothing else (wire specification §1)", () => {
    const ack = "0282a75061796c6f6164c0a55365714e6f01";
    const ping = "0082a44e6f6465a162a55365714e6f01";

    expect(outcome(ping)).toBe("ping");
    expect(outcome(ack, packetSettings(), "dialler")).toBe("ack");
    expect(outcome("0d81a54572726f72a4626f6f6d", packetSettings(), "dialler")).toBe("error");
    expect(outcome(ack)).toBe("misplaced-type");
    expect(outcome("0d81a54572726f72a4626f6f6d")).toBe("misplaced-type");
    expect(outcome(ping, packetSettings(), "dialler")).toBe("misplaced-type");
    expect(outcome("0881aa557365724d73674c656e00", packetSettings(), "dialler")).toBe(
      "misplaced-type",
    );
    expect(outcome("f40161", packetSettings(), "dialler")).toBe("unknown-type");
    for (const type of ["01", "03", "04", "05", "07", "0b", "0c", "63"]) {
      expect(outcome(`${type}80`)).toBe("unknown-type");
    }
  });

  it("closes silently on an empty stream and a wrong label (wire specification §11.4)", () => {
    const blue = packetSettings({ label: "blue" });

    expect(outcome("")).toBe("empty");
    expect(outcome("f404626c7565", blue)).toBe("empty");
    expect(outcome("f404626c", blue)).toBe("truncated");
    expect(outcome("f4", blue)).toBe("truncated");
    expect(outcome("f400", blue)).toBe("label-invalid");
    expect(outcome(dialled(pushPull(0), packetSettings({ label: "red" })), blue)).toBe(
      "label-mismatch",
    );
    expect(outcome(dialled(pushPull(0)), blue)).toBe("label-mismatch");
    expect(outcome(dialled(pushPull(0), blue))).toBe("label-mismatch");
    expect(
      outcome(
        dialled(pushPull(0), blue),
        packetSettings({ label: "blue", skipInboundLabelCheck: true }),
      ),
    ).toBe("label-mismatch");
    expect(
      outcome(dialled(pushPull(0)), packetSettings({ label: "blue", skipInboundLabelCheck: true })),
    ).toBe("push-pull");
  });

  it("answers what is wrong with the encryption (wire specification §4.3)", () => {
    const sealed = packetSettings({ keys: [key] });
    const request = dialled(pushPull(1), sealed);

    expect(outcome(request, packetSettings({ keys: [otherKey, key] }))).toBe("push-pull");
    expect(outcome(request)).toBe("no-key, answered");
    expect(outcome(request, packetSettings({ keys: [otherKey] }))).toBe("undecryptable, answered");
    expect(outcome(dialled(pushPull(1)), sealed)).toBe("not-encrypted, answered");
    expect(
      outcome(dialled(pushPull(1)), packetSettings({ keys: [key], verifyIncoming: false })),
    ).toBe("push-pull");
    expect(outcome("0a0140000102", sealed)).toBe("too-large, answered");
    expect(outcome("0a00000000", sealed)).toBe("empty, answered");
    expect(outcome("0a0000000102", sealed)).toBe("unknown-algorithm, answered");
    expect(outcome(request.subarray(0, 40), sealed)).toBe("truncated");
    // There is no way back to plaintext once a frame was begun.
    expect(outcome(request, packetSettings({ keys: [otherKey], verifyIncoming: false }))).toBe(
      "undecryptable, answered",
    );
  });

  it("answers nobody as a dialler", () => {
    expect(outcome(dialled(pushPull(1)), packetSettings({ keys: [key] }), "dialler")).toBe(
      "not-encrypted",
    );
  });

  it("binds both directions to the label (wire specification §3)", () => {
    const blue = packetSettings({ label: "blue", keys: [key] });
    const reply = encodeStream(pushPull(1), blue, { role: "acceptor", compress: false });

    expect(outcome(reply, blue, "dialler")).toBe("push-pull");
    expect(outcome(reply, packetSettings({ label: "red", keys: [key] }), "dialler")).toBe(
      "undecryptable",
    );
  });

  it("answers what is wrong with the compression, and takes it once", () => {
    const twice = compressEnvelope(compressEnvelope(dialled(pushPull(0))));

    expect(outcome(compressEnvelope(dialled(pushPull(3))))).toBe("push-pull");
    expect(outcome("0982a4416c676f03a3427566a101")).toBe("unknown-algorithm, answered");
    expect(outcome("0982a4416c676f00a3427566a3ffffff")).toBe("malformed, answered");
    expect(outcome("0982a4416c676f00a3427566a3000302")).toBe("empty, answered");
    expect(outcome("09a161")).toBe("malformed, answered");
    expect(outcome(twice)).toBe("misplaced-type");
    expect(outcome(compressEnvelope(unhex("0a0000001d")))).toBe("misplaced-type");
    expect(outcome("0982a4416c676f00a3427566a30003")).toBe("truncated");
  });

  it("does not wait for more once an envelope was opened", () => {
    const cut = dialled(pushPull(2)).subarray(0, 50);

    expect(outcome(compressEnvelope(cut))).toBe("truncated");
    const frame = encodeStream({ kind: "error", error: "" }, packetSettings(), {
      role: "acceptor",
      compress: false,
    });
    expect(outcome(compressEnvelope(frame.subarray(0, 3)), packetSettings(), "dialler")).toBe(
      "truncated",
    );
  });

  it("throws the same error at every later call, and keeps no bytes", () => {
    const reader = new StreamReader(packetSettings(), "acceptor");

    expect(() => reader.push(unhex("63"))).toThrow(WireError);
    expect(() => reader.push(unhex("00"))).toThrow(
      expect.objectContaining({ code: "unknown-type" }),
    );
    expect(() => reader.advance(1)).toThrow(expect.objectContaining({ code: "unknown-type" }));
    expect(() => reader.end()).toThrow(expect.objectContaining({ code: "unknown-type" }));
    expect(reader.message()).toBeUndefined();
  });

  it("leaves impossible members out and keeps the others (wire specification §13)", () => {
    const reader = new StreamReader(packetSettings(), "acceptor");
    const nodes = [
      node,
      { ...node, name: "" },
      { ...node, meta: new Uint8Array(513) },
      { ...node, state: 9 },
      { ...node, name: "b" },
    ];

    reader.push(dialled({ ...pushPull(0, 3), nodes }));

    expect(reader.message()).toEqual({ ...pushPull(0, 3), nodes: [node, { ...node, name: "b" }] });
    expect(reader.rejectedNodeCount).toBe(3);
  });

  it("decodes a large push-pull in slices", () => {
    const message = pushPull(2500, 10);
    const reader = new StreamReader(packetSettings(), "acceptor");
    let slices = 1;

    reader.push(dialled(message, packetSettings(), true), 1000);
    expect(reader.hasMore).toBe(true);
    expect(reader.message()).toBeUndefined();
    while (reader.advance(1000)) slices += 1;

    expect(slices).toBe(2);
    expect(reader.hasMore).toBe(false);
    expect(reader.message()).toEqual(message);
  });

  it("decodes in slices what the other side has finished writing", () => {
    const bytes = dialled(pushPull(30));
    const whole = new StreamReader(packetSettings(), "acceptor");
    whole.push(bytes, 10);
    whole.end();
    while (whole.advance(10));
    expect(whole.message()).toEqual(pushPull(30));

    const cut = new StreamReader(packetSettings(), "acceptor");
    cut.push(bytes.subarray(0, bytes.length - 1), 10);
    cut.end();
    expect(() => {
      while (cut.advance(10));
    }).toThrow(expect.objectContaining({ code: "truncated" }));
  });

  it("completes a ping of the wrong form with an error and without an answer", () => {
    expect(outcome("0082a44e6f6465a162a55365714e6fff")).toBe("out-of-range");
    expect(outcome("0081aa536f7572636541646472a3010203")).toBe("invalid-field");
  });
});

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

describe("errorReply", () => {
  it("says what is wrong with the request, in few words", () => {
    const reply = errorReply(
      new WireError("no-key", "the message is encrypted, but encryption is not configured here"),
    );

    expect(reply).toEqual({
      kind: "error",
      error: "the message is encrypted, but encryption is not configured here",
    });
  });
});
