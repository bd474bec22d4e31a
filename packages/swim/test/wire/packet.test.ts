import { describe, expect, it } from "vitest";
import { maxCompoundParts } from "../../src/wire/compound.ts";
import { compressEnvelope } from "../../src/wire/compression.ts";
import type { WireError } from "../../src/wire/errors.ts";
import type { DatagramMessage } from "../../src/wire/message.ts";
import { encodeMessage } from "../../src/wire/message-codec.ts";
import {
  openPacket,
  packetOverheadBytes,
  sealPacket,
  type PacketSettings,
} from "../../src/wire/packet.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { hex, unhex, xorshift32 } from "../support/vectors.ts";

const key = new Uint8Array(16).fill(1);
const otherKey = new Uint8Array(32).fill(2);
const plain = { compress: false, checksum: false };
const nack = (sequenceNumber: number): Uint8Array =>
  encodeMessage({ kind: "nack", sequenceNumber });

/** Everything a packet turned out to hold, in order: numbers of nacks, kinds of others, codes of what was refused. */
function opened(
  bytes: Uint8Array,
  settings: PacketSettings = packetSettings(),
): (number | string)[] {
  const found: (number | string)[] = [];
  openPacket(bytes, settings, {
    handleMessage: (message: DatagramMessage) =>
      found.push(message.kind === "nack" ? message.sequenceNumber : message.kind),
    handleRejected: (error: WireError) => found.push(error.code),
  });
  return found;
}

function compound(...parts: Uint8Array[]): Uint8Array {
  const lengths = parts.flatMap((part) => [part.length >>> 8, part.length & 0xff]);
  return Uint8Array.of(7, parts.length, ...lengths, ...parts.flatMap((part) => [...part]));
}

describe("sealPacket (wire specification §2)", () => {
  it("sends one part bare and several as one compound", () => {
    expect(hex(sealPacket([nack(1)], packetSettings(), plain))).toBe("0b81a55365714e6f01");
    expect(hex(sealPacket([nack(1), nack(2)], packetSettings(), plain))).toBe(
      "070200090009" + "0b81a55365714e6f01" + "0b81a55365714e6f02",
    );
  });

  it("takes 255 parts, and refuses none, 256, or one that is too long", () => {
    const parts = Array.from({ length: maxCompoundParts }, (_, i) => nack(i));

    expect(opened(sealPacket(parts, packetSettings(), plain))).toEqual([...parts.keys()]);
    expect(() => sealPacket([...parts, nack(255)], packetSettings(), plain)).toThrow(
      "a compound has at most 255 parts, not 256",
    );
    expect(() => sealPacket([], packetSettings(), plain)).toThrow(RangeError);
    expect(() => sealPacket([nack(1), new Uint8Array(65_536)], packetSettings(), plain)).toThrow(
      "a part has at most 65535 bytes, not 65536",
    );
  });

  it("compresses neither short packets nor acks, whatever is in them", () => {
    const payload = new Uint8Array(500).fill(7);
    const shorts = [95, 96].map((length) => new Uint8Array(length).fill(8));
    const options = { compress: true, checksum: false };
    const sealed = (part: Uint8Array): number =>
      sealPacket([part], packetSettings(), options).length;

    const ack = encodeMessage({ kind: "ack", sequenceNumber: 1, payload });

    expect(sealed(ack)).toBe(ack.length);
    expect(shorts.map((part) => sealed(part) === part.length)).toEqual([true, false]);
  });

  it("compresses only what gets shorter", () => {
    const nacks = Array.from({ length: 12 }, () => nack(1));
    const packed = sealPacket(nacks, packetSettings(), { compress: true, checksum: false });

    expect(hex(sealPacket([nack(1)], packetSettings(), { compress: true, checksum: false }))).toBe(
      hex(nack(1)),
    );
    expect(packed[0]).toBe(9);
    expect(opened(packed)).toEqual(nacks.map(() => 1));
  });

  it("stays within the budget it announces, whatever is switched on", () => {
    for (const protocolVersion of [1, 2]) {
      for (const label of ["", "blue"]) {
        for (const keys of [[], [key]]) {
          const settings = packetSettings({ label, keys, protocolVersion });
          for (let size = 0; size < 40; size += 1) {
            const parts = [new Uint8Array(100 + size).fill(8), new Uint8Array(50).fill(8)];
            const budget = packetOverheadBytes(settings) + 150 + size + 2 * parts.length;
            const packet = sealPacket(parts, settings, { compress: false, checksum: true });
            expect(packet.length).toBeLessThanOrEqual(budget);
          }
        }
      }
    }
  });

  it("counts label, encryption, checksum and compound head (wire specification §12)", () => {
    expect(packetOverheadBytes(packetSettings())).toBe(7);
    expect(packetOverheadBytes(packetSettings({ label: "blue" }))).toBe(13);
    expect(packetOverheadBytes(packetSettings({ keys: [key] }))).toBe(36);
    expect(packetOverheadBytes(packetSettings({ keys: [key], protocolVersion: 1 }))).toBe(52);
    expect(packetOverheadBytes(packetSettings({ keys: [key], verifyOutgoing: false }))).toBe(7);
  });

  it("draws a fresh nonce for every packet", () => {
    const settings = packetSettings({ keys: [key] });
    const nonces = Array.from({ length: 100 }, () =>
      hex(sealPacket([nack(1)], settings, plain).subarray(1, 13)),
    );

    expect(new Set(nonces).size).toBe(100);
  });

  it("writes with the primary key, as long as outgoing encryption is on", () => {
    const both = packetSettings({ keys: [key, otherKey] });

    expect(opened(sealPacket([nack(1)], both, plain), packetSettings({ keys: [key] }))).toEqual([
      1,
    ]);
    expect(
      opened(sealPacket([nack(1)], both, plain), packetSettings({ keys: [otherKey] })),
    ).toEqual(["undecryptable"]);
    expect(
      hex(sealPacket([nack(1)], packetSettings({ keys: [key], verifyOutgoing: false }), plain)),
    ).toBe(hex(nack(1)));
  });

  it("needs an aead once there is a key, and says so", () => {
    const { aead: _, ...settings } = packetSettings({ keys: [key] });

    expect(() => sealPacket([nack(1)], settings, plain)).toThrow(
      "a keyring with a key needs an `aead`",
    );
  });
});

describe("openPacket: label and encryption (wire specification §3, §4.2)", () => {
  it("drops what belongs to another cluster", () => {
    const blue = packetSettings({ label: "blue" });
    const packet = sealPacket([nack(1)], blue, plain);

    expect(opened(packet, blue)).toEqual([1]);
    expect(opened(packet, packetSettings({ label: "red" }))).toEqual(["label-mismatch"]);
    expect(opened(packet)).toEqual(["label-mismatch"]);
    expect(opened(nack(1), blue)).toEqual(["label-mismatch"]);
    expect(opened(unhex("f4"), blue)).toEqual(["truncated"]);
    expect(opened(unhex("f400"), blue)).toEqual(["label-invalid"]);
    expect(opened(unhex("f4ff626c7565"), blue)).toEqual(["truncated"]);
  });

  it("takes no label at all where labels were stripped before, and keeps it in the encryption", () => {
    const blue = packetSettings({ label: "blue", keys: [key] });
    const stripped = packetSettings({ label: "blue", keys: [key], skipInboundLabelCheck: true });
    const packet = sealPacket([nack(1)], blue, plain);

    expect(opened(packet.subarray(6), stripped)).toEqual([1]);
    expect(opened(packet, stripped)).toEqual(["label-mismatch"]);
    expect(
      opened(packet.subarray(6), packetSettings({ keys: [key], skipInboundLabelCheck: true })),
    ).toEqual(["undecryptable"]);
  });

  it("reads with every key, also the old format", () => {
    for (const protocolVersion of [1, 2]) {
      const packet = sealPacket(
        [nack(1)],
        packetSettings({ keys: [otherKey], protocolVersion }),
        plain,
      );
      expect(opened(packet, packetSettings({ keys: [key, otherKey] }))).toEqual([1]);
    }
  });

  it("refuses plaintext while a key exists, unless told to take it", () => {
    const ping = encodeMessage({ kind: "ping", sequenceNumber: 1, node: "a".repeat(60) });

    expect(opened(nack(1), packetSettings({ keys: [key] }))).toEqual(["unknown-algorithm"]);
    expect(opened(ping, packetSettings({ keys: [key] }))).toEqual(["undecryptable"]);
    expect(opened(nack(1), packetSettings({ keys: [key], verifyIncoming: false }))).toEqual([1]);
    // Type 0, ping, is also encryption version 0: only the tag can tell them apart.
    expect(opened(ping, packetSettings({ keys: [key], verifyIncoming: false }))).toEqual(["ping"]);
  });

  it("takes what arrives in a Buffer, and hands out plain bytes", () => {
    const settings = packetSettings({ keys: [key] });
    const packet = Buffer.from(
      sealPacket([encodeMessage({ kind: "user", payload: key })], settings, plain),
    );
    const payloads: unknown[] = [];

    openPacket(packet, settings, {
      handleMessage: (message) => payloads.push(message.kind === "user" && message.payload),
      handleRejected: (error) => payloads.push(error),
    });

    expect(payloads).toEqual([key]);
    expect(Object.getPrototypeOf(payloads[0])).toBe(Uint8Array.prototype);
  });
});

describe("openPacket: checksum (wire specification §6)", () => {
  it("drops a packet with one changed bit", () => {
    const packet = sealPacket([nack(1)], packetSettings(), { compress: false, checksum: true });

    expect(opened(packet)).toEqual([1]);
    for (let bit = 8; bit < 8 * packet.length; bit += 1) {
      const changed = packet.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(opened(changed)).toEqual(["checksum-mismatch"]);
    }
  });

  it("knows the header only outermost and only in full", () => {
    const packet = sealPacket([nack(1)], packetSettings(), { compress: false, checksum: true });

    expect(opened(packet.subarray(0, 4))).toEqual(["misplaced-type"]);
    expect(opened(compound(packet, nack(2)))).toEqual(["misplaced-type", 2]);
    expect(opened(unhex("0c00000000"))).toEqual(["empty"]);
  });
});

describe("openPacket: hostile content (wire specification §13)", () => {
  it("drops the empty and the unknown", () => {
    expect(opened(new Uint8Array(0))).toEqual(["empty"]);
    for (const type of [14, 99, 243, 255])
      expect(opened(Uint8Array.of(type, 0x80))).toEqual(["unknown-type"]);
    for (const type of [6, 10, 13])
      expect(opened(Uint8Array.of(type, 0x80))).toEqual(["misplaced-type"]);
  });

  it("takes an empty user message", () => {
    expect(opened(Uint8Array.of(8))).toEqual(["user"]);
  });

  it("handles the neighbours of a bad part", () => {
    const packet = compound(
      nack(1),
      unhex("0bc1"),
      new Uint8Array(0),
      nack(2),
      unhex("63"),
      unhex("f40161"),
      nack(3),
    );

    expect(opened(packet)).toEqual([
      1,
      "malformed",
      "empty",
      2,
      "unknown-type",
      "misplaced-type",
      3,
    ]);
  });

  it("handles the parts before a cut, and reports the cut once", () => {
    const packet = compound(nack(1), nack(2), nack(3), nack(4));

    expect(opened(packet.subarray(0, packet.length - 10))).toEqual([1, 2, "truncated"]);
    expect(opened(packet.subarray(0, 9))).toEqual(["truncated"]);
  });

  it("opens envelopes 4 deep, and not 5", () => {
    let packet = nack(1);
    for (let depth = 1; depth <= 4; depth += 1) packet = compound(packet);
    expect(opened(packet)).toEqual([1]);
    expect(opened(compound(packet))).toEqual(["too-deep"]);

    packet = nack(1);
    for (let depth = 1; depth <= 4; depth += 1) packet = compressEnvelope(packet);
    expect(opened(packet)).toEqual([1]);
    expect(opened(compressEnvelope(packet))).toEqual(["too-deep"]);
  });

  it("expands a datagram to its limit, and not by a byte more", () => {
    const limit = 1000;
    const settings = packetSettings({ limits: { datagramExpandedBytes: limit } });
    const user = (bytes: number): Uint8Array => compressEnvelope(new Uint8Array(bytes).fill(8));

    expect(opened(user(limit), settings)).toEqual(["user"]);
    expect(opened(user(limit + 1), settings)).toEqual(["too-large"]);
    expect(opened(compound(user(limit / 2), user(limit / 2)), settings)).toEqual(["user", "user"]);
    expect(opened(compound(user(limit / 2), user(limit / 2 + 1), nack(1)), settings)).toEqual([
      "user",
      "too-large",
      1,
    ]);
  });

  it("charges envelopes that turn out to be bad, too", () => {
    const bad = compressEnvelope(new Uint8Array(500_000).fill(8));
    // The end code is cut off: it expands to nearly everything, and then fails.
    const cut = Uint8Array.of(...bad.subarray(0, bad.length - 2), 0, 0);
    const packet = compound(cut, cut, cut, cut, cut, nack(1));

    const found = opened(packet);

    expect(found.at(-1)).toBe(1);
    expect(found.filter((code) => code === "too-large").length).toBeGreaterThanOrEqual(3);
  });

  it("looks at 4096 parts of a datagram, and reports the rest once", () => {
    const many = compound(...Array.from({ length: 255 }, () => Uint8Array.of(8)));
    const packet = compound(...Array.from({ length: 17 }, () => many));

    const found = opened(packet);

    // The outer compound counts, and so do the 16 inner ones it takes to come that far.
    expect(found.filter((kind) => kind === "user").length).toBe(4096 - 1 - 16);
    expect(found.at(-1)).toBe("too-many");
    expect(found.filter((kind) => kind === "too-many").length).toBe(1);
  });

  it("tells an unknown compression algorithm from bad data", () => {
    expect(opened(unhex("0982a4416c676f01a3427566a3000302"))).toEqual(["unknown-algorithm"]);
    expect(opened(unhex("0982a4416c676f00a3427566a3000302"))).toEqual(["empty"]);
    expect(opened(unhex("0982a4416c676f00a3427566a3ffffff"))).toEqual(["malformed"]);
    expect(opened(unhex("0980"))).toEqual(["truncated"]);
  });

  it("lets through what the sink throws: it is not the packet's fault", () => {
    const sink = {
      handleMessage: () => {
        throw new Error("a mistake above");
      },
      handleRejected: () => undefined,
    };

    expect(() => openPacket(nack(1), packetSettings(), sink)).toThrow("a mistake above");
  });

  it("hands the received bytes of each part on, unknown fields included", () => {
    const odd = unhex("0b82a55365714e6f05a158c0");
    const encoded: string[] = [];

    openPacket(compound(nack(1), odd), packetSettings(), {
      handleMessage: (_, bytes) => encoded.push(hex(bytes)),
      handleRejected: (error) => encoded.push(error.code),
    });

    expect(encoded).toEqual([hex(nack(1)), hex(odd)]);
  });

  it("opens the largest datagram there is", () => {
    const payload = xorshift32(7, 65_000);

    expect(opened(encodeMessage({ kind: "user", payload }))).toEqual(["user"]);
  });
});
