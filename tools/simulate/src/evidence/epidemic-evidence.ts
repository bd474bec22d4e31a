/**
 * Epidemic theory: how long until the last member has heard.
 *
 * Beside the published figures stands the ideal process, played out: whoever knows tells `fanout`
 * members at every tick, ticks of members are not in step, nothing is lost and nothing takes time.
 *
 * Source: Demers et al., *Epidemic Algorithms for Replicated Database Maintenance*, 1987; the
 * convergence calculator of serf.io.
 */
import { Serf } from "@x/serf";
import { SeededRandom } from "@x/simulator";
import type { Cluster, CoreEvent, SwimKnobs } from "../cluster.ts";
import { clusterAtOnce } from "../formed-at-once.ts";
import { formedCluster, mean, type Evidence, type EvidenceRow } from "./evidence.ts";

const SIZES = [100, 300, 1_000] as const;
/** Of these the ideal process is played out; real members need minutes, in an evidence of their own. */
const LARGE = 10_000;
const RUMOURS = 40;
/** Of a large cluster, where each takes half a minute. */
const LARGE_RUMOURS = 24;
const PUBLISHED: Readonly<Record<number, string>> = { 1_000: "1.03 s", [LARGE]: "1.24 s" };

/** What carries a rumour. */
const WAYS = [
  // Nothing but rounds of gossip, as the theory has it.
  { title: "rounds of gossip alone", swim: { eagerGossip: false, probeIntervalMs: 0 } },
  { title: "news at the tick and on pings, as the reference", swim: { eagerGossip: false } },
  { title: "news at once (default)", swim: {} },
] as const satisfies readonly { readonly title: string; readonly swim: SwimKnobs }[];

export const epidemicEvidence: Evidence = {
  name: "epidemic",
  source: "epidemic theory",
  measure(report) {
    for (const size of [...SIZES, LARGE]) {
      report({
        what: `${size} members, the ideal process: last informed`,
        published: PUBLISHED[size] ?? "–",
        ours: seconds(idealLastMs(size)),
      });
    }
    for (const size of SIZES) {
      for (const way of WAYS) measureSpread(size, way, report);
    }
    measureEvents(report);
  },
};

/** Ten thousand members that only gossip: a quarter of an hour, and five gigabytes. */
export const largeEpidemicEvidence: Evidence = {
  name: "epidemic-10000",
  source: "epidemic theory, 10,000 members",
  isLarge: true,
  measure(report) {
    const [rounds] = WAYS;
    measureSpread(LARGE, rounds, report, { form: clusterAtOnce, rumours: LARGE_RUMOURS });
  },
};

type Former = (
  size: number,
  setup: { readonly seed: number; readonly swim: SwimKnobs; readonly onEvent: Listener },
) => Cluster;
type Listener = (name: string, event: CoreEvent, nowMs: number) => void;

const joinedOneByOne: Former = (size, setup) =>
  formedCluster(size, { ...setup, layer: "swim" }).cluster;

function measureSpread(
  size: number,
  { swim, title }: (typeof WAYS)[number],
  report: (row: EvidenceRow) => void,
  { form = joinedOneByOne, rumours = RUMOURS }: { form?: Former; rumours?: number } = {},
): void {
  const { last, most } = spread(size, swim, form, rumours);
  report({
    what: `${size} members, ${title}: 99.9 % / last informed, mean of ${rumours}`,
    published: PUBLISHED[size] ?? "–",
    ours: `${seconds(most)} / ${seconds(last)}`,
  });
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** The mean time of the last one in the ideal process. */
export function idealLastMs(
  memberCount: number,
  { fanout = 3, tickMs = 200, runs = 20 }: { fanout?: number; tickMs?: number; runs?: number } = {},
): number {
  const random = new SeededRandom(1);
  const lasts = Array.from({ length: runs }, () => {
    const knownSinceMs = new Float64Array(memberCount).fill(Infinity);
    // Ticks by the tenth of an interval they fall into: exact enough, and no heap is needed.
    const slots: { readonly atMs: number; readonly member: number }[][] = [];
    const plan = (atMs: number, member: number): void => {
      (slots[Math.floor((atMs / tickMs) * 10)] ??= []).push({ atMs, member });
    };
    let known = 0;
    const hear = (member: number, atMs: number): void => {
      if (knownSinceMs[member] !== Infinity) return;
      knownSinceMs[member] = atMs;
      known += 1;
      plan(atMs + random.between(0, tickMs), member);
    };
    hear(0, 0);
    for (let slot = 0; known < memberCount; slot += 1) {
      // Who hears within this slot may still tick within it.
      for (let taken = 0; taken < (slots[slot]?.length ?? 0); taken += 1) {
        const tick = slots[slot]?.[taken];
        if (tick === undefined) break;
        for (let told = 0; told < fanout; told += 1) {
          hear(Math.floor(random.between(0, memberCount)), tick.atMs);
        }
        plan(tick.atMs + tickMs, tick.member);
      }
    }
    return knownSinceMs.reduce((last, atMs) => Math.max(last, atMs), 0);
  });
  return mean(lasts);
}

function spread(
  size: number,
  swim: SwimKnobs,
  form: Former,
  rumours: number,
): { readonly last: number; readonly most: number } {
  /** When the others heard, in order. */
  let heardMs: number[] = [];
  let source = "";
  const cluster = form(size, {
    seed: 1,
    swim: { ...swim, compress: false },
    onEvent: (name, event, nowMs) => {
      if (event.kind === "member-updated" && name !== source) heardMs.push(nowMs);
    },
  });
  const lasts: number[] = [];
  const mosts: number[] = [];
  for (let rumour = 0; rumour < rumours; rumour += 1) {
    heardMs = [];
    const startMs = cluster.nowMs;
    source = memberOf(rumour, size);
    cluster.setTags(source, { rumour: String(rumour) });
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

/** The same for what users send: an event, and a query with all its acks. */
function measureEvents(report: (row: EvidenceRow) => void): void {
  const size = 100;
  for (const eagerGossip of [false, true]) {
    let heardMs: number[] = [];
    const { cluster } = formedCluster(size, {
      seed: 1,
      layer: "serf",
      swim: { eagerGossip, compress: false },
      onEvent: (_name: string, event: CoreEvent, nowMs: number) => {
        if (event.kind === "user") heardMs.push(nowMs);
      },
    });
    const lasts: number[] = [];
    const answered: number[] = [];
    for (let round = 0; round < RUMOURS; round += 1) {
      heardMs = [];
      const asker = memberOf(round, size);
      const startMs = cluster.nowMs;
      atSerf(cluster, asker, (core, nowMs) =>
        core.userEvent(`event ${round}`, undefined, { coalesce: false }, nowMs),
      );
      cluster.simulation.runUntil(() => heardMs.length >= size, { withinMs: 60_000, everyMs: 5 });
      lasts.push((heardMs.at(-1) ?? NaN) - startMs);
      cluster.simulation.runFor(5_000);
      const askedMs = cluster.nowMs;
      let ackCount = 0;
      const listener = { handleAck: () => void (ackCount += 1) };
      atSerf(cluster, asker, (core, nowMs) =>
        core.query(`query ${round}`, undefined, { ack: true }, listener, nowMs),
      );
      cluster.simulation.runUntil(() => ackCount >= size, { withinMs: 60_000, everyMs: 5 });
      answered.push(cluster.nowMs - askedMs);
      cluster.simulation.runFor(5_000);
    }
    const title = eagerGossip ? "news at once (default)" : "news at the tick, as the reference";
    report({
      what: `${size} members of Serf, ${title}: a user event has reached all / a query has all acks, mean of ${RUMOURS}`,
      published: "–",
      ours: `${seconds(mean(lasts))} / ${seconds(mean(answered))}`,
    });
  }
}

/** Another one each time, and never the one all joined through. */
function memberOf(round: number, size: number): string {
  return `m${1 + ((round * 7) % (size - 1))}`;
}

function atSerf(
  cluster: Cluster,
  name: string,
  action: (core: Serf, nowMs: number) => unknown,
): void {
  cluster.simulation.call(name, (core, nowMs) => {
    if (core instanceof Serf) action(core, nowMs);
  });
}
