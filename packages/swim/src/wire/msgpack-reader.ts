/**
 * Reads the msgpack dialect, and what other members' codecs make of it. See `msgpack-dialect.ts`.
 *
 * Every method throws `WireError` and nothing else, whatever the bytes: `truncated` when they end
 * too early, `malformed` for another kind of value than the field wants, `out-of-range` for a
 * number it cannot hold, `too-large` for more bytes than it may have. Nothing is allocated by a
 * size that is only declared.
 */
import { WireError } from "./errors.ts";
import { maxRecordKeys, nil, prefix, type MsgpackFields } from "./msgpack-dialect.ts";
import { MsgpackScanner } from "./msgpack-scanner.ts";
import { decodeName } from "./utf8.ts";

const float = new DataView(new ArrayBuffer(8));

/** One empty byte string for all that are. */
const noBytes = new Uint8Array(0);

/** Skipping keeps no state between calls, so one scanner serves all readers. */
const skipper = new MsgpackScanner();

/** Walks through bytes, value after value. */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /**
   * @param bytes - read in place, never changed.
   * @param start - where the first value begins, 0 by default.
   * @param end - behind the last byte that may be read, all by default.
   */
  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /**
   * Reads a record: a map, an array in declaration order, or nil for one without fields.
   *
   * Unknown fields are skipped. A key that comes twice is read twice, so the last one wins; a
   * field that is missing is not read at all.
   *
   * @param readField - called with the field's place in `fields.names`; must read exactly one value.
   */
  readRecord(fields: MsgpackFields, readField: (index: number) => void): void {
    if (this.takeNil()) return;
    if (isArray(this.#peek())) {
      this.#readRecordArray(fields, readField);
      return;
    }
    const size = this.readMapHeader();
    if (size > maxRecordKeys)
      throw new WireError("too-many", `a record has more than ${maxRecordKeys} keys`);
    const { keys, indexes } = fields.sorted;
    let expected = 0;
    for (let i = 0; i < size; i += 1) {
      const sortedIndex = this.#readFieldKey(keys, expected);
      if (sortedIndex < 0) {
        this.skip();
      } else {
        expected = sortedIndex + 1;
        readField(indexes[sortedIndex] ?? 0);
      }
    }
  }

  /** @returns the number of entries, each a key and a value; 0 for nil. Never more than bytes remain. */
  readMapHeader(): number {
    return this.#readCount(prefix.fixmap, prefix.map16, 2);
  }

  /** @returns the number of elements; 0 for nil. Never more than bytes remain. */
  readArrayHeader(): number {
    return this.#readCount(prefix.fixarray, prefix.array16, 1);
  }

  /** Reads a nil if one stands here. @returns whether one did. */
  takeNil(): boolean {
    if (this.#peek() !== nil) return false;
    this.#at += 1;
    return true;
  }

  /** Reads all nils that stand here, at most `limit`. @returns how many there were. */
  takeNils(limit: number): number {
    const start = this.#at;
    const end = Math.min(this.#end, start + limit);
    let at = start;
    while (at < end && this.#bytes[at] === nil) at += 1;
    this.#at = at;
    return at - start;
  }

  /**
   * A byte string in any form.
   *
   * @param maxBytes - the most it may have.
   * @returns a view into the bytes given; new bytes if it was written as an array of integers;
   *   empty for nil.
   */
  readRaw(maxBytes: number = Infinity): Uint8Array {
    const first = this.#peek();
    if (isArray(first)) return this.#readByteArray(maxBytes);
    const length = this.#readRawHeader(first, maxBytes);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /**
   * As `readRaw`, but bytes that do not hold on to the packet, for what outlives it.
   *
   * @param likely - handed back instead of a copy if it holds the same bytes: members repeat
   *   themselves, and a typed array of six bytes costs two hundred.
   */
  readRawCopy(likely: Uint8Array = noBytes): Uint8Array {
    const first = this.#peek();
    if (isArray(first)) return this.#readByteArray(Infinity);
    const length = this.#readRawHeader(first, Infinity);
    const bytes = this.#bytes;
    const start = this.#at;
    this.#at += length;
    if (length === likely.length) {
      let i = 0;
      while (i < length && bytes[start + i] === likely[i]) i += 1;
      if (i === length) return likely;
    }
    // Not `slice`: of a Node `Buffer` that is a view.
    const copy = new Uint8Array(length);
    if (length > 32) copy.set(bytes.subarray(start, start + length));
    else for (let i = 0; i < length; i += 1) copy[i] = bytes[start + i] ?? 0;
    return copy;
  }

  /**
   * Text, without loss (`decodeName`); empty for nil.
   *
   * @param maxBytes - the most it may have.
   */
  readString(maxBytes: number = Infinity): string {
    const length = this.#readRawHeader(this.#peek(), maxBytes);
    this.#at += length;
    return decodeName(this.#bytes, this.#at - length, this.#at);
  }

  /** Passes over what `readString` would read. */
  skipString(): void {
    const length = this.#readRawHeader(this.#peek(), Infinity);
    this.#at += length;
  }

  /** @param max - the largest number allowed, at most 2⁵³ − 1. @returns 0 for nil. */
  readUnsigned(max: number): number {
    const first = this.#peek();
    if (first < 0x80) {
      this.#at += 1;
      if (first > max) throw outOfRange();
      return first;
    }
    return this.readSigned(0, max);
  }

  /** @returns 0 to 2⁶⁴ − 1; 0 for nil. */
  readUnsigned64(): bigint {
    if (this.#peek() !== prefix.uint64) return BigInt(this.#readNonNegative());
    this.#take(1);
    const high = this.#readBits32();
    return (BigInt(high) << 32n) | BigInt(this.#readBits32());
  }

  /** @param min - a safe integer. @param max - a safe integer. @returns `min` to `max`; 0 for nil. */
  readSigned(min: number, max: number): number {
    const value = this.#readInteger();
    // Where a bigint comes back it is outside of the safe integers, hence outside of any bounds.
    if (typeof value === "bigint" || value < min || value > max) throw outOfRange();
    return value;
  }

  /** @returns −2⁶³ to 2⁶³ − 1; 0 for nil. */
  readSigned64(): bigint {
    const value = BigInt(this.#readInteger());
    if (value > 0x7fff_ffff_ffff_ffffn) throw outOfRange();
    return value;
  }

  /** @returns false for nil; the integers 0 and 1 are taken too. */
  readBoolean(): boolean {
    const first = this.#peek();
    if (first === prefix.true || first === prefix.false) {
      this.#at += 1;
      return first === prefix.true;
    }
    return this.readSigned(0, 1) === 1;
  }

  /** @returns 0 for nil; four-byte floats and integers are taken too. */
  readFloat64(): number {
    const first = this.#peek();
    if (first !== prefix.float64 && first !== prefix.float32) return Number(this.#readInteger());
    this.#take(1);
    float.setUint32(0, this.#readBits32());
    if (first === prefix.float32) return float.getFloat32(0);
    float.setUint32(4, this.#readBits32());
    return float.getFloat64(0);
  }

  /** Passes over one value of any kind. @throws {WireError} also `too-deep` beyond 32 levels. */
  skip(): void {
    skipper.reset();
    this.#at = skipper.scan(this.#bytes, this.#at, this.#end);
    if (!skipper.isComplete) throw truncated();
  }

  #readRecordArray(fields: MsgpackFields, readField: (index: number) => void): void {
    const size = this.readArrayHeader();
    for (let i = 0; i < size; i += 1) {
      if (i < fields.names.length) readField(i);
      else this.skip();
    }
  }

  /** @returns the field's place among the sorted ones, or −1 for an unknown key. */
  #readFieldKey(keys: readonly Uint8Array[], expected: number): number {
    // Members write their fields sorted, so nearly always the next key is here, in its usual form.
    const likely = keys[expected];
    if (likely !== undefined && this.#takeKey(likely)) return expected;
    const length = this.#readRawHeader(this.#peek(), Infinity);
    const start = this.#at;
    this.#at += length;
    return keys.findIndex((key) => {
      if (key.length !== length + 1) return false;
      for (let i = 0; i < length; i += 1) if (key[i + 1] !== this.#bytes[start + i]) return false;
      return true;
    });
  }

  #takeKey(key: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (at + key.length > this.#end) return false;
    for (let i = 0; i < key.length; i += 1) if (bytes[at + i] !== key[i]) return false;
    this.#at = at + key.length;
    return true;
  }

  /** Reads the header of a string; its bytes are there when this returns. Nil has none. */
  #readRawHeader(first: number, maxBytes: number): number {
    let length = 0;
    if ((first & 0xe0) === prefix.fixraw) {
      length = first & 0x1f;
      this.#at += 1;
    } else if (first === prefix.str8 || first === prefix.bin8) {
      length = this.#readSize(1);
    } else if (first === prefix.raw16 || first === prefix.bin16) {
      length = this.#readSize(2);
    } else if (first === prefix.raw32 || first === prefix.bin32) {
      length = this.#readSize(4);
    } else if (first === nil) {
      this.#at += 1;
    } else {
      throw unexpected("a string");
    }
    if (length > maxBytes)
      throw new WireError("too-large", `a string has more than ${maxBytes} bytes`);
    if (length > this.#end - this.#at) throw truncated();
    return length;
  }

  #readByteArray(maxBytes: number): Uint8Array {
    const size = this.readArrayHeader();
    if (size > maxBytes)
      throw new WireError("too-large", `a string has more than ${maxBytes} bytes`);
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i += 1) bytes[i] = this.readUnsigned(255);
    return bytes;
  }

  #readNonNegative(): number | bigint {
    const value = this.#readInteger();
    if (value < 0) throw outOfRange();
    return value;
  }

  /** @returns a bigint only beyond the safe integers. */
  #readInteger(): number | bigint {
    const first = this.#take(1);
    if (first < 0x80) return first;
    if (first >= prefix.negativeFixint) return first - 256;
    switch (first) {
      case nil:
        return 0;
      case prefix.uint8:
        return this.#take(1);
      case prefix.int8:
        return (this.#take(1) << 24) >> 24;
      case prefix.uint16:
        return this.#readBits16();
      case prefix.int16:
        return (this.#readBits16() << 16) >> 16;
      case prefix.uint32:
        return this.#readBits32();
      case prefix.int32:
        return this.#readBits32() | 0;
      case prefix.uint64:
        return narrowed(this.#readBits32(), this.#readBits32());
      case prefix.int64:
        return narrowed(this.#readBits32() | 0, this.#readBits32());
      default:
        throw unexpected("an integer");
    }
  }

  #readBits16(): number {
    return (this.#take(1) << 8) | this.#take(1);
  }

  #readBits32(): number {
    const at = this.#at;
    if (at + 4 > this.#end) throw truncated();
    this.#at = at + 4;
    const bytes = this.#bytes;
    const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    return (((bytes[at] ?? 0) << 24) | low) >>> 0;
  }

  /** Reads a size of 1, 2 or 4 bytes, and the prefix before it. */
  #readSize(width: number): number {
    this.#take(1);
    return width === 1 ? this.#take(1) : width === 2 ? this.#readBits16() : this.#readBits32();
  }

  /** @param wide - the prefix of the 16-bit form; the 32-bit form's is the next number. */
  #readCount(narrow: number, wide: number, bytesEach: number): number {
    const first = this.#peek();
    let count = 0;
    if ((first & 0xf0) === narrow) {
      this.#at += 1;
      count = first & 0x0f;
    } else if (first === wide) {
      count = this.#readSize(2);
    } else if (first === wide + 1) {
      count = this.#readSize(4);
    } else if (!this.takeNil()) {
      throw unexpected(narrow === prefix.fixmap ? "a map" : "an array");
    }
    if (count * bytesEach > this.#end - this.#at) throw truncated();
    return count;
  }

  /** The next byte, left in place. */
  #peek(): number {
    if (this.#at >= this.#end) throw truncated();
    return this.#bytes[this.#at] ?? 0;
  }

  /** The next byte, and on by `count`. */
  #take(count: number): number {
    const byte = this.#peek();
    this.#at += count;
    return byte;
  }
}

function isArray(first: number): boolean {
  return (first & 0xf0) === prefix.fixarray || first === prefix.array16 || first === prefix.array32;
}

/** One number of two 32-bit halves, exactly. */
function narrowed(high: number, low: number): number | bigint {
  const wide = high * 0x1_0000_0000 + low;
  return Number.isSafeInteger(wide) ? wide : (BigInt(high) << 32n) + BigInt(low);
}

function truncated(): WireError {
  return new WireError("truncated", "the bytes end inside a value");
}

function unexpected(wanted: string): WireError {
  return new WireError("malformed", `another kind of value stands where ${wanted} is expected`);
}

function outOfRange(): WireError {
  return new WireError("out-of-range", "a number does not fit its field");
}
