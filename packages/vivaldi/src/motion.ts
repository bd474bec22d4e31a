import type { Coordinate } from "./coordinate.ts";

/**
 * A rule by which observations move a position. There are two: `reference-motion.ts`, the
 * reference's to the last bit, and `refined-motion.ts`, the default.
 */
export interface Motion {
  /**
   * Moves the position by one observation. All input has been judged before.
   *
   * @param memberIndex - small and stable per member, from the latency filter.
   * @param rttSeconds - filtered, in `[0, 10]`.
   */
  observe(memberIndex: number, other: Coordinate, rttSeconds: number): void;
  /** Drops what it keeps about that member; the index may be given to another afterwards. */
  forget(memberIndex: number): void;
  /** The position went back to the origin: what was learnt at the old one may not hold. */
  handleReset(): void;
  /** The position was set from outside, by someone who knows better than its own history. */
  handlePlaced(): void;
}

/**
 * An RTT counts as at least this, seconds, so that relative errors stay finite.
 *
 * Source: behaviour specification §1, constant ε.
 */
export const RTT_MIN_SECONDS = 1e-6;
