import { decode, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../../src/wire/errors.ts";
import { encodeKey, MsgpackFields } from "../../src/wire/msgpack-dialect.ts";
import { MsgpackReader } from "../../src/wire/msgpack-reader.ts";
import { MsgpackScanner } from "../../src/wire/msgpack-scanner.ts";
import { MsgpackWriter } from "../../src/wire/msgpack-writer.ts";

const unsigned64 = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 70_000n));
const signed64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-70_000n, 70_000n));
const rawBytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 });
const json = fc.jsonValue({ maxDepth: 6 });

function roundTrip<Value>(
  value: Value,
  write: (writer: MsgpackWriter, value: Value) => void,
  read: (reader: MsgpackReader) => Value,
): void {
  const writer = new MsgpackWriter();
  write(writer, value);
  const bytes = writer.finish();
  const reader = new MsgpackReader(bytes);

  expect(read(reader)).toEqual(value);
  expect(reader.remaining).toBe(0);
}

/** Everything the reader can be asked for; each must answer or throw WireError. */
const reads: readonly ((reader: MsgpackReader) => unknown)[] = [
  (reader) => reader.readString(),
  (reader) => reader.readRaw(),
  (reader) => reader.readRawCopy(),
  (reader) => reader.readUnsigned(0xffff),
  (reader) => reader.readUnsigned64(),
  (reader) => reader.readSigned(-100, 100),
  (reader) => reader.readSigned64(),
  (reader) => reader.readBoolean(),
  (reader) => reader.readFloat64(),
  (reader) => reader.readMapHeader(),
  (reader) => reader.readArrayHeader(),
  (reader) => reader.skip(),
  (reader) => reader.readRecord(new MsgpackFields(["A", "B"]), () => reader.skip()),
];

describe("msgpack", () => {
  it("round-trips every unsigned integer of 64 bits", () => {
    fc.assert(
      fc.property(unsigned64, (value) => {
        roundTrip(
          value,
          (writer, v) => writer.writeUnsigned64(v),
          (reader) => reader.readUnsigned64(),
        );
      }),
    );
  });

  it("round-trips every signed integer of 64 bits", () => {
    fc.assert(
      fc.property(signed64, (value) => {
        roundTrip(
          value,
          (writer, v) => writer.writeSigned(v),
          (reader) => reader.readSigned64(),
        );
      }),
    );
  });

  it("round-trips every float", () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        roundTrip(
          value,
          (writer, v) => writer.writeFloat64(v),
          (reader) => reader.readFloat64(),
        );
      }),
    );
  });

  it("round-trips every text and every byte string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), rawBytes, (text, bytes) => {
        roundTrip(
          text,
          (writer, v) => writer.writeString(v),
          (reader) => reader.readString(),
        );
        roundTrip(
          bytes,
          (writer, v) => writer.writeRaw(v),
          (reader) => reader.readRaw(),
        );
        roundTrip(
          bytes,
          (writer, v) => writer.writeRaw(v),
          (reader) => reader.readRawCopy(),
        );
      }),
    );
  });

  it("is read by an independent codec where the formats agree", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        signed64,
        unsigned64,
        fc.double(),
        fc.boolean(),
        (text, signed, unsigned, float, flag) => {
          const writer = new MsgpackWriter();
          writer.writeMapHeader(6);
          for (const name of ["array", "boolean", "float", "signed", "text", "unsigned"]) {
            writer.writeKey(encodeKey(name));
            if (name === "array") {
              writer.writeArrayHeader(1);
              writer.writeNil();
            } else if (name === "boolean") writer.writeBoolean(flag);
            else if (name === "float") writer.writeFloat64(float);
            else if (name === "signed") writer.writeSigned(signed);
            else if (name === "text") writer.writeString(text);
            else writer.writeUnsigned64(unsigned);
          }

          const read = decode(writer.finish(), { useBigInt64: true }) as Record<string, unknown>;

          expect({
            ...read,
            signed: BigInt(read["signed"] as bigint),
            unsigned: BigInt(read["unsigned"] as bigint),
          }).toEqual({
            array: [null],
            boolean: flag,
            float,
            signed,
            text,
            unsigned,
          });
        },
      ),
    );
  });

  it("skips whatever an independent codec writes", () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = encode([value, 42]);
        const reader = new MsgpackReader(bytes, 1);

        reader.skip();

        expect(reader.readUnsigned(255)).toBe(42);
      }),
    );
  });

  it("reads any bytes or throws WireError, and never goes behind their end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(reads.length - 1), (bytes, choice) => {
        const reader = new MsgpackReader(bytes);
        try {
          reads[choice]?.(reader);
          expect(reader.position).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe("MsgpackScanner", () => {
  it("finds the same end however the bytes are cut into pieces", () => {
    fc.assert(
      fc.property(
        json,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (value, steps) => {
          const bytes = encode(value);
          const whole = Uint8Array.of(...bytes, 0x2a, 0x2a);
          const scanner = new MsgpackScanner();
          let position = 0;

          for (let end = 0, i = 0; !scanner.isComplete; i += 1) {
            end = Math.min(whole.length, end + (steps[i % steps.length] ?? 1));
            position = scanner.scan(whole, position, end);
          }

          expect(position).toBe(bytes.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("agrees with skip on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const outcome = (run: () => number | string): number | string => {
          try {
            return run();
          } catch (error) {
            return error instanceof WireError ? error.code : String(error);
          }
        };
        const skipped = outcome(() => {
          const reader = new MsgpackReader(bytes);
          reader.skip();
          return reader.position;
        });
        const scanned = outcome(() => {
          const scanner = new MsgpackScanner();
          let position = 0;
          for (let end = 1; end <= bytes.length && !scanner.isComplete; end += 1)
            position = scanner.scan(bytes, position, end);
          return scanner.isComplete ? position : "truncated";
        });

        expect(scanned).toBe(skipped);
      }),
      { numRuns: 3000 },
    );
  });
});
