/**
 * No timer is lost: each core asks to be woken at least once per probe interval (gossip rounds pause
 * while there is nothing to tell), and goes on probing.
 */
import type { Checker } from "@x/simulator";
import type { Swim, SwimOptions } from "@x/swim";
import type { GroundTruth } from "../../support/ground-truth.ts";

/** How often traffic is looked at. */
const LOOK_MS = 2_000;
/** Rounding of doubles. */
const TOLERANCE_MS = 0.001;

interface Look {
  readonly atMs: number;
  readonly sentCount: number;
  /** When it was last seen to have sent something. */
  readonly sentMs: number;
}

/** @param sentCount - datagrams a member has sent. */
export function timersAreKept(
  truth: GroundTruth,
  options: SwimOptions,
  sentCount: (name: string) => number,
): Checker<Swim> {
  const { awarenessMaxMultiplier, probeIntervalMs } = options;
  const silenceMs = (awarenessMaxMultiplier + 2) * probeIntervalMs + LOOK_MS;
  const looks = new WeakMap<Swim, Look>();
  return {
    name: "timers are kept",
    observe({ name, core, nowMs }) {
      const waitMs = core.nextDeadlineMs() - nowMs;
      const isLocalTime = truth.hasDrifted;
      if (!isLocalTime && !(waitMs <= probeIntervalMs + TOLERANCE_MS)) {
        return `${name} wants to be woken in ${waitMs} ms only`;
      }
      const last = looks.get(core);
      if (last !== undefined && nowMs - last.atMs < LOOK_MS) return undefined;
      const sent = sentCount(name);
      const hasReason = core.memberCount > 1 && truth.calmSinceMs(nowMs) < (last?.atMs ?? nowMs);
      const isSilent = last !== undefined && hasReason && last.sentCount === sent;
      const sentMs = isSilent ? last.sentMs : nowMs;
      looks.set(core, { atMs: nowMs, sentCount: sent, sentMs });
      if (nowMs - sentMs <= silenceMs) return undefined;
      return `${name} has sent nothing since ${sentMs} ms`;
    },
  };
}
