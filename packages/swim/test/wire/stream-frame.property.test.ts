import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import type { StreamMessage } from "../../src/wire/message.ts";
import type { PacketSettings } from "../../src/wire/packet.ts";
import { encodeStream, StreamReader } from "../../src/wire/stream-frame.ts";
import type { StreamRole } from "../../src/wire/stream-body.ts";
import { packetSettings } from "../support/packet-settings.ts";
import { readVectors, unhex } from "../support/vectors.ts";
import { reply, request } from "../support/wire-arbitraries.ts";

const keys = [16, 24, 32].map((length) => new Uint8Array(length).fill(length));
const settings = fc
  .record({
    label: fc.constantFrom("", "blue"),
    keys: fc.subarray(keys),
    protocolVersion: fc.integer({ min: 1, max: 5 }),
  })
  .map(packetSettings);
const steps = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });

/** The message, or the code of the error; any other outcome is thrown. */
function read(
  bytes: Uint8Array,
  using: PacketSettings,
  role: StreamRole,
  pieces: readonly number[],
  maxNodes = Infinity,
): StreamMessage | string {
  const reader = new StreamReader(using, role);
  try {
    for (let at = 0, i = 0; at < bytes.length; i += 1) {
      const piece = pieces[i % pieces.length] ?? 1;
      reader.push(bytes.subarray(at, at + piece), maxNodes);
      at += piece;
    }
    reader.end();
    while (reader.advance(maxNodes));
    return reader.message() ?? "nothing";
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

const recorded = readVectors("swim-streams")
  .flatMap(({ bytes }) => Object.values(bytes as Record<string, string>))
  .filter((bytes) => bytes.length > 0)
  .map(unhex);

describe("streams", () => {
  it("round-trip under all settings, however they are cut and sliced", () => {
    const exchange = fc.oneof(
      fc.record({ message: request, role: fc.constant("dialler" as const) }),
      fc.record({ message: reply, role: fc.constant("acceptor" as const) }),
    );
    fc.assert(
      fc.property(
        settings,
        exchange,
        fc.boolean(),
        steps,
        fc.integer({ min: 1, max: 5 }),
        (using, { message, role }, compress, pieces, maxNodes) => {
          const bytes = encodeStream(message, using, { role, compress });
          const reader = role === "dialler" ? "acceptor" : "dialler";

          expect(read(bytes, using, reader, [bytes.length])).toEqual(message);
          expect(read(bytes, using, reader, pieces, maxNodes)).toEqual(message);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of any bytes end in a message or in WireError", () => {
    fc.assert(
      fc.property(
        settings,
        fc.constantFrom(0, 2, 6, 8, 9, 10, 13),
        fc.uint8Array({ maxLength: 100 }),
        steps,
        (using, type, rest, pieces) => {
          const bytes = Uint8Array.of(type, ...rest);

          read(bytes, using, "acceptor", pieces);
          read(bytes, using, "dialler", pieces);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("of changed and cut recordings end the same way, however they are cut into pieces", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
    const open = packetSettings({ verifyIncoming: false });
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded),
        changes,
        fc.nat(3),
        steps,
        (original, list, cut, pieces) => {
          const bytes = original.slice(0, original.length - Math.min(cut, original.length - 1));
          for (const [position, value] of list) bytes[position % bytes.length] = value;

          for (const role of ["dialler", "acceptor"] as const) {
            const whole = read(bytes, open, role, [bytes.length]);
            expect(read(bytes, open, role, pieces, 1)).toEqual(whole);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
