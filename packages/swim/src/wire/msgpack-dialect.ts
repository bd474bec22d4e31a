/**
 * The msgpack the reference speaks: the old format, in which a byte string and a text are both
 * "raw", and in which neither str8 nor bin nor ext exists.
 *
 * We write precisely that (`MsgpackWriter`), because members up to memberlist 0.5.0 cannot read
 * anything newer, and because equal content shall be equal bytes. We read everything any member's
 * codec writes or reads (`MsgpackReader`): records as maps or arrays, byte strings as raw, str,
 * bin or arrays of small integers, integers in any form that fits, nil as the zero value.
 *
 * A record is a map whose keys are the field names in ascending byte order. Writers call for the
 * keys in that order; readers do not rely on it, but are fastest then.
 *
 * Source: wire specification §9.
 */
import { nameByteLength, writeName } from "./utf8.ts";

/** First bytes of values; the `fix…` ones carry a number in their low bits. Source: msgpack specification. */
export const prefix = {
  fixmap: 0x80,
  fixarray: 0x90,
  fixraw: 0xa0,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  bin16: 0xc5,
  bin32: 0xc6,
  ext8: 0xc7,
  ext16: 0xc8,
  ext32: 0xc9,
  float32: 0xca,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  int8: 0xd0,
  int16: 0xd1,
  int32: 0xd2,
  int64: 0xd3,
  fixext1: 0xd4,
  fixext16: 0xd8,
  str8: 0xd9,
  raw16: 0xda,
  raw32: 0xdb,
  array16: 0xdc,
  array32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
  negativeFixint: 0xe0,
} as const;

/** The first and only byte of nil. */
export const nil = 0xc0;

/** How deeply unknown values may be nested before they are refused. The reference goes to 1023. */
export const maxDepth = 32;

/** Keys a record may have, known and unknown. Source: wire specification §13. */
export const maxRecordKeys = 64;

/**
 * A field name with its msgpack header, ready for `MsgpackWriter.writeKey`.
 *
 * @param name - at most 31 bytes.
 * @throws {RangeError} if it is longer.
 */
export function encodeKey(name: string): Uint8Array {
  const length = nameByteLength(name);
  if (length > 31) throw new RangeError(`a field name has at most 31 bytes, not ${length}`);
  // Every start makes a hundred of these, before anything is compiled: one array for each.
  const bytes = new Uint8Array(1 + length);
  bytes[0] = prefix.fixraw | length;
  writeName(name, bytes, 1);
  return bytes;
}

/** The fields of a record as a map has them. */
export interface SortedFields {
  /** The keys in ascending byte order, in which records are written. */
  readonly keys: readonly Uint8Array[];
  /** For each of `keys` its place in `names`. */
  readonly indexes: readonly number[];
}

function sortFields(names: readonly string[]): SortedFields {
  const indexes = [...names.keys()].sort((a, b) => ((names[a] ?? "") < (names[b] ?? "") ? -1 : 1));
  return { keys: indexes.map((index) => encodeKey(names[index] ?? "")), indexes };
}

/**
 * The field names of one kind of record.
 *
 * @example
 * const fields = new MsgpackFields(["SeqNo", "Payload"]);
 * fields.names[1]; // => "Payload"
 */
export class MsgpackFields {
  /** In the reference's declaration order, in which records written as arrays have their values. */
  readonly names: readonly string[];
  #sorted: SortedFields | undefined;

  /** @param names - in declaration order, ASCII. */
  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** Made when the first record is read: a start knows dozens of kinds and meets three. */
  get sorted(): SortedFields {
    return (this.#sorted ??= sortFields(this.names));
  }
}
