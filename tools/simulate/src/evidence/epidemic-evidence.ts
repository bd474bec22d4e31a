/**
 * Epidemic theory: how long until the last member has heard.
 *
 * Beside the published figures stands the ideal process, played out: whoever knows tells `fanout`
 * members at every tick, ticks of members are not in step, nothing is lost and nothing takes time.
 *
 * Source: Demers et al., *Epidemic Algorithms for Replicated Database Maintenance*, 1987; the
 * convergence calculator of serf.io.
 */
import { SeededRandom } from "@x/simulator";
import type { CoreEvent } from "../cluster.ts";
import { formedCluster, mean, type Evidence } from "./evidence.ts";

const SIZES = [100, 300, 1_000] as const;
const RUMOURS = 10;

export const epidemicEvidence: Evidence = {
  name: "epidemic",
  source: "epidemic theory",
  measure(report) {
    for (const size of SIZES) {
      const idealMs = idealLastMs(size);
      for (const eagerGossip of [false, true]) {
        const { last, most } = spread(size, eagerGossip);
        report({
          what: `${size} members, ${eagerGossip ? "news at once (default)" : "news at the tick, as the reference"}: 99.9 % / last informed, mean of ${RUMOURS}`,
          published: `${size === 1_000 ? "1.03 s; " : ""}ideal process ${(idealMs / 1_000).toFixed(2)} s for the last`,
          ours: `${(most / 1_000).toFixed(2)} / ${(last / 1_000).toFixed(2)} s`,
        });
      }
    }
  },
};

/** The mean time of the last one in the ideal process. */
export function idealLastMs(
  memberCount: number,
  { fanout = 3, tickMs = 200, runs = 20 }: { fanout?: number; tickMs?: number; runs?: number } = {},
): number {
  const random = new SeededRandom(1);
  const lasts = Array.from({ length: runs }, () => {
    const knownSinceMs = new Float64Array(memberCount).fill(Infinity);
    // Ticks to come, the earliest first: a heap would be faster, and nobody waits for it.
    const ticks: { atMs: number; member: number }[] = [];
    const hear = (member: number, atMs: number): void => {
      if (knownSinceMs[member] !== Infinity) return;
      knownSinceMs[member] = atMs;
      ticks.push({ atMs: atMs + random.between(0, tickMs), member });
    };
    hear(0, 0);
    for (let known = 1; known < memberCount;) {
      const next = ticks.reduce((best, tick) => (tick.atMs < best.atMs ? tick : best));
      for (let told = 0; told < fanout; told += 1) {
        hear(Math.floor(random.between(0, memberCount)), next.atMs);
      }
      next.atMs += tickMs;
      known = ticks.length;
    }
    return knownSinceMs.reduce((last, atMs) => Math.max(last, atMs), 0);
  });
  return mean(lasts);
}

function spread(
  size: number,
  eagerGossip: boolean,
): { readonly last: number; readonly most: number } {
  let heardMs: number[] = [];
  const { cluster } = formedCluster(size, {
    seed: 1,
    layer: "swim",
    swim: { eagerGossip, compress: false },
    onEvent: (_name: string, event: CoreEvent, nowMs: number) => {
      if (event.kind === "member-updated") heardMs.push(nowMs);
    },
  });
  const lasts: number[] = [];
  const mosts: number[] = [];
  for (let rumour = 0; rumour < RUMOURS; rumour += 1) {
    heardMs = [];
    const startMs = cluster.nowMs;
    cluster.setTags(`m${1 + rumour * 7}`, { rumour: String(rumour) });
    cluster.simulation.runUntil(() => heardMs.length >= size - 1, {
      withinMs: 300_000,
      everyMs: 50,
    });
    lasts.push((heardMs[size - 2] ?? NaN) - startMs);
    mosts.push((heardMs[Math.ceil((size - 1) * 0.999) - 1] ?? NaN) - startMs);
    cluster.simulation.runFor(10_000);
  }
  return { last: mean(lasts), most: mean(mosts) };
}
