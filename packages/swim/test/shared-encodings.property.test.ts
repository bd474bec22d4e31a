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

  it.each([
    ["10.0.0.0/16", (index: number): number[] => [10, 0, index >> 8, index & 255]],
    [
      "10.0.0.0/8, a hundred apart",
      (index: number): number[] => {
        const at = index * 100;
        return [10, at >> 16, (at >> 8) & 255, at & 255];
      },
    ],
    ["many networks", (index: number): number[] => [index >> 8, index & 255, 0, 1]],
  ])("finds all of a large cluster in %s but the few whose places meet", (_where, addressOf) => {
    const encodings = new SharedEncodings<Told>(2);
    const all = Array.from({ length: 5_000 }, (_, index) =>
      Uint8Array.of(7, 8, ...addressOf(index), ...new Uint8Array(50)),
    );
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
    const larger = new Uint8Array(12).fill(77);
    encodings.copy(5, record, 4, larger, 1);
    expect([larger[0], ...larger.subarray(10)]).toEqual([77, 77, 77]);
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

  it("finds an encoding in full only: not cut off, not with a byte changed, not once dropped", () => {
    const encodings = new SharedEncodings<Told>(2);
    const encoded = encodingOf(1, Uint8Array.of(1, 2, 3));
    encodings.put(5, recordOf("a"), { message: { incarnation: 1 }, encoded });
    const find = (bytes: Uint8Array, end = bytes.length): number => encodings.find(bytes, 0, end);

    expect([find(encoded), find(encoded, encoded.length - 1)]).toEqual([5, -1]);
    expect(encodings.find(Uint8Array.of(1, 1, ...encoded), 2, encoded.length + 1)).toBe(-1);
    for (const index of encoded.keys()) {
      expect(find(encoded.with(index, 77))).toBe(-1);
    }
    encodings.drop(5);
    expect([find(encoded), encodings.length(5), encodings.held(5)]).toEqual([-1, 0, undefined]);
    expect(encodings.isKnownAs(5, recordOf("a"), 9)).toBe(false);
  });

  it("holds nothing at first, and dropping what it does not hold changes nothing", () => {
    const encodings = new SharedEncodings<Told>(2);
    const encoded = encodingOf(1, Uint8Array.of(1));
    expect([encodings.find(encoded, 0, encoded.length), encodings.length(0)]).toEqual([-1, 0]);

    encodings.drop(1_000);
    encodings.put(63, recordOf("a"), { message: { incarnation: 1 }, encoded });
    encodings.drop(64);

    expect(encodings.find(encoded, 0, encoded.length)).toBe(63);
    expect([62, 63, 64, 1_000].map((number) => encodings.length(number))).toEqual([0, 7, 0, 0]);
  });

  it("still finds, copies and knows what it held before it grew", () => {
    const encodings = new SharedEncodings<Told>(2);
    const record = recordOf("a");
    const numbers = [0, 1, 63, 64, 97, 98, 5_000];
    for (const number of numbers) {
      const encoded = encodingOf(number, Uint8Array.of(number & 255));
      encodings.put(number, record, { message: { incarnation: number }, encoded });
    }

    for (const number of numbers) {
      const encoded = encodingOf(number, Uint8Array.of(number & 255));
      const target = new Uint8Array(encoded.length);
      expect(encodings.find(encoded, 0, encoded.length)).toBe(number);
      expect(encodings.copy(number, record, number, target, 0)).toBe(encoded.length);
      expect(target).toEqual(encoded);
      expect([-1, 0, 1].map((by) => encodings.isKnownAs(number, record, number + by))).toEqual([
        false,
        true,
        true,
      ]);
    }
  });
});
