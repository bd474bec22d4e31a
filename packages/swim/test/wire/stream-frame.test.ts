import { describe, expect, it } from "vitest";
import { compressEnvelope } from "../../src/wire/compression.ts";
import { WireError } from "../../src/wire/errors.ts";
import { encodeStream, errorReply, StreamReader } from "../../src/wire/stream-frame.ts";
import { defaultWireLimits } from "../../src/wire/wire-limits.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { dialled, node, outcome, pushPull } from "../support/stream-outcome.ts";
import { hex, unhex } from "../support/vectors.ts";

const mebibyte = 1_048_576;
const key = new Uint8Array(16).fill(1);
const otherKey = new Uint8Array(32).fill(2);

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

  it("expands a large push-pull in slices, and counts what has been expanded so far", () => {
    const message = pushPull(10_000, 10);
    const packed = dialled(message, packetSettings(), true);
    const plainBytes = dialled(message).length;
    const reader = new StreamReader(packetSettings(), "acceptor");

    reader.push(packed, 256);
    const held = [reader.expandedBytes];
    while (reader.advance(256)) held.push(reader.expandedBytes);

    // What one code stands for may come out beyond a slice.
    const slices = held.map((bytes, index) => bytes - (held[index - 1] ?? 0));
    expect(Math.max(...slices)).toBeLessThanOrEqual(256 * 512 + 4_096);
    expect(reader.expandedBytes).toBe(plainBytes);
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
    expect(outcome("0081a44e6f646501")).toBe("malformed");
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
