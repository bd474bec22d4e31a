/**
 * Describes messages by the codecs of their fields, and reads and writes them by the description.
 *
 * A record is a map with its field names in ascending order when written; when read it may have
 * any order, unknown and missing fields, or be a list in declaration order. Nil is the zero value
 * of everything.
 *
 * Source: RPC specification §2.
 */
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { RpcWireError } from "./wire-error.ts";

/** Reads and writes one kind of value. */
export interface Codec<T> {
  /** What a missing field and nil mean; a fresh one each time. */
  zero(): T;
  /** @throws {RpcWireError} if the value is of another kind. */
  decode(reader: MsgpackReader): T;
  encode(value: T, writer: MsgpackWriter): void;
}

/** @throws {RpcWireError} if the bytes are no such value. */
export function decodeValue<T>(codec: Codec<T>, bytes: Uint8Array): T {
  return codec.decode(new MsgpackReader(bytes));
}

/** Kept from call to call: its buffer costs more than most values. */
let spareWriter: MsgpackWriter | undefined;

export function encodeValue<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = spareWriter ?? new MsgpackWriter();
  // Taken away meanwhile: a codec that throws leaves half a value behind.
  spareWriter = undefined;
  codec.encode(value, writer);
  const encoded = writer.finish();
  if (writer.reuse()) spareWriter = writer;
  return encoded;
}

function integer(minimum: number, maximum: number): Codec<number> {
  return {
    zero: () => 0,
    decode(reader) {
      if (reader.takeNil()) return 0;
      const value = reader.readInteger();
      if (typeof value === "bigint" || value < minimum || value > maximum) {
        throw new RpcWireError("out-of-range", `${value} is not within ${minimum} … ${maximum}`);
      }
      return value;
    },
    encode: (value, writer) => writer.writeInteger(value),
  };
}

function wideInteger(minimum: bigint, maximum: bigint): Codec<bigint> {
  return {
    zero: () => 0n,
    decode(reader) {
      if (reader.takeNil()) return 0n;
      const value = BigInt(reader.readInteger());
      if (value < minimum || value > maximum) {
        throw new RpcWireError("out-of-range", `${value} is not within ${minimum} … ${maximum}`);
      }
      return value;
    },
    encode: (value, writer) => writer.writeInteger(value),
  };
}

export const uint8: Codec<number> = integer(0, 0xff);
export const uint16: Codec<number> = integer(0, 0xffff);
export const int32: Codec<number> = integer(-0x8000_0000, 0x7fff_ffff);
/** The platform integer of the reference, as far as a number is exact. */
export const int53: Codec<number> = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const uint64: Codec<bigint> = wideInteger(0n, 0xffff_ffff_ffff_ffffn);
export const int64: Codec<bigint> = wideInteger(-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn);

export const boolean: Codec<boolean> = {
  zero: () => false,
  decode: (reader) => (reader.takeNil() ? false : reader.readBoolean()),
  encode: (value, writer) => writer.writeBoolean(value),
};

export const float64: Codec<number> = {
  zero: () => 0,
  decode: (reader) => (reader.takeNil() ? 0 : reader.readFloat()),
  encode: (value, writer) => writer.writeFloat(value),
};

export const text: Codec<string> = {
  zero: () => "",
  decode: (reader) => (reader.takeNil() ? "" : reader.readText()),
  encode: (value, writer) => writer.writeText(value),
};

/** Bytes that are always there, such as an address. */
export const bytes: Codec<Uint8Array> = {
  zero: () => new Uint8Array(),
  decode: (reader) => (reader.takeNil() ? new Uint8Array() : reader.readBytes()),
  encode: (value, writer) => writer.writeBytes(value),
};

/** A value that may be absent, which is nil on the wire and not the same as empty. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    zero: () => null,
    decode: (reader) => (reader.takeNil() ? null : codec.decode(reader)),
    encode(value, writer) {
      if (value === null) writer.writeNil();
      else codec.encode(value, writer);
    },
  };
}

export function list<T>(item: Codec<T>): Codec<readonly T[]> {
  return {
    zero: () => [],
    decode(reader) {
      if (reader.takeNil()) return [];
      const { kind, count } = reader.readContainer();
      if (kind !== "list") throw new RpcWireError("wrong-type", "expected a list, found a map");
      const items: T[] = [];
      for (let index = 0; index < count; index += 1) items.push(item.decode(reader));
      return items;
    },
    encode(items, writer) {
      writer.writeListHead(items.length);
      for (const each of items) item.encode(each, writer);
    },
  };
}

/** A map from texts, written in ascending order of its keys so that equal maps are equal bytes. */
export function textMap<T>(item: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return {
    zero: () => ({}),
    decode(reader) {
      if (reader.takeNil()) return {};
      const { kind, count } = reader.readContainer();
      if (kind !== "map") throw new RpcWireError("wrong-type", "expected a map, found a list");
      const entries: [string, T][] = [];
      for (let index = 0; index < count; index += 1) {
        const key = text.decode(reader);
        entries.push([key, item.decode(reader)]);
      }
      // `fromEntries` defines properties: a key named __proto__ stays a key.
      return Object.fromEntries(entries);
    },
    encode(map, writer) {
      const entries = Object.entries(map).sort(([left], [right]) => compareText(left, right));
      writer.writeMapHead(entries.length);
      for (const [key, value] of entries) {
        writer.writeText(key);
        item.encode(value, writer);
      }
    },
  };
}

/** The fields of a record, in declaration order: the order of the positional form. */
export type RecordFields<T> = { readonly [K in keyof T]: Codec<T[K]> };

interface Field {
  readonly name: string;
  readonly codec: Codec<unknown>;
}

interface SortedField extends Field {
  /** Its name, encoded. */
  readonly key: Uint8Array;
  readonly index: number;
}

/** A description, ready to be read and written by. */
interface Layout {
  readonly declared: readonly Field[];
  readonly sorted: readonly SortedField[];
  readonly byName: ReadonlyMap<string, SortedField>;
}

function layOut(fields: Readonly<Record<string, Codec<unknown>>>): Layout {
  const declared = Object.entries(fields).map(([name, codec]) => ({ name, codec }));
  const sorted = declared
    .toSorted((left, right) => compareText(left.name, right.name))
    .map(({ name, codec }, index) => ({ name, codec, key: encodeValue(text, name), index }));
  return { declared, sorted, byName: new Map(sorted.map((field) => [field.name, field])) };
}

/** @see the head of this file. */
export function record<T extends object>(fields: RecordFields<T>): Codec<T> {
  let layout: Layout | undefined;
  // When the first is read or written: a program starts with all commands and uses two.
  const laidOut = (): Layout =>
    (layout ??= layOut(fields as Readonly<Record<string, Codec<unknown>>>));
  // Names of fields are ours, so assigning them is safe, and much faster than `fromEntries`.
  const zero = (): Record<string, unknown> => {
    const value: Record<string, unknown> = {};
    for (const { name, codec } of laidOut().declared) value[name] = codec.zero();
    return value;
  };
  return {
    // The object has exactly the fields of T: they come from the same description.
    zero: () => zero() as T,
    decode(reader) {
      if (reader.takeNil()) return zero() as T;
      const value: Record<string, unknown> = {};
      readFields(reader, laidOut(), value);
      // Only now: most messages leave nothing out, and a zero may be an object of its own.
      for (const { name, codec } of laidOut().declared) {
        if (value[name] === undefined) value[name] = codec.zero();
      }
      return value as T;
    },
    encode(value, writer) {
      const values = value as Readonly<Record<string, unknown>>;
      const { sorted } = laidOut();
      writer.writeMapHead(sorted.length);
      for (const { name, codec, key } of sorted) {
        writer.writeRaw(key);
        codec.encode(values[name], writer);
      }
    },
  };
}

function readFields(
  reader: MsgpackReader,
  { declared, sorted, byName }: Layout,
  value: Record<string, unknown>,
): void {
  const { kind, count } = reader.readContainer();
  let nextIndex = 0;
  for (let index = 0; index < count; index += 1) {
    if (kind === "list") {
      const field = declared[index];
      if (field === undefined) reader.skip();
      else value[field.name] = field.codec.decode(reader);
      continue;
    }
    // Whoever sorts its fields sends the one after the last one: then no name needs to be read.
    const guess = sorted[nextIndex];
    const field =
      guess !== undefined && reader.takeExact(guess.key)
        ? guess
        : byName.get(reader.readKey() ?? "");
    if (field === undefined) {
      reader.skip();
      continue;
    }
    nextIndex = field.index + 1;
    value[field.name] = field.codec.decode(reader);
  }
}

/** By UTF-8 bytes, which is the order of code points and not that of UTF-16 units. */
function compareText(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = codePointRank(left, index) - codePointRank(right, index);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Code units ranked as their code points are: surrogates stand for what lies above U+FFFF. */
function codePointRank(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
