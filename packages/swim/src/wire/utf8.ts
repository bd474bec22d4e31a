/**
 * Names as text, without loss.
 *
 * Peers may send any bytes as a name, and names are compared byte for byte. Text that replaced
 * invalid bytes by U+FFFD would make two members one. So a byte that is not part of valid UTF-8
 * becomes the lone surrogate U+DC00 + byte (U+DC80…U+DCFF), which valid UTF-8 can never produce,
 * and encodes back to that byte. The same idea as Python's "surrogateescape" (PEP 383).
 *
 * Written by hand because no `TextEncoder` is lossless, and because names are short: for them a
 * call out of JavaScript costs more than the loop.
 */

/** How many bytes `encodeName(text)` has. */
export function nameByteLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      length += 1;
    } else if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) {
      length += 2;
      i += 1;
    } else if (!isEscapedByte(unit)) {
      length += 2;
    }
  }
  return length;
}

/**
 * Encodes a name.
 *
 * @param text - lone surrogates U+DC80…U+DCFF become the bytes 80…ff they stand for; any other
 *   lone surrogate, which no decoded name contains, becomes U+FFFD.
 *
 * @example
 * [...encodeName("a\udcff")]; // => [97, 255]
 */
export function encodeName(text: string): Uint8Array {
  const bytes = new Uint8Array(nameByteLength(text));
  writeName(text, bytes, 0);
  return bytes;
}

/**
 * Writes `encodeName(text)` into `target` at `offset`; `nameByteLength(text)` bytes must fit.
 *
 * @returns the offset behind the last byte written.
 */
export function writeName(text: string, target: Uint8Array, offset: number): number {
  let at = offset;
  for (let i = 0; i < text.length; i += 1) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[at++] = unit;
    } else if (unit < 0x800) {
      target[at++] = 0xc0 | (unit >>> 6);
      target[at++] = 0x80 | (unit & 0x3f);
    } else if (isEscapedByte(unit)) {
      target[at++] = unit & 0xff;
    } else if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(i + 1))) {
      i += 1;
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (text.charCodeAt(i) & 0x3ff);
      target[at++] = 0xf0 | (point >>> 18);
      target[at++] = 0x80 | ((point >>> 12) & 0x3f);
      target[at++] = 0x80 | ((point >>> 6) & 0x3f);
      target[at++] = 0x80 | (point & 0x3f);
    } else {
      if (unit >= 0xd800 && unit <= 0xdfff) unit = 0xfffd;
      target[at++] = 0xe0 | (unit >>> 12);
      target[at++] = 0x80 | ((unit >>> 6) & 0x3f);
      target[at++] = 0x80 | (unit & 0x3f);
    }
  }
  return at;
}

/**
 * Decodes any bytes; each byte that is not part of valid UTF-8 becomes U+DC00 + byte.
 *
 * @param start - first byte, 0 by default.
 * @param end - behind the last byte, all by default.
 *
 * @example
 * decodeName(Uint8Array.of(0x61, 0xff)); // => "a\udcff"
 */
export function decodeName(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): string {
  let hash = 0;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) return decodeAnyName(bytes, start, end);
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (end - start > recentNameBytes) return decodeAscii(bytes, start, end);
  return decodeShortAscii(bytes, start, end, hash);
}

/**
 * The same few names come again and again, and as the very same string object a name is found
 * in a `Map` without hashing it anew. A slot is overwritten by the next name that lands on it,
 * so this holds at most 1024 names of 64 bytes.
 */
const recentNames: string[] = [];
// Pushed one by one: `Array.from` takes twenty times as long before anything is compiled.
for (let slot = 0; slot < 1024; slot += 1) recentNames.push("");
const recentNameBytes = 64;

function decodeShortAscii(bytes: Uint8Array, start: number, end: number, hash: number): string {
  const slot = (hash ^ (hash >>> 10)) & 1023;
  const recent = recentNames[slot] ?? "";
  if (recent.length === end - start) {
    let i = 0;
    while (start + i < end && recent.charCodeAt(i) === bytes[start + i]) i += 1;
    if (start + i === end) return recent;
  }
  const text = decodeAscii(bytes, start, end);
  recentNames[slot] = text;
  return text;
}

/** `String.fromCharCode` takes its units as arguments: chunks keep clear of the stack's limit. */
const chunkUnits = 4096;

/** Spreading an array costs half of spreading bytes, and this one is there already. */
const asciiUnits: number[] = [];

function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += chunkUnits) {
    const length = Math.min(chunkUnits, end - at);
    asciiUnits.length = length;
    for (let i = 0; i < length; i += 1) asciiUnits[i] = bytes[at + i] ?? 0;
    text += String.fromCharCode(...asciiUnits);
  }
  return text;
}

function decodeAnyName(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let units: number[] = [];
  let at = start;
  while (at < end) {
    const length = sequenceLength(bytes, at, end);
    const lead = bytes[at] ?? 0;
    if (length === 0) {
      units.push(0xdc00 + lead);
      at += 1;
      continue;
    }
    let point = length === 1 ? lead : lead & (0x7f >>> length);
    for (let i = 1; i < length; i += 1) point = (point << 6) | ((bytes[at + i] ?? 0) & 0x3f);
    if (point < 0x10000) {
      units.push(point);
    } else {
      units.push(0xd7c0 + (point >>> 10), 0xdc00 + (point & 0x3ff));
    }
    at += length;
    if (units.length >= chunkUnits) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/**
 * Length of the valid UTF-8 sequence that starts at `at`, or 0 when none does.
 *
 * Source: Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
 */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1] ?? 0;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i += 1) {
    if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function isEscapedByte(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}
