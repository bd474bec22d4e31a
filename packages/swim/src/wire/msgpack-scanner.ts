/**
 * Finds the end of a msgpack value whose bytes are still arriving.
 *
 * A stream has no length around its records. Trying to decode again whenever some bytes came
 * would let a sender of single bytes cost quadratic time; this scanner looks at each byte once
 * and remembers where it stands. It also skips unknown values, without recursion.
 */
import { WireError } from "./errors.ts";
import { maxDepth, prefix } from "./msgpack-dialect.ts";

/** One value, scanned in as many steps as its bytes come in. */
export class MsgpackScanner {
  /** For each open array or map, how many values are still missing in it; maps count keys and values. */
  readonly #missing: number[] = [1];
  /** Bytes of the current string, number or extension that have not come yet. */
  #owedBytes = 0;

  /** Starts over, for the next value. */
  reset(): void {
    this.#missing.length = 1;
    this.#missing[0] = 1;
    this.#owedBytes = 0;
  }

  /** Whether the end of the value was reached. */
  get isComplete(): boolean {
    return this.#owedBytes === 0 && this.#missing.length === 0;
  }

  /**
   * Goes on at `start`, where the last call ended.
   *
   * @param bytes - everything up to `end` is looked at; a header is left for the next call unless
   *   it is there in full.
   * @returns where to go on: the end of the value once `isComplete`.
   * @throws {WireError} `malformed` for a byte that begins no value, `too-deep`.
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    for (;;) {
      if (this.#owedBytes > 0) {
        const step = Math.min(this.#owedBytes, end - at);
        this.#owedBytes -= step;
        at += step;
        if (this.#owedBytes > 0) return at;
      }
      while (this.#missing.length > 0 && this.#missing[this.#missing.length - 1] === 0)
        this.#missing.pop();
      if (this.#missing.length === 0 || at >= end) return at;
      const headerBytes = this.#openValue(bytes, at, end);
      if (headerBytes === 0) return at;
      at += headerBytes;
    }
  }

  /** @returns how many bytes the header has; 0 when they are not all there. */
  #openValue(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at] ?? 0;
    const headerBytes = 1 + (sizeBytes[first] ?? 0);
    if (at + headerBytes > end) return 0;
    const depth = this.#missing.length;
    this.#missing[depth - 1] = (this.#missing[depth - 1] ?? 0) - 1;
    let size = 0;
    for (let i = 1; i < headerBytes; i += 1) size = size * 256 + (bytes[at + i] ?? 0);
    if (isContainer(first)) {
      if (headerBytes === 1) size = first & 0x0f;
      if (depth > maxDepth)
        throw new WireError("too-deep", `values are nested more than ${maxDepth} deep`);
      this.#missing.push(first < prefix.fixarray || first >= prefix.map16 ? 2 * size : size);
    } else {
      const fixed = valueBytes[first] ?? 0;
      if (fixed === undefinedValue) throw new WireError("malformed", "a byte begins no value");
      this.#owedBytes = size + fixed;
    }
    return headerBytes;
  }
}

function isContainer(first: number): boolean {
  return (
    (first >= prefix.fixmap && first < prefix.fixraw) ||
    (first >= prefix.array16 && first <= prefix.map32)
  );
}

/** Marks the one byte msgpack leaves undefined, c1. */
const undefinedValue = 255;

/** By first byte: how many bytes of size follow it. */
const sizeBytes = new Uint8Array(256);
/** By first byte: how many bytes of value follow, besides those the size counts. */
const valueBytes = new Uint8Array(256);

for (const [first, bytes] of [
  [prefix.bin8, 1],
  [prefix.bin16, 2],
  [prefix.bin32, 4],
  [prefix.ext8, 1],
  [prefix.ext16, 2],
  [prefix.ext32, 4],
  [prefix.str8, 1],
  [prefix.raw16, 2],
  [prefix.raw32, 4],
  [prefix.array16, 2],
  [prefix.array32, 4],
  [prefix.map16, 2],
  [prefix.map32, 4],
] as const) {
  sizeBytes[first] = bytes;
}
for (let length = 0; length < 32; length += 1) valueBytes[prefix.fixraw + length] = length;
for (let power = 0; power < 4; power += 1) {
  valueBytes[prefix.uint8 + power] = 1 << power;
  valueBytes[prefix.int8 + power] = 1 << power;
}
// Extensions have a type byte before their content.
for (let power = 0; power < 5; power += 1) valueBytes[prefix.fixext1 + power] = 1 + (1 << power);
for (const first of [prefix.ext8, prefix.ext16, prefix.ext32]) valueBytes[first] = 1;
valueBytes[prefix.float32] = 4;
valueBytes[prefix.float64] = 8;
valueBytes[0xc1] = undefinedValue;
