/** A crashed member is held for alive by nobody after the stated bound. */
import type { Checker } from "@x/simulator";
import type { Swim, SwimOptions } from "@x/swim";
import type { GroundTruth } from "../../support/ground-truth.ts";
import { detectionBoundMs } from "./stated-bounds.ts";

export function findsTheCrashed(truth: GroundTruth, options: SwimOptions): Checker<Swim> {
  return {
    name: "the crashed are found",
    observe({ name, core, nowMs }) {
      const ownMs = truth.runningSinceMs(name) ?? nowMs;
      const sinceMs = Math.max(truth.calmSinceMs(nowMs), ownMs);
      const gone = [...truth.names].filter((other) => truth.stoppedSinceMs(other) !== undefined);
      if (gone.length === 0) return undefined;
      const boundMs = detectionBoundMs(core.estimatedSize + gone.length, gone.length, options);
      if (nowMs - sinceMs <= boundMs) return undefined;
      for (const other of gone) {
        const goneMs = Math.max(sinceMs, truth.stoppedSinceMs(other) ?? nowMs);
        if (nowMs - goneMs <= boundMs) continue;
        const state = core.member(other)?.state;
        if (state !== "alive" && state !== "suspect") continue;
        return `${name} holds ${other} ${state}, gone since ${goneMs} ms (bound ${boundMs})`;
      }
      return undefined;
    },
  };
}
