/**
 * SHA-256, so that two runs can be compared by one line on any engine.
 *
 * Written by hand because a core room has no `node:crypto`, and a simulation should run in a
 * browser page too. Source: FIPS 180-4 §4.1.2, §5.3.3, §6.2.
 */

const ROUND_CONSTANTS = firstPrimes(64).map((prime) => fractionBits(Math.cbrt(prime)));
const K: Int32Array = Int32Array.from(ROUND_CONSTANTS);
const INITIAL: Int32Array = Int32Array.from(
  firstPrimes(8).map((prime) => fractionBits(Math.sqrt(prime))),
);

/** A running hash. */
export class Sha256 {
  readonly #state: Int32Array = Int32Array.from(INITIAL);
  readonly #schedule = new Int32Array(64);
  readonly #block = new Uint8Array(64);
  #used = 0;
  #totalBytes = 0;

  /** Adds bytes. */
  update(bytes: Uint8Array): this {
    this.#totalBytes += bytes.length;
    let offset = 0;
    if (this.#used > 0) {
      offset = Math.min(64 - this.#used, bytes.length);
      this.#block.set(bytes.subarray(0, offset), this.#used);
      this.#used += offset;
      if (this.#used < 64) return this;
      this.#compress(this.#block, 0);
      this.#used = 0;
    }
    for (; offset + 64 <= bytes.length; offset += 64) this.#compress(bytes, offset);
    this.#block.set(bytes.subarray(offset), 0);
    this.#used = bytes.length - offset;
    return this;
  }

  /** The hash of everything so far, as 64 hexadecimal digits; more may be added afterwards. */
  digestHex(): string {
    const state = this.#state.slice();
    const block = this.#block.slice();
    const tail = new Uint8Array(this.#used < 56 ? 64 : 128);
    tail.set(block.subarray(0, this.#used));
    tail[this.#used] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(this.#totalBytes / 2 ** 29));
    view.setUint32(tail.length - 4, (this.#totalBytes << 3) >>> 0);
    for (let offset = 0; offset < tail.length; offset += 64) this.#compress(tail, offset);
    const digest = [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0"));
    this.#state.set(state);
    return digest.join("");
  }

  #compress(bytes: Uint8Array, offset: number): void {
    const w = this.#schedule;
    for (let index = 0, at = offset; index < 16; index += 1, at += 4) {
      w[index] =
        ((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number);
    }
    for (let index = 16; index < 64; index += 1) {
      const early = w[index - 15] as number;
      const late = w[index - 2] as number;
      const s0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const s1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      w[index] = ((w[index - 16] as number) + s0 + (w[index - 7] as number) + s1) | 0;
    }
    const state = this.#state;
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    let e = state[4] as number;
    let f = state[5] as number;
    let g = state[6] as number;
    let h = state[7] as number;
    for (let index = 0; index < 64; index += 1) {
      const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
      const choice = (e & f) ^ (~e & g);
      const t1 = (h + s1 + choice + (K[index] as number) + (w[index] as number)) | 0;
      const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] = ((state[0] as number) + a) | 0;
    state[1] = ((state[1] as number) + b) | 0;
    state[2] = ((state[2] as number) + c) | 0;
    state[3] = ((state[3] as number) + d) | 0;
    state[4] = ((state[4] as number) + e) | 0;
    state[5] = ((state[5] as number) + f) | 0;
    state[6] = ((state[6] as number) + g) | 0;
    state[7] = ((state[7] as number) + h) | 0;
  }
}

function rotated(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}

/** The first 32 bits after the point. A double has 44 of them for the roots needed here. */
function fractionBits(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
}
