import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message-codec.ts";
import { hex, readVectors, unhex } from "../support/vectors.ts";
import { datagramMessage } from "../support/wire-arbitraries.ts";

const recorded = readVectors("swim-messages")
  .map(({ bytes }) => bytes)
  .filter((bytes): bytes is string => typeof bytes === "string" && bytes.length < 4000)
  .map(unhex);

describe("messages", () => {
  it("round-trip", () => {
    fc.assert(
      fc.property(datagramMessage, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
      { numRuns: 2000 },
    );
  });

  it("are written in one way only: decoding and encoding again gives the same bytes", () => {
    fc.assert(
      fc.property(datagramMessage, (message) => {
        const encoded = encodeMessage(message);

        expect(hex(encodeMessage(decodeMessage(encoded)))).toBe(hex(encoded));
      }),
      { numRuns: 500 },
    );
  });

  it("are not changed by what comes behind them, user messages excepted", () => {
    fc.assert(
      fc.property(
        datagramMessage.filter(({ kind }) => kind !== "user"),
        fc.uint8Array({ maxLength: 20 }),
        (message, trailing) => {
          expect(decodeMessage(Uint8Array.of(...encodeMessage(message), ...trailing))).toEqual(
            message,
          );
        },
      ),
    );
  });

  it("hold no memory of the bytes they were decoded from, user messages excepted", () => {
    fc.assert(
      fc.property(
        datagramMessage.filter(({ kind }) => kind !== "user"),
        (message) => {
          const encoded = Buffer.from(encodeMessage(message));
          const decoded = decodeMessage(encoded);
          encoded.fill(0xff);

          expect(decoded).toEqual(message);
        },
      ),
    );
  });

  it("come from any bytes, or WireError is thrown", () => {
    fc.assert(
      fc.property(fc.nat(15), fc.uint8Array({ maxLength: 100 }), (type, body) => {
        try {
          decodeMessage(Uint8Array.of(type, ...body));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("come from changed and cut recordings, or WireError is thrown", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...recorded), changes, fc.nat(), (original, list, cut) => {
        const bytes = original.slice(
          0,
          original.length - (cut % 3 === 0 ? cut % original.length : 0),
        );
        for (const [position, value] of list) bytes[position % bytes.length] = value;
        try {
          decodeMessage(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
