/** A Lamport clock never goes back while its member lives. Source: Serf specification §4. */
import type { Checker } from "@x/simulator";
import type { Serf } from "@x/serf";

export function clocksNeverGoBack(): Checker<Serf> {
  const lastTimes = new WeakMap<Serf, Serf["lamportTimes"]>();
  return {
    name: "clocks never go back",
    observe({ name, core }) {
      const times = core.lamportTimes;
      const last = lastTimes.get(core);
      lastTimes.set(core, times);
      if (last === undefined) return undefined;
      for (const clock of ["member", "event", "query"] as const) {
        if (times[clock] < last[clock]) {
          return `${clock} clock of ${name} went from ${last[clock]} to ${times[clock]}`;
        }
      }
      return undefined;
    },
  };
}
