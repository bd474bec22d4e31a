/** No timer is lost: a member that lives asks to be woken at least once per probe interval. */
import type { Checker } from "@x/simulator";
import type { Serf } from "@x/serf";

/** Rounding of doubles. */
const TOLERANCE_MS = 0.001;

/** @param hasDrifted - some member's clock is not the cluster's: waits cannot be compared. */
export function timersAreKept(hasDrifted: () => boolean): Checker<Serf> {
  return {
    name: "timers are kept",
    observe({ name, core, nowMs }) {
      if (core.state === "shutdown" || hasDrifted()) return undefined;
      const waitMs = core.nextDeadlineMs() - nowMs;
      if (waitMs <= core.options.swim.probeIntervalMs + TOLERANCE_MS) return undefined;
      return `${name} wants to be woken in ${waitMs} ms only`;
    },
  };
}
