import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberRecordPool, type MemberRecord } from "../src/member-record.ts";
import { SharedEncodings } from "../src/shared-encodings.ts";

interface Told {
  readonly incarnation: number;
}

const pool = new MemberRecordPool();

function recordOf(name: string): MemberRecord {
  const versions = Uint8Array.of(1, 5, 2, 0, 0, 0);
  const description = { address: Uint8Array.of(10, 0, 0, 1), port: 1, meta: versions, versions };
  return pool.record(pool.hold(name), description);
}

/** An encoding whose address is at 2. */
function encodingOf(address: number, rest: Uint8Array): Uint8Array {
  return Uint8Array.of(7, 8, 10, 0, address >> 8, address & 255, ...rest);
}

const step = fc.record({
  number: fc.nat(300),
  address: fc.nat(400),
  rest: fc.uint8Array({ maxLength: 200 }),
  incarnation: fc.nat(9),
  isDropped: fc.boolean(),
});

describe("SharedEncodings", () => {
  it("finds what was put last for a number, or nothing, and never another's", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const encodings = new SharedEncodings<Told>(2);
        const model = new Map<number, Uint8Array>();
        for (const { address, incarnation, isDropped, number, rest } of steps) {
          if (isDropped) {
            encodings.drop(number);
            model.delete(number);
            continue;
          }
          const encoded = encodingOf(address, rest);
          encodings.put(number, recordOf("a"), { message: { incarnation }, encoded });
          if (encoded.length <= 160) model.set(number, encoded);
          const found = encodings.find(encoded, 0, encoded.length);
          if (encoded.length <= 160) expect(found).toBe(number);
        }
        for (const [number, encoded] of model) {
          const found = encodings.find(Uint8Array.of(1, ...encoded, 1), 1, encoded.length + 2);
          if (found >= 0) expect(encodings.held(found)?.encoded).toEqual(encoded.slice());
          expect(encodings.held(number)?.encoded).toEqual(encoded);
        }
      }),
    );
  });

  it("finds all of a large cluster but the few whose places meet", () => {
    const encodings = new SharedEncodings<Told>(2);
    const all = Array.from({ length: 5_000 }, (_, index) => encodingOf(index, new Uint8Array(50)));
    for (const [number, encoded] of all.entries()) {
      encodings.put(number, recordOf("a"), { message: { incarnation: 1 }, encoded });
    }

    const found = all.filter((bytes, number) => encodings.find(bytes, 0, bytes.length) === number);
    expect(found.length).toBeGreaterThan(4_500);
  });

  it("copies for the same record at the same incarnation only, and not beyond the end", () => {
    const encodings = new SharedEncodings<Told>(2);
    const record = recordOf("a");
    const encoded = encodingOf(1, Uint8Array.of(1, 2, 3));
    encodings.put(5, record, { message: { incarnation: 4 }, encoded });
    const target = new Uint8Array(12);

    expect([
      encodings.copy(5, record, 4, target, 3),
      encodings.copy(5, record, 3, target, 3),
      encodings.copy(5, recordOf("b"), 4, target, 3),
      encodings.copy(6, record, 4, target, 3),
      encodings.copy(5, record, 4, target, 4),
    ]).toEqual([9, 0, 0, 0, 0]);
    expect(target.subarray(3)).toEqual(encoded);
  });

  it("knows a record at its incarnation and later ones", () => {
    const encodings = new SharedEncodings<Told>(2);
    const record = recordOf("a");
    encodings.put(5, record, { message: { incarnation: 4 }, encoded: encodingOf(1, record.meta) });

    expect([3, 4, 5].map((at) => encodings.isKnownAs(5, record, at))).toEqual([false, true, true]);
    expect(encodings.isKnownAs(5, recordOf("b"), 9)).toBe(false);
  });

  it("holds no encoding above 160 bytes, and forgets none for it", () => {
    const encodings = new SharedEncodings<Told>(2);
    const record = recordOf("a");
    const short = encodingOf(1, new Uint8Array(154));
    encodings.put(5, record, { message: { incarnation: 1 }, encoded: short });

    encodings.put(5, record, {
      message: { incarnation: 2 },
      encoded: encodingOf(1, new Uint8Array(155)),
    });

    expect([encodings.length(5), encodings.held(5)?.message.incarnation]).toEqual([160, 1]);
  });
});
