/** How often is enough. */

/**
 * How many times a rumour is handed out before it is forgotten:
 *
 *     limit(n) = multiplier · ⌈log₁₀(n + 1)⌉
 *
 * An epidemic needs O(log n) rounds to reach everybody, so this many hand-outs per member reach all
 * with high probability. Computed with exact powers of ten, so that no rounding of a logarithm can
 * shift a boundary.
 *
 * Source: SWIM (Das, Gupta, Motivala 2002) §4.1; behaviour specification of the broadcast queue §2.
 *
 * @param multiplier - λ, a whole number ≥ 0; the reference uses 4, or 2 on one machine.
 * @param memberCount - n ≥ 0, the owner's estimate of the cluster size.
 * @returns hand-outs, a whole number ≥ 0. The queue hands out every rumour at least once even if 0.
 * @throws {RangeError} if an argument is out of its bounds.
 *
 * @example
 * retransmitLimit(4, 99); // => 8
 * retransmitLimit(4, 100); // => 12
 */
export function retransmitLimit(multiplier: number, memberCount: number): number {
  if (!Number.isSafeInteger(multiplier) || multiplier < 0) {
    throw new RangeError(`multiplier must be a whole number >= 0, got ${multiplier}`);
  }
  if (!(memberCount >= 0 && memberCount <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`memberCount must lie within 0 and 2^53 - 1, got ${memberCount}`);
  }
  let digits = 0;
  for (let power = 1; power < memberCount + 1; power *= 10) digits += 1;
  return multiplier * digits;
}
