/**
 * The tests Rapid's authors put memberlist to: a large start, and members only part of whose traffic
 * gets through.
 *
 * Source: Suresh et al., *Stable and Consistent Membership at Scale with Rapid*, USENIX ATC 2018, §7.
 */
import type { Fault } from "@x/simulator";
import { injectFaults } from "@x/simulator";
import type { Cluster, CoreEvent, SerfKnobs } from "../cluster.ts";
import { formedCluster, mean, type Evidence, type EvidenceRow } from "./evidence.ts";

const BOOTSTRAP = [500, 1_000, 2_000] as const;
const MEMBERS = 200;
const SEEDS = [1, 2, 3, 4] as const;
const DURATION_MS = 240_000;
const SETTLED_MS = 60_000;

export const rapidEvidence: Evidence = {
  name: "rapid",
  source: "Rapid (Suresh et al. 2018)",
  measure(report) {
    const faulty = Array.from({ length: MEMBERS / 100 }, (_, index) => `m${10 + index * 50}`);
    const flip: Fault = {
      kind: "flap",
      atMs: 0,
      forMs: DURATION_MS,
      from: "all",
      to: faulty,
      isOneWay: true,
      downMs: 20_000,
      upMs: 20_000,
    };
    const egress: Fault = {
      kind: "impair",
      atMs: 0,
      forMs: DURATION_MS,
      rule: { from: faulty, to: "all", lossRatio: 0.8 },
    };
    for (const [title, fault] of [
      ["1 % of the members hear nothing for 20 s in every 40 s", flip],
      ["1 % of the members lose 80 % of what they send", egress],
    ] as const) {
      for (const [way, flapFailureLimit] of [
        ["each turn shown, as the reference", 0],
        ["flaps damped (default)", undefined],
      ] as const) {
        const knobs = flapFailureLimit === undefined ? {} : { flapFailureLimit };
        partial(`${title}; ${way}`, faulty, fault, knobs, report);
      }
    }
    for (const size of BOOTSTRAP) {
      const { formedMs } = formedCluster(
        size,
        { seed: 1, layer: "swim", swim: { compress: false } },
        { restMs: 0, joinsPerSecond: 1_000 },
      );
      report({
        what: `${size} members start within ${(size / 1_000).toFixed(1)} s through one seed: until all agree`,
        published: size === 2_000 ? "memberlist about 95 s" : "–",
        ours: `${(formedMs / 1_000).toFixed(1)} s`,
      });
    }
  },
};

/** What healthy members saw of one run. */
interface Partial {
  readonly removed: number;
  readonly lateFailures: number;
  readonly lateReturns: number;
  readonly healthyDeaths: number;
  readonly healedMs: number;
}

function partial(
  title: string,
  faulty: readonly string[],
  fault: Fault,
  serf: SerfKnobs,
  report: (row: EvidenceRow) => void,
): void {
  const runs = SEEDS.map((seed) => partialRun(seed, faulty, fault, serf));
  const healthyCount = MEMBERS - faulty.length;
  const average = (value: (run: Partial) => number): number => mean(runs.map(value));
  const rows: readonly (readonly [string, string, string])[] = [
    [
      `healthy members that have removed them after ${DURATION_MS / 1_000} s, least of all seeds`,
      "memberlist never settles; Rapid removes them",
      `${Math.min(...runs.map(({ removed }) => removed))} of ${healthyCount}`,
    ],
    [
      "their failures / returns seen by a healthy member after the first minute, mean",
      "memberlist: many; Rapid: none",
      `${average(({ lateFailures }) => lateFailures / healthyCount).toFixed(2)} / ${average(({ lateReturns }) => lateReturns / healthyCount).toFixed(2)}`,
    ],
    [
      "healthy members declared dead by healthy members, in each run",
      "memberlist: some; Rapid: none",
      runs.map(({ healthyDeaths }) => healthyDeaths).join(", "),
    ],
    [
      "after the fault has ended, until all see all alive, mean",
      "–",
      `${(average(({ healedMs }) => healedMs) / 1_000).toFixed(0)} s`,
    ],
  ];
  for (const [what, published, ours] of rows) {
    report({ what: `${title}: ${what}`, published, ours });
  }
}

function partialRun(
  seed: number,
  faulty: readonly string[],
  fault: Fault,
  serf: SerfKnobs,
): Partial {
  let startMs = Infinity;
  let healthyDeaths = 0;
  let lateFailures = 0;
  let lateReturns = 0;
  const isFaulty = new Set(faulty);
  const { cluster } = formedCluster(MEMBERS, {
    seed,
    layer: "serf",
    serf,
    onEvent: (name: string, event: CoreEvent, nowMs: number) => {
      const sinceMs = nowMs - startMs;
      if (sinceMs < 0 || sinceMs > DURATION_MS || isFaulty.has(name)) return;
      if (event.kind !== "member-failed" && event.kind !== "member-join") return;
      for (const member of event.members) {
        const isFailure = event.kind === "member-failed";
        if (isFailure && !isFaulty.has(member.name)) healthyDeaths += 1;
        if (!isFaulty.has(member.name) || sinceMs <= SETTLED_MS) continue;
        if (isFailure) lateFailures += 1;
        else lateReturns += 1;
      }
    },
  });
  startMs = cluster.nowMs;
  injectFaults(cluster.simulation, [fault]);
  cluster.simulation.runFor(DURATION_MS - 1_000);
  const healthy = cluster.simulation.names.filter((name) => !isFaulty.has(name));
  const removed = healthy.filter((name) =>
    faulty.every((other) => cluster.views.of(name, other) === "dead"),
  ).length;
  cluster.simulation.runUntil(() => cluster.nowMs >= startMs + DURATION_MS && isWhole(cluster), {
    withinMs: 900_000,
    everyMs: 500,
  });
  const healedMs = cluster.nowMs - startMs - DURATION_MS;
  return { removed, lateFailures, lateReturns, healthyDeaths, healedMs };
}

function isWhole(cluster: Cluster): boolean {
  return cluster.views.upCount === MEMBERS && cluster.views.allAgree;
}
