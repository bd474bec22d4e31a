/**
 * LZW as the reference's compressor writes it: codes packed least significant bit first, literals
 * of 8 bits, code widths of 9 to 12 bits.
 *
 * Codes 0…255 are bytes, 256 clears the table, 257 ends the data, 258… are table entries. The
 * width is a function of the number of data codes since the last clear, the same for the writer
 * and the reader. Output is byte-identical to the reference's.
 *
 * The reader keeps no strings: entry n is "what data code n − 258 stood for, and one byte more",
 * and those bytes lie side by side in the output already. So an entry is a place and a length, and
 * the code that is defined by its own first byte needs no special case.
 *
 * Tables and working memory are shared by all calls: nothing is allocated but the result.
 *
 * Source: wire specification §7; T. Welch, "A technique for high-performance data compression",
 * IEEE Computer 17 (6), 1984.
 */
import { WireError } from "./errors.ts";

const clearCode = 256;
const endCode = 257;
const firstEntry = 258;
const lastEntry = 4095;
/** Data codes after which a writer starts over. Source: wire specification §7. */
const codesPerTable = 3838;

/** Entry numbers at which codes become wider, or, at the widest, the writer starts over. */
function nextSwitch(width: number): number {
  return firstEntry + (width === 12 ? codesPerTable : (1 << width) - endCode);
}

/**
 * The writer's table, open addressing. A slot holds prefix code, next byte and entry number in
 * 12 + 8 + 12 bits; 0 is free, for entry numbers are not 0. Short inputs use only a part of it,
 * as clearing all of it would cost more than compressing a ping.
 */
const slots = new Int32Array(16_384);

/** 2³² divided by the golden ratio: spreads keys that differ in few bits. Source: Knuth, TAOCP 3, §6.4. */
const hashFactor = 0x9e37_79b1 | 0;

let scratch = new Uint8Array(65_536);
/** Working memory above this size is not kept for the next call. */
const scratchLimitBytes = 262_144;

function workspace(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes <= scratch.length) return scratch;
  const larger = new Uint8Array(bytes);
  if (bytes <= scratchLimitBytes) scratch = larger;
  return larger;
}

/**
 * Compresses.
 *
 * @param bytes - anything, also nothing.
 * @returns new bytes; at least 3, at most about one and a half times as many as given.
 *
 * @example
 * [...compressLzw(new Uint8Array(0))]; // => [0, 3, 2]
 */
export function compressLzw(bytes: Uint8Array): Uint8Array {
  const length = bytes.length;
  // A code stands for at least one byte and has at most 12 bits; a clear comes every 3838 codes.
  const output = workspace(Math.ceil(length * 1.5) + (length >>> 9) + 16);
  const slotBits = Math.min(14, 34 - Math.clz32(length));
  const slotCount = 1 << slotBits;
  slots.fill(0, 0, slotCount);

  let bits = clearCode;
  let bitCount = 9;
  let written = 0;
  let entry = firstEntry;
  let width = 9;
  let switchAt = nextSwitch(9);
  let prefix = bytes[0] ?? 0;

  for (let i = 1; i <= length; i += 1) {
    // Reading behind the end, though harmless, would make every read in this loop a slow one.
    const byte = i < length ? (bytes[i] ?? 0) : 0;
    // At the end there is nothing to look up, so that the last string is emitted.
    if (i < length) {
      const key = (prefix << 8) | byte;
      let slot = Math.imul(key, hashFactor) >>> (32 - slotBits);
      let found = slots[slot] ?? 0;
      while (found >>> 12 !== key && found !== 0) {
        slot = (slot + 1) & (slotCount - 1);
        found = slots[slot] ?? 0;
      }
      if (found !== 0) {
        prefix = found & 0xfff;
        continue;
      }
      slots[slot] = (key << 12) | entry;
    }
    // At most 7 bits, or those and a clear, are waiting: with this code, up to three bytes are complete.
    bits |= prefix << bitCount;
    bitCount += width;
    output[written] = bits;
    output[written + 1] = bits >>> 8;
    output[written + 2] = bits >>> 16;
    written += bitCount >>> 3;
    bits >>= bitCount & 24;
    bitCount &= 7;
    prefix = byte;
    entry += 1;
    if (entry !== switchAt) continue;
    if (width < 12) {
      width += 1;
    } else {
      bits |= clearCode << bitCount;
      bitCount += 12;
      slots.fill(0, 0, slotCount);
      entry = firstEntry;
      width = 9;
    }
    switchAt = nextSwitch(width);
  }

  bits |= endCode << bitCount;
  bitCount += width;
  for (; bitCount > 0; bitCount -= 8) {
    output[written++] = bits;
    bits >>>= 8;
  }
  return output.slice(0, written);
}

/** For each entry since the last clear: where in the output it stands. It ends one byte into the next. */
const sharedStarts = new Int32Array(lastEntry + 2);

/**
 * Expands.
 *
 * @param bytes - data up to an end code; what follows it is ignored.
 * @param maxBytes - the most that may come out.
 * @returns new bytes.
 * @throws {WireError} `truncated` without an end code, `malformed` for a code that is not yet
 *   defined, `too-large` for more than `maxBytes`.
 */
export function decompressLzw(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const expansion = new LzwExpansion(bytes, maxBytes, { output: scratch, starts: sharedStarts });
  expansion.advance(Infinity);
  return expansion.takeBytes();
}

/** An expansion that can be interrupted: a megabyte takes ten milliseconds. */
export class LzwExpansion {
  readonly #bytes: Uint8Array;
  readonly #maxBytes: number;
  readonly #starts: Int32Array;
  #output: Uint8Array<ArrayBuffer>;
  #written = 0;
  #entry = firstEntry;
  #width = 9;
  #bitAt = 0;

  /**
   * @param bytes - must not change until it is done.
   * @param maxBytes - the most that may come out.
   * @param memory - to work in, for one that is not interrupted. By default its own.
   */
  constructor(
    bytes: Uint8Array,
    maxBytes: number,
    memory?: { readonly output: Uint8Array<ArrayBuffer>; readonly starts: Int32Array },
  ) {
    this.#bytes = bytes;
    this.#maxBytes = maxBytes;
    this.#output = memory?.output ?? new Uint8Array(Math.min(maxBytes, 4 * bytes.length));
    this.#starts = memory?.starts ?? new Int32Array(lastEntry + 2);
  }

  /** Bytes that came out so far. */
  get writtenBytes(): number {
    return this.#written;
  }

  /** What came out, as new bytes. */
  takeBytes(): Uint8Array {
    return this.#output.slice(0, this.#written);
  }

  /**
   * Goes on until about so many more bytes have come out.
   *
   * @returns whether all is expanded.
   * @throws {WireError} as `decompressLzw`; then it is of no use any more.
   */
  advance(moreBytes: number): boolean {
    const bytes = this.#bytes;
    const entryStarts = this.#starts;
    const bitLength = 8 * bytes.length;
    const lastWindow = bytes.length - 3;
    // A small integer: comparing with infinity would turn the places of this loop into floats.
    const pauseAt = Math.min(this.#written + moreBytes, 0x7fff_ffff);
    let output = this.#output;
    let capacity = Math.min(output.length, this.#maxBytes);
    let written = this.#written;
    let entry = this.#entry;
    let width = this.#width;
    let switchAt = nextSwitch(width);
    let bitAt = this.#bitAt;
    let isDone = false;

    while (written < pauseAt) {
      const at = bitAt >>> 3;
      const shift = bitAt & 7;
      bitAt += width;
      if (bitAt > bitLength) throw new WireError("truncated", "compressed data has no end");
      // A code lies within three bytes; near the end they are not all there.
      const window =
        at <= lastWindow
          ? (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
          : (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      const code = (window >>> shift) & ((1 << width) - 1);

      if (code === endCode) {
        isDone = true;
        break;
      }
      if (code === clearCode) {
        entry = firstEntry;
        width = 9;
        switchAt = nextSwitch(9);
        continue;
      }
      let from = 0;
      let until = written + 1;
      if (code >= firstEntry) {
        if (code >= entry) {
          throw new WireError("malformed", "compressed data uses an undefined code");
        }
        from = entryStarts[code] ?? 0;
        until = written + (entryStarts[code + 1] ?? 0) - from + 1;
      }
      if (until > capacity) {
        output = enlarged(output, written, until, this.#maxBytes);
        capacity = output.length;
      }
      if (entry <= lastEntry) {
        entryStarts[entry] = written;
        entry += 1;
        entryStarts[entry] = until;
        if (entry === switchAt && width < 12) {
          width += 1;
          switchAt = nextSwitch(width);
        }
      }
      if (code < clearCode) output[written++] = code;
      else while (written < until) output[written++] = output[from++] ?? 0;
    }
    this.#output = output;
    this.#written = written;
    this.#entry = entry;
    this.#width = width;
    this.#bitAt = bitAt;
    return isDone;
  }
}

/** The same content with room for `needed` bytes and as many again, but never above `maxBytes`. */
function enlarged(
  output: Uint8Array<ArrayBuffer>,
  written: number,
  needed: number,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  if (needed > maxBytes) {
    throw new WireError("too-large", `compressed data expands to more than ${maxBytes} bytes`);
  }
  const larger = new Uint8Array(Math.min(maxBytes, 2 * needed));
  larger.set(output.subarray(0, written));
  return larger;
}
