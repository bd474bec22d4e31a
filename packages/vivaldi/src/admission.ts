/**
 * The door: judges what others claim before any of it is believed. Behind it, no code
 * checks a coordinate again.
 *
 * Source: behaviour specification §4 step 1 and §10 numbers 1 to 3.
 */
import type { Coordinate } from "./coordinate.ts";
import { isFiniteCoordinate } from "./coordinate.ts";
import type { RejectionReason } from "./errors.ts";
import { magnitude } from "./euclidean.ts";

/** The longest RTT that counts, both ends of `[0, 10]` included (behaviour specification §4). */
export const RTT_MAX_SECONDS = 10;

/**
 * @param coordinateBoundSeconds - absent: any finite number passes, as in the reference.
 * @returns why to refuse, `undefined` if there is nothing against it.
 */
export function judgeCoordinate(
  coordinate: Coordinate,
  dimensionality: number,
  coordinateBoundSeconds: number | undefined,
): RejectionReason | undefined {
  if (coordinate.vector.length !== dimensionality) return "dimension-mismatch";
  if (coordinateBoundSeconds !== undefined) {
    // What is within bounds is finite, and most are: it is asked only why one is not.
    if (isWithinBounds(coordinate, coordinateBoundSeconds)) return undefined;
    if (isFiniteCoordinate(coordinate)) return "out-of-bounds";
  }
  return isFiniteCoordinate(coordinate) ? undefined : "not-finite";
}

function isWithinBounds(coordinate: Coordinate, boundSeconds: number): boolean {
  return (
    coordinate.height >= 0 &&
    coordinate.height <= boundSeconds &&
    Math.abs(coordinate.adjustment) <= boundSeconds &&
    Number.isFinite(coordinate.error) &&
    magnitude(coordinate.vector) <= boundSeconds
  );
}

/** Whether a measured RTT can be one. NaN cannot. */
export function isPlausibleRtt(rttSeconds: number): boolean {
  return rttSeconds >= 0 && rttSeconds <= RTT_MAX_SECONDS;
}
