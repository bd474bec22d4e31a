/**
 * What may be refused, and how that is told.
 *
 * Whatever another member sends, and whatever a clock or a disk yields, is judged and
 * answered with a value: remote input never throws. Mistakes of the caller (impossible
 * options, distances between spaces of different dimension) throw `RangeError` at once.
 */

/**
 * Why a coordinate or an RTT was refused. The list is closed; branch on it.
 *
 * - `dimension-mismatch`: the vector has another length than ours;
 * - `not-finite`: some number is NaN or infinite;
 * - `out-of-bounds`: finite, but no network looks like that (defended clients only);
 * - `rtt-out-of-range`: the RTT is negative, NaN or above 10 s – most often a clock that was set.
 *
 * Source: behaviour specification §4 step 1, §10 numbers 1 to 3.
 */
export type RejectionReason =
  "dimension-mismatch" | "not-finite" | "out-of-bounds" | "rtt-out-of-range";

/** What became of an input: taken, or refused without any change of state. */
export type Outcome =
  { readonly kind: "accepted" } | { readonly kind: "rejected"; readonly reason: RejectionReason };

/** One frozen value for all, since inputs are judged hundreds of thousands of times a second. */
export const ACCEPTED: Outcome = Object.freeze({ kind: "accepted" });

const REJECTED: Readonly<Record<RejectionReason, Outcome>> = {
  "dimension-mismatch": Object.freeze({ kind: "rejected", reason: "dimension-mismatch" }),
  "not-finite": Object.freeze({ kind: "rejected", reason: "not-finite" }),
  "out-of-bounds": Object.freeze({ kind: "rejected", reason: "out-of-bounds" }),
  "rtt-out-of-range": Object.freeze({ kind: "rejected", reason: "rtt-out-of-range" }),
};

/** The shared, frozen outcome for a reason. */
export function rejected(reason: RejectionReason): Outcome {
  return REJECTED[reason];
}
