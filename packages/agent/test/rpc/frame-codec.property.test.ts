import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameSplitter, requestLimits } from "../../src/rpc/frame-codec.ts";
import { MsgpackReader } from "../../src/rpc/msgpack-reader.ts";
import { RpcWireError } from "../../src/rpc/wire-error.ts";
import { encodedValue, inSegments } from "../support/msgpack-arbitraries.ts";

function splitAll(segments: readonly Uint8Array[]): Uint8Array[] {
  const splitter = new FrameSplitter(requestLimits);
  const values: Uint8Array[] = [];
  for (const segment of segments) {
    splitter.push(segment);
    for (let value = splitter.next(); value !== undefined; value = splitter.next()) {
      values.push(value.slice());
    }
  }
  return values;
}

/** What bytes come to: their values, or the code of the fault. */
function outcomeOf(segments: readonly Uint8Array[]): unknown {
  try {
    return splitAll(segments);
  } catch (error) {
    if (error instanceof RpcWireError) return error.code;
    throw error;
  }
}

describe("FrameSplitter laws", () => {
  it("hands out exactly the values that went in, however they are cut", () => {
    const stream = fc.array(encodedValue, { maxLength: 6 }).chain((values) => {
      const bytes = new Uint8Array(Buffer.concat(values));
      return fc.record({ values: fc.constant(values), segments: inSegments(bytes) });
    });
    fc.assert(
      fc.property(stream, ({ values, segments }) => {
        expect(splitAll(segments)).toEqual(values.map((value) => new Uint8Array(value)));
      }),
    );
  });

  it("agrees with the reader's skip about where a value ends", () => {
    fc.assert(
      fc.property(encodedValue, (value) => {
        const twice = new Uint8Array(Buffer.concat([value, Uint8Array.of(0x2a)]));
        const reader = new MsgpackReader(twice);
        reader.skip();
        expect(reader.readInteger()).toBe(0x2a);
      }),
    );
  });

  it("either splits any bytes or throws RpcWireError, the same for every cut", () => {
    const garbage = fc
      .uint8Array({ maxLength: 200 })
      .chain((bytes) => fc.record({ bytes: fc.constant(bytes), segments: inSegments(bytes) }));
    fc.assert(
      fc.property(garbage, ({ bytes, segments }) => {
        expect(outcomeOf(segments)).toEqual(outcomeOf([bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it("never holds more than the limit and one segment", () => {
    const limits = { valueBytesLimit: 64, depthLimit: 4 };
    const segments = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 });
    fc.assert(
      fc.property(segments, (all) => {
        const splitter = new FrameSplitter(limits);
        try {
          for (const segment of all) {
            splitter.push(segment);
            while (splitter.next() !== undefined);
            expect(splitter.bufferedBytes).toBeLessThanOrEqual(limits.valueBytesLimit);
          }
        } catch (error) {
          if (!(error instanceof RpcWireError)) throw error;
        }
      }),
    );
  });
});
