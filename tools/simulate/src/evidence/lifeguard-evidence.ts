/**
 * Lifeguard: how many healthy members are declared dead because others are slow, by component.
 *
 * A slow member is one whose packets lie about, in both directions, while its timers run: it hears
 * an ack, or the refutation of an accusation of its own, only after its patience has ended.
 *
 * Source: Dadgar, Phillips, Currey, *Lifeguard*, arXiv:1707.00788, §V: a part of the members is
 * blocked before it sends and after it receives, runs for a moment, and is blocked again.
 */
import type { CoreEvent, SwimKnobs } from "../cluster.ts";
import { quantile } from "../measurements.ts";
import { formedCluster, type Evidence, type EvidenceRow } from "./evidence.ts";

const MEMBERS = 128;
const SLOW = 16;
const BLOCKED_MS = 16_384;
const AWAKE_MS = 1_024;
/** How long packets lie about, on the way in and on the way out. */
const BEHIND_MS = 6_000;
/** The same where it is worse: longer than the least suspicion lasts. */
const FAR_BEHIND_MS = 12_000;
const DURATION_MS = 120_000;
const SEEDS = 2;

interface Configuration {
  readonly title: string;
  readonly swim: SwimKnobs;
}

const NEITHER: SwimKnobs = { awarenessMaxMultiplier: 1, suspicionMaxTimeoutMultiplier: 1 };

const CONFIGURATIONS: readonly Configuration[] = [
  { title: "SWIM (neither)", swim: NEITHER },
  {
    title: "local health alone",
    swim: { awarenessMaxMultiplier: 8, suspicionMaxTimeoutMultiplier: 1 },
  },
  {
    title: "dynamic suspicion alone",
    swim: { awarenessMaxMultiplier: 1, suspicionMaxTimeoutMultiplier: 6 },
  },
  {
    title: "Lifeguard (both)",
    swim: { awarenessMaxMultiplier: 8, suspicionMaxTimeoutMultiplier: 6 },
  },
];

const WITHOUT_AND_WITH = CONFIGURATIONS.filter(({ title }) => !title.endsWith("alone"));

/** Beside the four: what of it is ours, and the settings the paper recommends. */
const OTHERS: readonly Configuration[] = [
  {
    title: "SWIM, news at the tick, no checks of suspects",
    swim: { ...NEITHER, eagerGossip: false, checkSuspects: false, believeRefusals: false },
  },
  { title: "SWIM, α = 5", swim: { ...NEITHER, suspicionMultiplier: 5 } },
  { title: "Lifeguard, α = 5, β = 6 (the paper's)", swim: { suspicionMultiplier: 5 } },
];

export const lifeguardEvidence: Evidence = {
  name: "lifeguard",
  source: "Lifeguard (Dadgar et al. 2017)",
  measure(report) {
    let plain: number | undefined;
    for (const configuration of [...CONFIGURATIONS, ...OTHERS]) {
      const count = countFalseDeaths(configuration, { behindMs: BEHIND_MS, plain }, report);
      plain ??= count;
    }
    let farPlain: number | undefined;
    for (const { swim, title } of WITHOUT_AND_WITH) {
      const far = { swim, title: `${title}, 12 s behind, one seed` };
      const given = { behindMs: FAR_BEHIND_MS, plain: farPlain, seeds: 1 };
      const count = countFalseDeaths(far, given, report);
      farPlain ??= count;
    }
    for (const { title, swim } of WITHOUT_AND_WITH) detection(title, swim, report);
  },
};

/** @param given.plain - what SWIM made of it, to compare with. */
function countFalseDeaths(
  { swim, title }: Configuration,
  given: {
    readonly behindMs: number;
    readonly plain: number | undefined;
    readonly seeds?: number;
  },
  report: (row: EvidenceRow) => void,
): number {
  const { behindMs, plain, seeds = SEEDS } = given;
  let falseDeaths = 0;
  let healthyObservers = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const counted = slowMembers({ seed, swim, behindMs });
    falseDeaths += counted.all;
    healthyObservers += counted.atHealthy;
  }
  const ratio =
    plain === undefined
      ? ""
      : falseDeaths === 0
        ? "; none left"
        : `; ${(plain / falseDeaths).toFixed(1)} times fewer`;
  report({
    what: `${title}: healthy members declared dead (of these, at healthy observers)`,
    published: "Lifeguard 50 to 100 times fewer than SWIM",
    ours: `${falseDeaths} (${healthyObservers})${ratio}`,
  });
  return falseDeaths;
}

/** Slow members among healthy ones, and how long. */
export interface SlowStory {
  readonly seed: number;
  readonly swim: SwimKnobs;
  readonly members?: number;
  /** Every seventh member is slow, up to so many. */
  readonly slow?: number;
  readonly behindMs?: number;
  readonly durationMs?: number;
}

/** How often a healthy member is declared dead, at anybody and at healthy ones. */
export function slowMembers(story: SlowStory): { all: number; atHealthy: number } {
  const { seed, swim, members = MEMBERS, behindMs = BEHIND_MS, durationMs = DURATION_MS } = story;
  const slow = new Set(
    Array.from({ length: story.slow ?? SLOW }, (_, index) => `m${1 + index * 7}`),
  );
  const counted = { all: 0, atHealthy: 0 };
  let isCounting = false;
  const { cluster } = formedCluster(members, {
    seed,
    layer: "swim",
    swim,
    onEvent: (name: string, event: CoreEvent) => {
      if (!isCounting || event.kind !== "member-left" || slow.has(event.member.name)) return;
      counted.all += 1;
      if (!slow.has(name)) counted.atHealthy += 1;
    },
  });
  isCounting = true;
  const endMs = cluster.nowMs + durationMs;
  const block = (name: string): void => {
    if (cluster.nowMs >= endMs) return;
    for (const rule of [
      { from: [name], to: "all" as const },
      { from: "all" as const, to: [name] },
    ]) {
      cluster.simulation.impair({ ...rule, extraLatencyMs: behindMs }).forMs(BLOCKED_MS);
    }
    cluster.simulation.after(BLOCKED_MS + AWAKE_MS, () => block(name));
  };
  for (const name of slow) block(name);
  cluster.simulation.runFor(durationMs);
  return counted;
}

function detection(title: string, swim: SwimKnobs, report: (row: EvidenceRow) => void): void {
  const first: number[] = [];
  const last: number[] = [];
  let firstMs: number | undefined;
  const { cluster } = formedCluster(MEMBERS, {
    seed: 1,
    layer: "swim",
    swim,
    onEvent: (_name: string, event: CoreEvent, nowMs: number) => {
      if (event.kind === "member-left") firstMs ??= nowMs;
    },
  });
  for (let crash = 1; crash <= 20; crash += 1) {
    firstMs = undefined;
    const crashMs = cluster.nowMs;
    cluster.crash(`m${crash}`, "machine");
    cluster.simulation.runUntil(() => cluster.views.allAgree, { withinMs: 300_000, everyMs: 50 });
    first.push((firstMs ?? NaN) - crashMs);
    last.push(cluster.nowMs - crashMs);
    cluster.simulation.runFor(15_000);
  }
  const s = (values: readonly number[], share: number): string =>
    `${(quantile(values, share) / 1_000).toFixed(1)} s`;
  report({
    what: `${title}: a crash is detected / known to all, median and 95th percentile of 20`,
    published: "about the same for all configurations",
    ours: `${s(first, 0.5)}, ${s(first, 0.95)} / ${s(last, 0.5)}, ${s(last, 0.95)}`,
  });
}
