/**
 * How long a cluster may be wrong about a member once the network is whole.
 *
 * Source: behaviour specification §4 to §8; the sums are ours.
 */
import type { SwimOptions } from "@x/swim";
import { suspicionBounds } from "../../../src/suspicion.ts";

/** Rounds of gossip after which news has reached everybody in a small cluster, losses included. */
const SPREAD_ROUNDS = 30;

/**
 * Within this time everybody holds a crashed member for dead or gone.
 *
 * One turn through the members takes at most `2n − 1` probes (a member may come last in one turn
 * and first in the next). Probes of the dead are the slow ones, up to the health multiplier of the
 * interval each. Then the suspicion runs its longest, twice its shortest more where nobody confirms
 * it, and the news spreads.
 */
export function detectionBoundMs(
  memberCount: number,
  deadCount: number,
  options: SwimOptions,
): number {
  const { awarenessMaxMultiplier, gossipIntervalMs, probeIntervalMs } = options;
  const turnMs = (2 * memberCount - 1) * probeIntervalMs;
  const slowMs = deadCount * awarenessMaxMultiplier * probeIntervalMs;
  const { maxMs, minMs } = suspicionBounds(memberCount, options);
  return turnMs + slowMs + maxMs + 2 * minMs + SPREAD_ROUNDS * gossipIntervalMs;
}

/**
 * Within this time nobody holds a running member for dead, `troubleMs` being how long they could
 * not reach each other.
 *
 * Suspicions run out, exchanges of state tell those that are held dead, and whoever was reaped is
 * tried again after at most twice the time it was lost.
 */
export function reunionBoundMs(troubleMs: number, options: SwimOptions): number {
  const { gossipToTheDeadMs, lostMemberRetryMs, pushPullIntervalMs, streamTimeoutMs } = options;
  return (
    gossipToTheDeadMs + lostMemberRetryMs + 2 * troubleMs + 4 * pushPullIntervalMs + streamTimeoutMs
  );
}
