/** Everything that can grow stays within its named limit. Source: Serf specification §7, §17. */
import type { Checker } from "@x/simulator";
import type { Serf } from "@x/serf";

export function limitsHold(): Checker<Serf> {
  return {
    name: "limits hold",
    observe({ name, core }) {
      const { maxQueueDepth } = core.options;
      for (const queue of ["intent", "event", "query"] as const) {
        const depth = core.queueDepth(queue);
        if (depth > maxQueueDepth) return `${queue} queue of ${name} holds ${depth}`;
      }
      return undefined;
    },
  };
}
