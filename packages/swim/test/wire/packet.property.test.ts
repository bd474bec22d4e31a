import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import type { DatagramMessage } from "../../src/wire/message.ts";
import { encodeMessage } from "../../src/wire/message-codec.ts";
import { openPacket, sealPacket, type PacketSettings } from "../../src/wire/packet.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { readVectors, unhex } from "../support/vectors.ts";
import { datagramMessage } from "../support/wire-arbitraries.ts";

const keys = [16, 24, 32].map((length) => new Uint8Array(length).fill(length));

const settings = fc
  .record({
    label: fc.constantFrom("", "blue", "λ".repeat(127)),
    keys: fc.subarray(keys),
    protocolVersion: fc.integer({ min: 1, max: 5 }),
  })
  .map(packetSettings);

const recorded = [
  ...readVectors("swim-messages").map(({ bytes }) => bytes),
  ...readVectors("swim-encryption").map(({ bytes }) => bytes),
]
  .filter(
    (bytes): bytes is string =>
      typeof bytes === "string" && bytes.length > 0 && bytes.length < 8000,
  )
  .map(unhex);

function open(
  bytes: Uint8Array,
  using: PacketSettings,
): { messages: DatagramMessage[]; errors: unknown[] } {
  const messages: DatagramMessage[] = [];
  const errors: unknown[] = [];
  openPacket(bytes, using, {
    handleMessage: (message) => messages.push(message),
    handleRejected: (error) => errors.push(error),
  });
  return { messages, errors };
}

describe("packets", () => {
  it("round-trip under all settings", () => {
    const messages = fc.array(datagramMessage, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        settings,
        messages,
        fc.boolean(),
        fc.boolean(),
        (using, list, compress, checksum) => {
          const packet = sealPacket(list.map(encodeMessage), using, { compress, checksum });

          expect(open(packet, using)).toEqual({ messages: list, errors: [] });
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of any bytes never throw, and are refused with WireError", () => {
    fc.assert(
      fc.property(settings, fc.uint8Array({ maxLength: 200 }), (using, bytes) => {
        for (const error of open(bytes, using).errors) expect(error).toBeInstanceOf(WireError);
      }),
      { numRuns: 3000 },
    );
  });

  it("of changed, cut, joined and wrapped recordings never throw", () => {
    const piece = fc
      .tuple(
        fc.constantFrom(...recorded),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(6),
      )
      .map(([original, changes, cut]) => {
        const bytes = original.slice(0, Math.max(1, original.length - (cut === 0 ? 1 : 0)));
        for (const [position, value] of changes) bytes[position % bytes.length] = value;
        return bytes;
      });
    const pieces = fc.array(piece, { minLength: 1, maxLength: 5 });
    const open_ = packetSettings({ keys, verifyIncoming: false });
    fc.assert(
      fc.property(pieces, fc.boolean(), (parts, compress) => {
        const packet = sealPacket(parts, packetSettings(), { compress, checksum: false });

        for (const error of open(packet, open_).errors) expect(error).toBeInstanceOf(WireError);
      }),
      { numRuns: 3000 },
    );
  });

  it("sealed for us open for nobody with another key or label", () => {
    const blue = packetSettings({ label: "blue", keys: [new Uint8Array(16).fill(1)] });
    const strangers = [
      packetSettings({ label: "blue", keys }),
      packetSettings({ label: "red", keys: [new Uint8Array(16).fill(1)] }),
      packetSettings({ keys: [new Uint8Array(16).fill(1)], skipInboundLabelCheck: true }),
    ];
    fc.assert(
      fc.property(datagramMessage, (message) => {
        const packet = sealPacket([encodeMessage(message)], blue, {
          compress: false,
          checksum: true,
        });

        for (const stranger of strangers) {
          expect(open(packet, stranger).messages).toEqual([]);
          expect(open(packet.subarray(6), stranger).messages).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
