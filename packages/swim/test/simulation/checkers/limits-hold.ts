/** Everything that can grow stays within its named limit. Source: behaviour specification §14. */
import type { Checker } from "@x/simulator";
import type { Swim, SwimOptions } from "@x/swim";

/** How often what is dear to ask is asked. */
const STEPS_BETWEEN_TRAFFIC = 64;

/** @param tooLargeCount - datagrams of a member that were longer than the path allows. */
export function limitsHold(
  options: SwimOptions,
  tooLargeCount: (name: string) => number,
): Checker<Swim> {
  const { awarenessMaxMultiplier, broadcastQueueLimit, memberLimit } = options;
  let stepCount = 0;
  return {
    name: "limits hold",
    observe({ name, core }) {
      // Own claims have a queue of their own, of eight places.
      const depth = core.broadcastQueueDepth;
      if (depth > broadcastQueueLimit + 8) return `${name} holds ${depth} rumours`;
      if (core.estimatedSize > memberLimit) return `${name} holds ${core.estimatedSize} records`;
      const { healthScore } = core;
      if (healthScore < 0 || healthScore >= awarenessMaxMultiplier) {
        return `${name} has a health score of ${healthScore}`;
      }
      stepCount += 1;
      if (stepCount % STEPS_BETWEEN_TRAFFIC !== 0) return undefined;
      const tooLarge = tooLargeCount(name);
      return tooLarge === 0 ? undefined : `${name} sent ${tooLarge} datagrams above the limit`;
    },
  };
}
