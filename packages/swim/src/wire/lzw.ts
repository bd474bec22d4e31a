/**
 * LZW as the reference's compressor writes it: codes packed least significant bit first, literals
 * of 8 bits, code widths of 9 to 12 bits.
 *
 * Codes 0…255 are bytes, 256 clears the table, 257 ends the data, 258… are table entries. The
 * width is a function of the number of data codes since the last clear, the same for the writer
 * and the reader. Output is byte-identical to the reference's.
 *
 * Both work in blocks of one width: the loop over a block is called often, and whatever it does it
 * has done after a few calls. V8 replaces a loop that runs long in its very first call by code that
 * knows nothing of what follows the loop, and keeps it: each later call then falls back into the
 * interpreter, and takes half as long again.
 *
 * Source: wire specification §7; T. Welch, "A technique for high-performance data compression",
 * IEEE Computer 17 (6), 1984.
 */
import { WireError } from "./errors.ts";
import type { Workspace } from "./workspace.ts";
import { newWorkspace, sharedWorkspace } from "./workspace.ts";

const clearCode = 256;
const endCode = 257;
const firstEntry = 258;
const lastEntry = 4095;
const narrowest = 9;
const widest = 12;
/** Data codes after which a writer starts over. Source: wire specification §7. */
const codesPerTable = 3838;

/** Bytes that a block takes, or brings forth, before it is left for the next one. */
const blockBytes = 1_024;

/** Entry number at which codes become wider; `ofWidest` for the widest ones. */
function nextSwitch(width: number, ofWidest: number): number {
  return width === widest ? ofWidest : firstEntry + (1 << width) - endCode;
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
  return new LzwCompression(bytes).finish();
}

/**
 * The writer's table: by prefix code, the byte that followed it first and the entry of both, in
 * 8 + 12 bits; −1 is none. Two of three bytes are found here, in a quarter of the memory that
 * the others take, and half of the strings that end need no look at those.
 */
const firstFollowers = new Int32Array(lastEntry + 1);

/**
 * The writer's table of the others, open addressing. A slot holds prefix code, next byte and entry
 * number in 12 + 8 + 12 bits; 0 is free, for entry numbers are not 0. Short inputs use only a part
 * of it, as clearing all of it would cost more than compressing a ping.
 */
const slots = new Int32Array(16_384);

/** 2³² divided by the golden ratio: spreads keys that differ in few bits. Source: Knuth, TAOCP 3, §6.4. */
const hashFactor = 0x9e37_79b1 | 0;

class LzwCompression {
  readonly #bytes: Uint8Array;
  readonly #output: Uint8Array<ArrayBuffer>;
  readonly #slotBits: number;
  /** Where the next byte is read; what came before it and is not written yet is #prefix. */
  #at = 1;
  #prefix: number;
  #entry = firstEntry;
  #width = narrowest;
  /** Written, but not a whole byte yet: at most 7 bits. */
  #bits = 0;
  #bitCount = 0;
  #written = 0;

  constructor(bytes: Uint8Array) {
    const length = bytes.length;
    this.#bytes = bytes;
    // A code stands for at least one byte and has at most 12 bits; a clear comes every 3838 codes.
    this.#output = sharedWorkspace(Math.ceil(length * 1.5) + (length >>> 9) + 16).bytes;
    this.#slotBits = Math.min(14, 34 - Math.clz32(length));
    this.#prefix = bytes[0] ?? 0;
  }

  /** All of it. */
  finish(): Uint8Array {
    const length = this.#bytes.length;
    this.#startTable();
    while (this.#at < length) {
      this.#writeBlock(Math.min(this.#at + blockBytes, length), this.#nextSwitch());
      this.#switchWidth();
    }
    if (length > 0) {
      this.#write(this.#prefix);
      this.#entry += 1;
      this.#switchWidth();
    }
    this.#write(endCode);
    if (this.#bitCount > 0) this.#output[this.#written++] = this.#bits;
    return this.#output.slice(0, this.#written);
  }

  /** Reads up to `until`, or until the entry `switchAt` is the next: the codes have one width. */
  #writeBlock(until: number, switchAt: number): void {
    const bytes = this.#bytes;
    const output = this.#output;
    const width = this.#width;
    const hashShift = 32 - this.#slotBits;
    const lastSlot = (1 << this.#slotBits) - 1;
    let at = this.#at;
    let prefix = this.#prefix;
    let entry = this.#entry;
    let bits = this.#bits;
    let bitCount = this.#bitCount;
    let written = this.#written;

    while (at < until && entry < switchAt) {
      const byte = bytes[at++] ?? 0;
      const first = firstFollowers[prefix] ?? 0;
      if (first >>> 12 === byte) {
        prefix = first & 0xfff;
        continue;
      }
      if (first < 0) {
        firstFollowers[prefix] = (byte << 12) | entry;
      } else {
        const key = (prefix << 8) | byte;
        let slot = (Math.imul(key, hashFactor) >>> hashShift) - 1;
        let found = 0;
        do {
          slot = (slot + 1) & lastSlot;
          found = slots[slot] ?? 0;
        } while (found >>> 12 !== key && found !== 0);
        if (found !== 0) {
          prefix = found & 0xfff;
          continue;
        }
        slots[slot] = (key << 12) | entry;
      }
      // With at most 7 bits waiting and at most 12 in the code, up to two bytes are complete.
      bits |= prefix << bitCount;
      bitCount += width;
      output[written] = bits;
      output[written + 1] = bits >>> 8;
      written += bitCount >>> 3;
      bits >>>= bitCount & 24;
      bitCount &= 7;
      prefix = byte;
      entry += 1;
    }
    this.#at = at;
    this.#prefix = prefix;
    this.#entry = entry;
    this.#bits = bits;
    this.#bitCount = bitCount;
    this.#written = written;
  }

  /** Widens the codes if it is time to, or, at the widest, starts over. */
  #switchWidth(): void {
    if (this.#entry < this.#nextSwitch()) return;
    if (this.#width < widest) this.#width += 1;
    else this.#startTable();
  }

  #nextSwitch(): number {
    return nextSwitch(this.#width, firstEntry + codesPerTable);
  }

  #startTable(): void {
    this.#write(clearCode);
    firstFollowers.fill(-1, 0, firstEntry + this.#bytes.length);
    slots.fill(0, 0, 1 << this.#slotBits);
    this.#entry = firstEntry;
    this.#width = narrowest;
  }

  /** Writes one code; the loop over a block does the same for itself. */
  #write(code: number): void {
    this.#bits |= code << this.#bitCount;
    this.#bitCount += this.#width;
    for (; this.#bitCount >= 8; this.#bitCount -= 8) {
      this.#output[this.#written++] = this.#bits;
      this.#bits >>>= 8;
    }
  }
}

/** The entry that a table of 4096 never comes to: a reader whose table is full goes on with it. */
const noEntry = 0x7fff_ffff;
/** What a block may bring forth beyond its end: the longest string, and the rest of a copied word. */
const overrunBytes = 4_096;

/** Where an expansion works. */
interface ExpansionMemory {
  /**
   * For each entry since the last clear: where in the output it stands. It ends one byte into the
   * next. One place is for what begins when the table is full, and one for what follows.
   */
  readonly starts: Int32Array;
  readonly workspace: (size: number) => Workspace;
}

function newMemory(): ExpansionMemory {
  return { starts: new Int32Array(lastEntry + 3), workspace: newWorkspace };
}

const sharedMemory: ExpansionMemory = { ...newMemory(), workspace: sharedWorkspace };

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
  const expansion = new LzwExpansion(bytes, maxBytes, sharedMemory);
  expansion.advance(maxBytes + 1);
  return expansion.takeBytes();
}

/**
 * An expansion that can be interrupted: a megabyte takes two milliseconds.
 *
 * It keeps no strings: entry n is "what data code n − 258 stood for, and one byte more", and those
 * bytes lie side by side in the output already. So an entry is a place and a length, and the code
 * that is defined by its own first byte needs no special case.
 */
export class LzwExpansion {
  readonly #input: DataView;
  readonly #bitLength: number;
  readonly #maxBytes: number;
  readonly #memory: ExpansionMemory;
  #output: Workspace;
  #written = 0;
  #entry = firstEntry;
  #width = narrowest;
  #bitAt = 0;

  /**
   * @param bytes - must not change until it is done.
   * @param maxBytes - the most that may come out.
   * @param memory - to work in, for one that is not interrupted. By default its own.
   */
  constructor(bytes: Uint8Array, maxBytes: number, memory: ExpansionMemory = newMemory()) {
    this.#input = windowsOf(bytes);
    this.#bitLength = 8 * bytes.length;
    this.#maxBytes = maxBytes;
    this.#memory = memory;
    this.#output = memory.workspace(Math.min(maxBytes + 1, 4 * bytes.length) + overrunBytes);
  }

  /** Bytes that came out so far. */
  get writtenBytes(): number {
    return this.#written;
  }

  /** What came out, as new bytes. */
  takeBytes(): Uint8Array {
    return this.#output.bytes.slice(0, this.#written);
  }

  /**
   * Goes on until about so many more bytes have come out.
   *
   * @returns whether all is expanded.
   * @throws {WireError} as `decompressLzw`; then it is of no use any more.
   */
  advance(moreBytes: number): boolean {
    // One byte too many is a reason to stop; as many as allowed may be followed by the end.
    const pauseAt = Math.min(this.#written + moreBytes, this.#maxBytes + 1);
    while (this.#written < pauseAt) {
      const until = Math.min(this.#written + blockBytes, pauseAt);
      this.#makeRoom(until);
      const code = this.#readBlock(until, nextSwitch(this.#width, noEntry));
      if (this.#written > this.#maxBytes) {
        throw new WireError(
          "too-large",
          `compressed data expands to more than ${this.#maxBytes} bytes`,
        );
      }
      if (code === endCode) return true;
      if (code === clearCode) {
        this.#entry = firstEntry;
        this.#width = narrowest;
      } else if (this.#entry === nextSwitch(this.#width, noEntry)) {
        this.#width += 1;
      }
    }
    return false;
  }

  /** Room for a block until there and for as many bytes again, but hardly more than `maxBytes`. */
  #makeRoom(until: number): void {
    const former = this.#output.bytes;
    if (until + overrunBytes <= former.length) return;
    const size = Math.min(this.#maxBytes + 1, 2 * until) + overrunBytes;
    this.#output = this.#memory.workspace(size);
    this.#output.bytes.set(former.subarray(0, this.#written));
  }

  /**
   * Reads until so many bytes have been written, or until the entry `switchAt` is the next, or up
   * to a code that does not stand for bytes: the codes have one width.
   *
   * @returns the code that was read last.
   */
  #readBlock(until: number, switchAt: number): number {
    const input = this.#input;
    const bitLength = this.#bitLength;
    const lastWindow = input.byteLength - 4;
    const width = this.#width;
    const starts = this.#memory.starts;
    const output = this.#output.bytes;
    const view = this.#output.view;
    let written = this.#written;
    let entry = this.#entry;
    let bitAt = this.#bitAt;
    let code = 0;

    while (written < until && entry < switchAt) {
      starts[entry] = written;
      if (bitAt + width > bitLength) {
        throw new WireError("truncated", "compressed data has no end");
      }
      const at = Math.min(bitAt >>> 3, lastWindow);
      code = (input.getInt32(at, true) >>> (bitAt - 8 * at)) & ((1 << width) - 1);
      bitAt += width;

      if (code < clearCode) {
        output[written++] = code;
      } else if (code < firstEntry) {
        break;
      } else {
        if (code >= entry) {
          throw new WireError("malformed", "compressed data uses an undefined code");
        }
        let from = starts[code] ?? 0;
        const end = written + (starts[code + 1] ?? 0) - from + 1;
        // A string reaches at most one byte into itself, and that is its first one: it goes ahead.
        // The rest eight by eight, as most strings are no longer; what is too much is overwritten.
        output[written] = output[from] ?? 0;
        for (let to = written; to < end; to += 8, from += 8) {
          view.setInt32(to, view.getInt32(from, true), true);
          view.setInt32(to + 4, view.getInt32(from + 4, true), true);
        }
        written = end;
      }
      if (entry <= lastEntry + 1) entry += 1;
    }
    this.#written = written;
    this.#entry = entry;
    this.#bitAt = bitAt;
    return code;
  }
}

/** For reading each code with the four bytes around it: so many are there, though of nothing. */
function windowsOf(bytes: Uint8Array): DataView {
  const readable = bytes.length < 4 ? new Uint8Array(4) : bytes;
  if (readable !== bytes) readable.set(bytes);
  return new DataView(readable.buffer, readable.byteOffset, readable.length);
}
