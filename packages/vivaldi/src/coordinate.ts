/**
 * The value that members exchange: a point in a space whose distances are round-trip
 * times. Decides what a well-formed coordinate is and how far apart two of them are;
 * how a coordinate comes about is told in `coordinate-client.ts`.
 */
import { euclideanDistance, isFiniteVector } from "./euclidean.ts";

/**
 * Where a member is in latency space.
 *
 * Everything but the error is in **seconds**. On the wire of Serf it is the map
 * `Adjustment, Error, Height, Vec` (behaviour specification §2); members of a Serf
 * cluster accept 8 dimensions only.
 */
export interface Coordinate {
  /** The Euclidean part, seconds; the core of the network. All members agree on its length. */
  readonly vector: readonly number[];
  /** How wrong the member believes its predictions to be, as a ratio: 0 is sure, 1.5 knows nothing. */
  readonly error: number;
  /** Seconds added to every distance, may be negative: what Euclid cannot express. */
  readonly adjustment: number;
  /** Seconds of the access link, which every path to this member includes. */
  readonly height: number;
}

/**
 * The round-trip time to expect between two members, in seconds.
 *
 *     raw = ‖a.vector − b.vector‖ + a.height + b.height
 *     rtt = raw + a.adjustment + b.adjustment, or raw where that is not positive
 *
 * cut to whole nanoseconds, as the reference does, so that both print the same figure.
 * It is symmetric. The distance of a coordinate to itself is not 0: it pays the access
 * link twice.
 *
 * Source: behaviour specification §3.
 *
 * @throws {RangeError} if the vectors differ in length: ask {@link areCompatible} first
 *   when a coordinate comes from elsewhere.
 *
 * @example
 * const a = { vector: [0.003, 0], error: 0.1, adjustment: 0, height: 0.001 };
 * const b = { vector: [0, 0.004], error: 0.1, adjustment: 0, height: 0.002 };
 * estimatedRttSeconds(a, b); // => 0.008
 */
export function estimatedRttSeconds(a: Coordinate, b: Coordinate): number {
  return secondsOfNanoseconds(estimatedRttNanoseconds(a, b));
}

/**
 * {@link estimatedRttSeconds} in whole nanoseconds, the unit in which the reference
 * compares and sorts members.
 *
 * @throws {RangeError} if the vectors differ in length.
 */
export function estimatedRttNanoseconds(a: Coordinate, b: Coordinate): number {
  return nanosecondsOfSeconds(adjustedDistanceSeconds(a, b));
}

/**
 * The distance without the adjustments, seconds: what the geometry alone predicts.
 *
 * @throws {RangeError} if the vectors differ in length.
 */
export function rawDistanceSeconds(a: Coordinate, b: Coordinate): number {
  if (!areCompatible(a, b)) {
    throw new RangeError(
      `coordinates of ${a.vector.length} and ${b.vector.length} dimensions have no distance: compare members of one cluster`,
    );
  }
  return euclideanDistance(a.vector, b.vector) + a.height + b.height;
}

/** The distance with the adjustments, before it is cut to nanoseconds. */
function adjustedDistanceSeconds(a: Coordinate, b: Coordinate): number {
  const raw = rawDistanceSeconds(a, b);
  const adjusted = raw + a.adjustment + b.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

/** Whether a distance between the two exists: their vectors are equally long (behaviour specification §2). */
export function areCompatible(a: Coordinate, b: Coordinate): boolean {
  return a.vector.length === b.vector.length;
}

/** Whether no number in it is NaN or infinite: all that the reference checks (behaviour specification §2). */
export function isFiniteCoordinate(coordinate: Coordinate): boolean {
  return (
    isFiniteVector(coordinate.vector) &&
    Number.isFinite(coordinate.error) &&
    Number.isFinite(coordinate.adjustment) &&
    Number.isFinite(coordinate.height)
  );
}

/** The largest whole number of nanoseconds the reference's 64-bit durations hold. */
const DURATION_MAX_NS = 2 ** 63;

/**
 * Seconds to whole nanoseconds, cut towards zero.
 *
 * Deviation: beyond ±292 years the reference wraps around (which once showed as
 * −9.2·10¹² ms); here the value stays at the bound.
 */
export function nanosecondsOfSeconds(seconds: number): number {
  const nanoseconds = Math.trunc(seconds * 1e9);
  return Math.min(DURATION_MAX_NS, Math.max(-DURATION_MAX_NS, nanoseconds));
}

/**
 * Whole nanoseconds to seconds, rounded as the reference rounds: seconds and the
 * fraction apart, then added. A plain division differs in the last bit.
 */
export function secondsOfNanoseconds(nanoseconds: number): number {
  if (nanoseconds < 1e9 && nanoseconds > -1e9) return nanoseconds / 1e9;
  const fraction = nanoseconds % 1e9;
  return (nanoseconds - fraction) / 1e9 + fraction / 1e9;
}
