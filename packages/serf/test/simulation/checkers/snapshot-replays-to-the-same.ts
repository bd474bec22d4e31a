/**
 * A snapshot replays to the members its writer holds alive, and to clocks that lose nothing.
 *
 * Source: Serf specification §14.
 */
import type { RecoveredState, Serf } from "@x/serf";

/** How often the member clock is written. */
export const CLOCK_WRITTEN_EVERY_MS = 500;

/**
 * What a new life would believe otherwise than the present one; for quiet moments.
 *
 * @param settledMemberTime - the member clock some time ago, longer than it takes to be written.
 */
export function snapshotDifferences(
  core: Serf,
  recovered: RecoveredState,
  settledMemberTime: bigint,
): readonly string[] {
  const differences: string[] = [];
  const alive = core
    .members()
    .filter(({ status }) => status === "alive")
    .map(({ name, endpoint }) => `${name} ${endpoint.address}:${endpoint.port}`);
  const remembered = [...recovered.alive].map(([name, address]) => `${name} ${address}`);
  if (alive.toSorted().join() !== remembered.toSorted().join()) {
    differences.push(`alive ${alive.join()}, remembered ${remembered.join()}`);
  }
  // A clock shows the next time to be used, a snapshot the last one that was.
  if (recovered.lamportTime < settledMemberTime - 1n) {
    differences.push(`member clock ${settledMemberTime}, remembered ${recovered.lamportTime}`);
  }
  const { lamportTimes } = core;
  const clocks = [
    ["member", lamportTimes.member, recovered.lamportTime],
    ["event", lamportTimes.event, recovered.eventLamportTime],
    ["query", lamportTimes.query, recovered.queryLamportTime],
  ] as const;
  for (const [clock, time, rememberedTime] of clocks) {
    if (rememberedTime < time) continue;
    differences.push(`${clock} clock ${time}, remembered ${rememberedTime}`);
  }
  return differences;
}
