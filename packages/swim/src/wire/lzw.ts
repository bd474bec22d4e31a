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

/** `code` widths switch at these numbers of data codes since the last clear. Source: wire specification §7. */
function nextSwitch(width: number): number {
  return width === 12 ? Infinity : (1 << width) - endCode;
}

/**
 * The writer's table, open addressing: a slot's key holds (prefix code, next byte) in 20 bits and
 * the generation in 12, so that clearing the table is counting up instead of wiping it.
 */
const slotCount = 16_384;
const slotKeys = new Int32Array(slotCount);
const slotCodes = new Uint16Array(slotCount);
let generation = 0;

function startGeneration(): number {
  generation += 1;
  if (generation === 4096) {
    slotKeys.fill(0);
    generation = 1;
  }
  return generation << 20;
}

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
 * compressLzw(new Uint8Array(0)); // => Uint8Array [0x00, 0x03, 0x02]
 */
export function compressLzw(bytes: Uint8Array): Uint8Array {
  // A code stands for at least one byte and has at most 12 bits; a clear comes every 3838 codes.
  const output = workspace(Math.ceil(bytes.length * 1.5) + (bytes.length >>> 9) + 16);
  let written = 0;
  let stamp = startGeneration();
  let entry = firstEntry;
  let width = 9;
  let switchAt = firstEntry + nextSwitch(9);
  let bits = clearCode;
  let bitCount = 9;
  let prefix = bytes[0] ?? 0;

  for (let i = 1; i <= bytes.length; i += 1) {
    if (i < bytes.length) {
      const byte = bytes[i] ?? 0;
      const key = stamp | (prefix << 8) | byte;
      let slot = ((byte << 6) ^ (prefix * 5)) & (slotCount - 1);
      let found = slotKeys[slot] ?? 0;
      while (found !== key && found >>> 20 === stamp >>> 20) {
        slot = (slot + 1) & (slotCount - 1);
        found = slotKeys[slot] ?? 0;
      }
      if (found === key) {
        prefix = slotCodes[slot] ?? 0;
        continue;
      }
      slotKeys[slot] = key;
      slotCodes[slot] = entry;
    }
    bits |= prefix << bitCount;
    bitCount += width;
    while (bitCount >= 8) {
      output[written++] = bits;
      bits >>>= 8;
      bitCount -= 8;
    }
    prefix = bytes[i] ?? 0;
    entry += 1;
    if (entry === switchAt) {
      width += 1;
      switchAt = firstEntry + nextSwitch(width);
    } else if (entry === firstEntry + codesPerTable) {
      bits |= clearCode << bitCount;
      bitCount += 12;
      stamp = startGeneration();
      entry = firstEntry;
      width = 9;
      switchAt = firstEntry + nextSwitch(9);
    }
  }

  bits |= endCode << bitCount;
  bitCount += width;
  for (; bitCount > 0; bitCount -= 8) {
    output[written++] = bits;
    bits >>>= 8;
  }
  return output.slice(0, written);
}

/** For each entry since the last clear: where in the output it stands, and how long it is. */
const entryStarts = new Int32Array(lastEntry + 1);
const entryLengths = new Int32Array(lastEntry + 1);

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
  let output = scratch;
  let written = 0;
  let entry = firstEntry;
  let width = 9;
  let switchAt = firstEntry + nextSwitch(9);
  let bits = 0;
  let bitCount = 0;
  let at = 0;

  for (;;) {
    while (bitCount < width) {
      if (at === bytes.length) throw new WireError("truncated", "compressed data has no end");
      bits |= (bytes[at++] ?? 0) << bitCount;
      bitCount += 8;
    }
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    bitCount -= width;

    if (code === endCode) return output.slice(0, written);
    if (code === clearCode) {
      entry = firstEntry;
      width = 9;
      switchAt = firstEntry + nextSwitch(9);
      continue;
    }
    const length = code < clearCode ? 1 : (entryLengths[code] ?? 0);
    if (code >= entry && code >= firstEntry) {
      throw new WireError("malformed", "compressed data uses an undefined code");
    }
    if (written + length > output.length || written + length > maxBytes) {
      if (written + length > maxBytes) {
        throw new WireError("too-large", `compressed data expands to more than ${maxBytes} bytes`);
      }
      output = enlarged(output, written, Math.min(maxBytes, 2 * (written + length)));
    }
    if (entry <= lastEntry) {
      entryStarts[entry] = written;
      entryLengths[entry] = length + 1;
      entry += 1;
      if (entry === switchAt) {
        width += 1;
        switchAt = firstEntry + nextSwitch(width);
      }
    }
    if (code < clearCode) {
      output[written++] = code;
      continue;
    }
    let from = entryStarts[code] ?? 0;
    for (const until = written + length; written < until;) output[written++] = output[from++] ?? 0;
  }
}

function enlarged(output: Uint8Array, written: number, bytes: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes);
  larger.set(output.subarray(0, written));
  return larger;
}
