/**
 * Several messages in one datagram: their count, their lengths, then they themselves.
 *
 * Source: wire specification §8.
 */
import { WireError } from "./errors.ts";
import { MessageType } from "./message.ts";

/** Parts one compound can count. Source: wire specification §8. */
export const maxCompoundParts = 255;

/** Bytes a compound costs before its first part. */
export const compoundHeadBytes = 2;

/** Bytes each part of a compound costs besides itself. */
export const compoundPartOverheadBytes = 2;

/** Bytes a part can have. */
const maxPartBytes = 0xffff;

/** Bytes of the compound of `parts`. */
export function compoundBytes(parts: readonly Uint8Array[]): number {
  let bytes = compoundHeadBytes;
  for (const part of parts) bytes += compoundPartOverheadBytes + part.length;
  return bytes;
}

/**
 * Writes the compound of `parts` into `target` at `offset`; `compoundBytes(parts)` must fit.
 *
 * @throws {RangeError} for more than 255 parts, or a part of more than 65,535 bytes: its count or
 *   length would wrap and the packet be garbage.
 */
export function writeCompound(
  parts: readonly Uint8Array[],
  target: Uint8Array,
  offset: number,
): void {
  if (parts.length > maxCompoundParts) {
    throw new RangeError(`a compound has at most ${maxCompoundParts} parts, not ${parts.length}`);
  }
  target[offset] = MessageType.compound;
  target[offset + 1] = parts.length;
  let lengthAt = offset + compoundHeadBytes;
  let partAt = lengthAt + compoundPartOverheadBytes * parts.length;
  for (const part of parts) {
    if (part.length > maxPartBytes) {
      throw new RangeError(`a part has at most ${maxPartBytes} bytes, not ${part.length}`);
    }
    target[lengthAt] = part.length >>> 8;
    target[lengthAt + 1] = part.length;
    target.set(part, partAt);
    lengthAt += compoundPartOverheadBytes;
    partAt += part.length;
  }
}

/** What a compound turned out to hold. */
export interface CompoundContent {
  /** The parts that are there in full, empty ones included. Views. */
  readonly parts: readonly Uint8Array[];
  /** How many announced parts are not: the first that is cut off, and all behind it. */
  readonly truncatedCount: number;
}

/**
 * Takes a compound apart without copying. Bytes behind the last part are ignored.
 *
 * @param bytes - type byte included.
 * @throws {WireError} `truncated` if the count or a length is missing; then no part is usable.
 */
export function splitCompound(bytes: Uint8Array): CompoundContent {
  const parts: Uint8Array[] = [];
  const truncatedCount = walkCompound(bytes, (start, end) => {
    parts.push(bytes.subarray(start, end));
    return true;
  });
  return { parts, truncatedCount };
}

/**
 * Visits the parts of a compound where they lie, until `visit` says no.
 *
 * @returns how many announced parts are not there; 0 when a visit ended it.
 * @throws {WireError} as `splitCompound`, before the first visit.
 */
export function walkCompound(
  bytes: Uint8Array,
  visit: (start: number, end: number) => boolean,
): number {
  const count = partCount(bytes);
  let start = compoundHeadBytes + compoundPartOverheadBytes * count;
  for (let index = 0; index < count; index += 1) {
    const lengthAt = compoundHeadBytes + compoundPartOverheadBytes * index;
    const end = start + (((bytes[lengthAt] ?? 0) << 8) | (bytes[lengthAt + 1] ?? 0));
    if (end > bytes.length) return count - index;
    if (!visit(start, end)) return 0;
    start = end;
  }
  return 0;
}

/**
 * How many parts a compound announces.
 *
 * @throws {WireError} as `splitCompound`.
 */
export function partCount(bytes: Uint8Array): number {
  const count = bytes[1];
  const headBytes = compoundHeadBytes + compoundPartOverheadBytes * (count ?? 0);
  if (count === undefined || bytes.length < headBytes) {
    throw new WireError("truncated", "the bytes end inside the lengths of a compound");
  }
  return count;
}
