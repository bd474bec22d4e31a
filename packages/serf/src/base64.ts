/**
 * Base64 as key texts use it: the standard alphabet with padding, and errors told in the words
 * users of the reference know.
 *
 * Line breaks are skipped, and unused bits in the last character are not looked at, as in the
 * reference; both matter for keyring files edited by hand.
 *
 * Source: Serf specification §3.9, §12; RFC 4648 §4.
 */
import { encodeName } from "@x/swim/wire";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const padding = 0x3d;

/** Byte → its six bits, or −1. */
const sixBitsOf: Int8Array = sixBitTable();

/** Text that is not base64. */
export class Base64Error extends Error {
  /** Where it stops being base64, counted in bytes of UTF-8 from 0. */
  readonly inputByte: number;

  constructor(inputByte: number) {
    super(`illegal base64 data at input byte ${inputByte}`);
    this.name = "Base64Error";
    this.inputByte = inputByte;
  }
}

/**
 * Bytes as base64 with padding.
 *
 * @example
 * encodeBase64(new Uint8Array([0, 1, 2, 3])); // => "AAECAw=="
 */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const present = Math.min(3, bytes.length - index);
    const group =
      ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let sextet = 0; sextet < 4; sextet++) {
      text += sextet <= present ? alphabet.charAt((group >> (18 - 6 * sextet)) & 63) : "=";
    }
  }
  return text;
}

/**
 * The bytes a base64 text stands for.
 *
 * @throws {Base64Error} naming the byte, e.g. `illegal base64 data at input byte 4`.
 */
export function decodeBase64(text: string): Uint8Array {
  const input = encodeName(text);
  const output = new Uint8Array(Math.ceil((input.length * 3) / 4));
  let outputLength = 0;
  let group = 0;
  let sextets = 0;
  for (let index = 0; index < input.length; index++) {
    const byte = input[index] ?? 0;
    if (isLineBreak(byte)) continue;
    if (byte === padding) {
      expectEnd(input, index, sextets);
      return output.slice(0, writeGroup(output, outputLength, group, sextets));
    }
    const bits = sixBitsOf[byte] ?? -1;
    if (bits < 0) throw new Base64Error(index);
    group = (group << 6) | bits;
    sextets++;
    if (sextets < 4) continue;
    outputLength = writeGroup(output, outputLength, group, sextets);
    group = 0;
    sextets = 0;
  }
  if (sextets > 0) throw new Base64Error(input.length - sextets);
  return output.slice(0, outputLength);
}

/** Checks what stands at and behind the first padding character. */
function expectEnd(input: Uint8Array, paddingIndex: number, sextets: number): void {
  if (sextets < 2) throw new Base64Error(paddingIndex);
  let index = skipLineBreaks(input, paddingIndex + 1);
  if (sextets === 2) {
    if (index === input.length) throw new Base64Error(input.length);
    if (input[index] !== padding) throw new Base64Error(index - 1);
    index = skipLineBreaks(input, index + 1);
  }
  if (index < input.length) throw new Base64Error(index);
}

/** @returns the output's new length. */
function writeGroup(output: Uint8Array, start: number, group: number, sextets: number): number {
  const bits = group << (6 * (4 - sextets));
  for (let index = 0; index < sextets - 1; index++) {
    output[start + index] = (bits >> (16 - 8 * index)) & 0xff;
  }
  return start + sextets - 1;
}

function skipLineBreaks(input: Uint8Array, start: number): number {
  let index = start;
  while (index < input.length && isLineBreak(input[index] ?? 0)) index++;
  return index;
}

function isLineBreak(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

function sixBitTable(): Int8Array {
  const table = new Int8Array(256).fill(-1);
  for (let value = 0; value < alphabet.length; value++) table[alphabet.charCodeAt(value)] = value;
  return table;
}
