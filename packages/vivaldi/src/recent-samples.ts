/**
 * The latest coordinate and RTT of the members seen most recently, one each: a repeated
 * claim replaces the old one, so that no member speaks louder by speaking often.
 *
 * Flat columns in typed arrays: the replay in `refined-motion.ts` reads them some twenty
 * times per observation. One slot is `vector…, height, adjustment, error, rtt`.
 */
import type { Coordinate } from "./coordinate.ts";

/** No slot for that member. */
const NO_SLOT = -1;

export class RecentSamples {
  /** Slots of {@link stride} numbers, dense from 0 to {@link count}. */
  readonly values: Float64Array;
  readonly stride: number;
  readonly #capacity: number;
  readonly #dimensionality: number;
  readonly #residuals: Float64Array;
  readonly #memberOfSlot: Int32Array;
  /** By member index; a member index without an entry has no slot. */
  #slotOfMember: Int32Array = new Int32Array(16).fill(NO_SLOT);
  #count = 0;
  #nextToReplace = 0;
  #residualSum = 0;

  constructor(capacity: number, dimensionality: number) {
    this.stride = dimensionality + 4;
    this.values = new Float64Array(capacity * this.stride);
    this.#capacity = capacity;
    this.#dimensionality = dimensionality;
    this.#residuals = new Float64Array(capacity);
    this.#memberOfSlot = new Int32Array(capacity);
  }

  /** Samples held, at most the capacity. */
  get count(): number {
    return this.#count;
  }

  /** Σ of all residuals, seconds. */
  get residualSumSeconds(): number {
    return this.#residualSum;
  }

  /**
   * Holds the sample in place of the member's former one, or else of the oldest.
   *
   * @param otherError - what to believe of `other.error`.
   * @returns its slot. Its residual is 0 until {@link setResidual}.
   */
  hold(memberIndex: number, other: Coordinate, otherError: number, rttSeconds: number): number {
    const slot = this.#slotFor(memberIndex);
    const base = slot * this.stride;
    const dimensionality = this.#dimensionality;
    for (let index = 0; index < dimensionality; index++) {
      this.values[base + index] = other.vector[index] as number;
    }
    this.values[base + dimensionality] = other.height;
    this.values[base + dimensionality + 1] = other.adjustment;
    this.values[base + dimensionality + 2] = otherError;
    this.values[base + dimensionality + 3] = rttSeconds;
    return slot;
  }

  /**
   * ‖vector − the sample's vector‖₂.
   *
   * Four sums side by side: one would wait for itself at each addition. Here and below four
   * components a round, as the checks of a round cost more than the sums.
   */
  lengthFrom(slot: number, vector: Float64Array): number {
    const values = this.values;
    const whole = vector.length & ~3;
    let at = slot * this.stride;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let index = 0; index < whole; index += 4, at += 4) {
      const component0 = (vector[index] as number) - (values[at] as number);
      const component1 = (vector[index + 1] as number) - (values[at + 1] as number);
      const component2 = (vector[index + 2] as number) - (values[at + 2] as number);
      const component3 = (vector[index + 3] as number) - (values[at + 3] as number);
      sum0 += component0 * component0;
      sum1 += component1 * component1;
      sum2 += component2 * component2;
      sum3 += component3 * component3;
    }
    for (let index = whole; index < vector.length; index++, at++) {
      const component = (vector[index] as number) - (values[at] as number);
      sum0 += component * component;
    }
    return Math.sqrt(sum0 + sum1 + (sum2 + sum3));
  }

  /** Moves `vector` along the line from the sample's vector, by `factor` times the length of that. */
  moveFrom(slot: number, vector: Float64Array, factor: number): void {
    const values = this.values;
    const whole = vector.length & ~3;
    let at = slot * this.stride;
    for (let index = 0; index < whole; index += 4, at += 4) {
      const own0 = vector[index] as number;
      const own1 = vector[index + 1] as number;
      const own2 = vector[index + 2] as number;
      const own3 = vector[index + 3] as number;
      vector[index] = own0 + factor * (own0 - (values[at] as number));
      vector[index + 1] = own1 + factor * (own1 - (values[at + 1] as number));
      vector[index + 2] = own2 + factor * (own2 - (values[at + 2] as number));
      vector[index + 3] = own3 + factor * (own3 - (values[at + 3] as number));
    }
    for (let index = whole; index < vector.length; index++, at++) {
      const own = vector[index] as number;
      vector[index] = own + factor * (own - (values[at] as number));
    }
  }

  /** By how much the raw distance of the slot misses its RTT, seconds. */
  setResidual(slot: number, residualSeconds: number): void {
    this.#residualSum += residualSeconds - (this.#residuals[slot] as number);
    this.#residuals[slot] = residualSeconds;
  }

  /** Sums anew: millions of differences would otherwise leave their rounding behind. */
  recountResiduals(): void {
    let sum = 0;
    for (let slot = 0; slot < this.#count; slot++) sum += this.#residuals[slot] as number;
    this.#residualSum = sum;
  }

  /** Drops the member's sample, if there is one; the last slot moves into the gap. */
  forget(memberIndex: number): void {
    const slot = this.#slotOf(memberIndex);
    if (slot === NO_SLOT) return;
    this.#slotOfMember[memberIndex] = NO_SLOT;
    const last = --this.#count;
    this.setResidual(slot, 0);
    if (slot !== last) {
      this.values.copyWithin(slot * this.stride, last * this.stride, (last + 1) * this.stride);
      this.#residuals[slot] = this.#residuals[last] as number;
      const moved = this.#memberOfSlot[last] as number;
      this.#memberOfSlot[slot] = moved;
      this.#slotOfMember[moved] = slot;
    }
    this.#residuals[last] = 0;
    if (this.#nextToReplace > last) this.#nextToReplace = 0;
    if (this.#count === 0) this.#residualSum = 0;
  }

  /** Drops all. */
  clear(): void {
    this.#slotOfMember.fill(NO_SLOT);
    this.#residuals.fill(0);
    this.#count = 0;
    this.#nextToReplace = 0;
    this.#residualSum = 0;
  }

  #slotOf(memberIndex: number): number {
    return memberIndex < this.#slotOfMember.length
      ? (this.#slotOfMember[memberIndex] as number)
      : NO_SLOT;
  }

  #slotFor(memberIndex: number): number {
    const held = this.#slotOf(memberIndex);
    if (held !== NO_SLOT) return held;
    if (memberIndex >= this.#slotOfMember.length) this.#grow(memberIndex);
    let slot = this.#count;
    if (slot < this.#capacity) {
      this.#count++;
    } else {
      slot = this.#nextToReplace;
      this.#nextToReplace = (slot + 1) % this.#capacity;
      this.#slotOfMember[this.#memberOfSlot[slot] as number] = NO_SLOT;
      this.setResidual(slot, 0);
    }
    this.#memberOfSlot[slot] = memberIndex;
    this.#slotOfMember[memberIndex] = slot;
    return slot;
  }

  /** Member indices stay below `trackedMembersLimit`, and this column with them. */
  #grow(memberIndex: number): void {
    const slots = new Int32Array(Math.max(memberIndex + 1, this.#slotOfMember.length * 2));
    slots.fill(NO_SLOT);
    slots.set(this.#slotOfMember);
    this.#slotOfMember = slots;
  }
}
