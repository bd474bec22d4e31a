/**
 * Writes the msgpack dialect. See `msgpack-dialect.ts`.
 *
 * Messages are written one behind the other into a slab, and handed out as views of it without
 * being copied: memory for a hundred pings is allocated at once. The header bytes of a key are
 * computed once, by `encodeKey`.
 */
import { nil, prefix } from "./msgpack-dialect.ts";
import { nameByteLength, writeName } from "./utf8.ts";

/** What is allocated at once. A message that is kept for long keeps so much alive, hence not more. */
const slabBytes = 8192;

/** Longer messages get memory of their own, of just their length. */
const sharedBytes = 2048;

const float = new DataView(new ArrayBuffer(8));

/**
 * Builds one message after the other.
 *
 * @example
 * const writer = new MsgpackWriter();
 * writer.writeMapHeader(1);
 * writer.writeKey(encodeKey("SeqNo"));
 * writer.writeUnsigned(300);
 * writer.finish().length; // => 10
 */
export class MsgpackWriter {
  #bytes: Uint8Array = new Uint8Array(slabBytes);
  /** Where the current message begins; what lies before was handed out and is never touched again. */
  #start = 0;
  #at = 0;

  /** Forgets what was written since the last `finish`. */
  reset(): void {
    this.#at = this.#start;
  }

  /** Bytes written since the last `finish` or `reset`. */
  get length(): number {
    return this.#at - this.#start;
  }

  /**
   * The message that was written, and the end of it: what is written next begins another one.
   *
   * @returns bytes that never change, possibly a view into shared memory.
   */
  finish(): Uint8Array {
    const { length } = this;
    if (length > sharedBytes) {
      const message = this.#bytes.slice(this.#start, this.#at);
      // A slab that had to grow would be kept alive as a whole by every small message in it.
      if (this.#bytes.length > slabBytes) this.#replace(new Uint8Array(slabBytes));
      this.#at = this.#start;
      return message;
    }
    const message = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    return message;
  }

  /** One byte as it is, such as a type byte. */
  writeByte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  /** Bytes as they are, without a header. */
  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#put(bytes);
  }

  /** The header of a map; `size` keys, each with a value, must follow. */
  writeMapHeader(size: number): void {
    this.#writeHeader(size, prefix.fixmap, 16, prefix.map16);
  }

  /** The header of an array; `size` values must follow. */
  writeArrayHeader(size: number): void {
    this.#writeHeader(size, prefix.fixarray, 16, prefix.array16);
  }

  /** @param key - from `encodeKey`. */
  writeKey(key: Uint8Array): void {
    this.#reserve(key.length);
    this.#put(key);
  }

  /** A byte string: old raw, never bin. `undefined` is nil, and that is not the same as empty. */
  writeRaw(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) {
      this.writeNil();
      return;
    }
    this.#writeHeader(bytes.length, prefix.fixraw, 32, prefix.raw16);
    this.#reserve(bytes.length);
    this.#put(bytes);
  }

  /** Text as `encodeName` has it, as old raw, never str8. */
  writeString(text: string): void {
    const length = text.length;
    if (length < 32) {
      this.#reserve(1 + length);
      const bytes = this.#bytes;
      const at = this.#at;
      let i = 0;
      for (; i < length; i += 1) {
        const unit = text.charCodeAt(i);
        if (unit >= 0x80) break;
        bytes[at + 1 + i] = unit;
      }
      if (i === length) {
        bytes[at] = prefix.fixraw | length;
        this.#at = at + 1 + length;
        return;
      }
    }
    const byteLength = nameByteLength(text);
    this.#writeHeader(byteLength, prefix.fixraw, 32, prefix.raw16);
    this.#reserve(byteLength);
    this.#at = writeName(text, this.#bytes, this.#at);
  }

  /**
   * An unsigned integer in its shortest form.
   *
   * @throws {RangeError} unless it is an integer of 0 to 2⁵³ − 1.
   */
  writeUnsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`an unsigned integer of at most 53 bits is needed, not ${value}`);
    }
    this.#reserve(9);
    if (value < 0x80) {
      this.#bytes[this.#at++] = value;
    } else if (value < 0x100) {
      this.#bytes[this.#at++] = prefix.uint8;
      this.#bytes[this.#at++] = value;
    } else if (value < 0x1_0000) {
      this.#put16(prefix.uint16, value);
    } else if (value < 0x1_0000_0000) {
      this.#put32(prefix.uint32, value);
    } else {
      this.#put64(prefix.uint64, Math.floor(value / 0x1_0000_0000), value >>> 0);
    }
  }

  /**
   * An unsigned integer in its shortest form.
   *
   * @throws {RangeError} unless it is one of 0 to 2⁶⁴ − 1.
   */
  writeUnsigned64(value: bigint): void {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
      throw new RangeError(`an unsigned integer of at most 64 bits is needed, not ${value}`);
    }
    if (value <= 0x1f_ffff_ffff_ffffn) {
      this.writeUnsigned(Number(value));
      return;
    }
    this.#reserve(9);
    this.#put64(prefix.uint64, Number(value >> 32n), Number(value & 0xffff_ffffn));
  }

  /**
   * A signed integer as the reference's codec has it: positive ones from 128 take the signed
   * forms of two bytes and more, so 200 is `d1 00 c8`.
   *
   * @throws {RangeError} unless it is a safe integer, or a bigint of 64 bits.
   */
  writeSigned(value: number | bigint): void {
    if (typeof value === "bigint") {
      if (value < -0x8000_0000_0000_0000n || value > 0x7fff_ffff_ffff_ffffn) {
        throw new RangeError(`a signed integer of at most 64 bits is needed, not ${value}`);
      }
    } else if (!Number.isSafeInteger(value)) {
      throw new RangeError(`a safe integer is needed, not ${value}`);
    }
    this.#reserve(9);
    if (value >= -32 && value < 128) {
      this.#bytes[this.#at++] = Number(value);
    } else if (value >= -128 && value < 0) {
      this.#bytes[this.#at++] = prefix.int8;
      this.#bytes[this.#at++] = Number(value);
    } else if (value >= -0x8000 && value < 0x8000) {
      this.#put16(prefix.int16, Number(value));
    } else if (value >= -0x8000_0000 && value < 0x8000_0000) {
      this.#put32(prefix.int32, Number(value));
    } else {
      const wide = BigInt(value);
      this.#put64(prefix.int64, Number(wide >> 32n), Number(wide & 0xffff_ffffn));
    }
  }

  /** `c3` or `c2`. */
  writeBoolean(value: boolean): void {
    this.writeByte(value ? prefix.true : prefix.false);
  }

  /** Always eight bytes. */
  writeFloat64(value: number): void {
    float.setFloat64(0, value);
    this.#reserve(9);
    this.#put64(prefix.float64, float.getUint32(0), float.getUint32(4));
  }

  /** Absent. */
  writeNil(): void {
    this.writeByte(nil);
  }

  /** Absent, so many times. */
  writeNils(count: number): void {
    this.#reserve(count);
    this.#bytes.fill(nil, this.#at, this.#at + count);
    this.#at += count;
  }

  /** @param wide - the prefix of the 16-bit form; the 32-bit form's is the next number. */
  #writeHeader(size: number, narrow: number, narrowLimit: number, wide: number): void {
    if (!Number.isInteger(size) || size < 0 || size > 0xffff_ffff) {
      throw new RangeError(`a size of at most 32 bits is needed, not ${size}`);
    }
    this.#reserve(5);
    if (size < narrowLimit) {
      this.#bytes[this.#at++] = narrow | size;
    } else if (size < 0x1_0000) {
      this.#put16(wide, size);
    } else {
      this.#put32(wide + 1, size);
    }
  }

  #put(bytes: Uint8Array): void {
    const target = this.#bytes;
    const at = this.#at;
    // For the few bytes of a key or an address a loop beats the call.
    if (bytes.length > 24) {
      target.set(bytes, at);
    } else {
      for (let i = 0; i < bytes.length; i += 1) target[at + i] = bytes[i] ?? 0;
    }
    this.#at = at + bytes.length;
  }

  #put16(first: number, value: number): void {
    const at = this.#at;
    this.#bytes[at] = first;
    this.#bytes[at + 1] = value >>> 8;
    this.#bytes[at + 2] = value;
    this.#at = at + 3;
  }

  #put32(first: number, value: number): void {
    const at = this.#at;
    this.#bytes[at] = first;
    this.#bytes[at + 1] = value >>> 24;
    this.#bytes[at + 2] = value >>> 16;
    this.#bytes[at + 3] = value >>> 8;
    this.#bytes[at + 4] = value;
    this.#at = at + 5;
  }

  #put64(first: number, high: number, low: number): void {
    this.#put32(first, high);
    // The same five bytes again, of which the first is overwritten by the last of those above.
    const last = this.#bytes[this.#at - 1] ?? 0;
    this.#at -= 1;
    this.#put32(last, low);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const written = this.#bytes.subarray(this.#start, this.#at);
    const needed = written.length + bytes;
    this.#replace(new Uint8Array(needed <= slabBytes / 2 ? slabBytes : 2 * needed));
    this.#bytes.set(written);
    this.#at = written.length;
  }

  #replace(slab: Uint8Array): void {
    this.#bytes = slab;
    this.#start = 0;
    this.#at = 0;
  }
}
