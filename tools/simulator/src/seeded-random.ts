/**
 * The only source of chance in a simulation: one integer decides everything.
 *
 * Streams are split by label, not by turn: what a fork yields depends on the seed and its labels
 * alone, never on how much anybody else has drawn. A fault taken out of a plan therefore leaves
 * every other member's luck as it was, which is what makes shrinking work.
 *
 * Source: sfc32 of PractRand (Chris Doty-Humphrey), a small chaotic generator with 128 bits of
 * state; labels are mixed in with the finaliser of MurmurHash3 (Austin Appleby). Not for secrets.
 */

const TO_UNIT = 2 ** -32;

/** A repeatable stream of numbers. */
export class SeededRandom {
  readonly #low: number;
  readonly #high: number;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /**
   * @param seed - any whole number within ±2⁵³.
   * @throws {RangeError} if it is not one.
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`seed must be a whole number within 2^53, got ${seed}`);
    }
    this.#low = seed | 0;
    this.#high = Math.floor(seed / 2 ** 32) | 0;
    this.#a = scrambled(this.#low);
    this.#b = scrambled(this.#high ^ 0x9e3779b9);
    this.#c = scrambled(this.#low ^ this.#b);
    this.#counter = 1;
    for (let round = 0; round < 12; round += 1) this.uint32();
  }

  /** A stream of its own, the same for the same seed and label however often either is used. */
  fork(label: string | number): SeededRandom {
    let low = this.#low ^ 0x5bd1e995;
    let high = this.#high;
    const text = typeof label === "number" ? `#${label}` : label;
    for (let index = 0; index < text.length; index += 1) {
      low = scrambled(low ^ text.charCodeAt(index));
      high = scrambled(high + low);
    }
    return new SeededRandom((high & 0x1fffff) * 2 ** 32 + (low >>> 0));
  }

  /** A whole number in `[0, 2³²)`. */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number in `[0, 1)`, in steps of 2⁻³². */
  unit(): number {
    return this.uint32() * TO_UNIT;
  }

  /** A whole number in `[0, bound)`. */
  below(bound: number): number {
    return Math.floor(this.uint32() * TO_UNIT * bound);
  }

  /** A number in `[min, max)`. */
  between(min: number, max: number): number {
    return min + this.uint32() * TO_UNIT * (max - min);
  }

  /** True with this probability; draws nothing if there is no doubt. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.uint32() * TO_UNIT < probability;
  }

  /**
   * A number around 0 with standard deviation 1, normally distributed.
   *
   * By the polar method (Marsaglia and Bray 1964): engines do not agree on the last bit of sines
   * and cosines, so the usual pair of formulas would not be repeatable everywhere.
   */
  normal(): number {
    for (;;) {
      const x = this.between(-1, 1);
      const y = this.between(-1, 1);
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** One of them. @throws {RangeError} if there is none. */
  pick<Value>(values: readonly Value[]): Value {
    if (values.length === 0) throw new RangeError("nothing to pick from");
    return values[this.below(values.length)] as Value;
  }

  /** Fills the array with random bytes; the `fillRandom` port of a core. */
  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = this.uint32() >>> 24;
  }

  /** The {@link unit} of this stream as a bare function; the `random` port of a core. */
  toFunction(): () => number {
    return () => this.uint32() * TO_UNIT;
  }
}

/**
 * Seeds for a campaign.
 *
 * @param count - how many.
 * @param first - the first one; the others follow.
 * @returns `[first, first + 1, …]`, made for `it.each`.
 */
export function seeds(count: number, first: number = 1): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function scrambled(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
