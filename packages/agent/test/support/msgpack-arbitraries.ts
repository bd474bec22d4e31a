import { encode } from "@msgpack/msgpack";
import fc from "fast-check";

/** Any value MessagePack knows, nested a little, encoded by a codec that is not ours. */
export const encodedValue: fc.Arbitrary<Uint8Array> = fc
  .anything({
    maxDepth: 4,
    values: [
      fc.integer(),
      fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
      fc.double(),
      fc.boolean(),
      fc.string({ unit: "binary" }),
      fc.constant(null),
      fc.uint8Array({ maxLength: 300 }),
    ],
    withBigInt: false,
    withDate: false,
    withMap: false,
    withSet: false,
    withTypedArray: false,
    withSparseArray: false,
    withNullPrototype: false,
  })
  .filter((value) => value !== undefined && !hasUndefined(value))
  .map((value) => encode(value, { useBigInt64: true }));

function hasUndefined(value: unknown): boolean {
  if (value === undefined) return true;
  if (value === null || typeof value !== "object") return false;
  return Object.keys(value).includes("__proto__") || Object.values(value).some(hasUndefined);
}

/** Cuts of a byte string into segments, empty ones included. */
export function inSegments(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }).map((cuts) => {
    const borders = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
    return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
  });
}
