/**
 * A running, reachable member is not held dead, nor forgotten, for longer than the stated bound, and
 * never believes itself dead.
 */
import type { Checker } from "@x/simulator";
import type { Swim, SwimOptions } from "@x/swim";
import type { GroundTruth } from "../../support/ground-truth.ts";
import { reunionBoundMs } from "./stated-bounds.ts";

export function sparesTheLiving(truth: GroundTruth, options: SwimOptions): Checker<Swim> {
  return {
    name: "the living are spared",
    observe({ name, core, nowMs }) {
      const { state } = core.localMember;
      if (state !== "alive" && !(core.isLeaving && state === "left")) {
        return `${name} believes itself ${state}`;
      }
      const calmMs = truth.calmSinceMs(nowMs);
      const boundMs = reunionBoundMs(truth.longestTroubleMs, options);
      const ownMs = truth.runningSinceMs(name) ?? nowMs;
      const bothCalmMs = Math.max(calmMs, ownMs);
      if (nowMs - bothCalmMs <= boundMs) return undefined;
      for (const other of truth.names) {
        const sinceMs = Math.max(bothCalmMs, truth.runningSinceMs(other) ?? nowMs);
        if (nowMs - sinceMs <= boundMs) continue;
        const belief = core.member(other)?.state ?? "unknown";
        if (belief !== "dead" && belief !== "unknown") continue;
        return `${name} holds ${other} ${belief}, reachable since ${sinceMs} ms (bound ${boundMs})`;
      }
      return undefined;
    },
  };
}
