/**
 * The tests Rapid's authors put memberlist to: a large start, and members only part of whose traffic
 * gets through.
 *
 * Source: Suresh et al., *Stable and Consistent Membership at Scale with Rapid*, USENIX ATC 2018, §7.
 */
import type { Fault } from "@x/simulator";
import { injectFaults } from "@x/simulator";
import type { Cluster, CoreEvent, SerfKnobs } from "../cluster.ts";
import { formedCluster, type Evidence, type EvidenceRow } from "./evidence.ts";

const BOOTSTRAP = [500, 1_000, 2_000] as const;
const MEMBERS = 200;
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

function partial(
  title: string,
  faulty: readonly string[],
  fault: Fault,
  serf: SerfKnobs,
  report: (row: EvidenceRow) => void,
): void {
  let startMs = Infinity;
  let healthyDeaths = 0;
  let lateChanges = 0;
  const isFaulty = new Set(faulty);
  const { cluster } = formedCluster(MEMBERS, {
    seed: 1,
    layer: "serf",
    serf,
    onEvent: (name: string, event: CoreEvent, nowMs: number) => {
      const sinceMs = nowMs - startMs;
      if (sinceMs < 0 || sinceMs > DURATION_MS || isFaulty.has(name)) return;
      if (event.kind !== "member-failed" && event.kind !== "member-join") return;
      for (const member of event.members) {
        if (event.kind === "member-failed" && !isFaulty.has(member.name)) healthyDeaths += 1;
        if (isFaulty.has(member.name) && sinceMs > SETTLED_MS) lateChanges += 1;
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
  report({
    what: `${title}: healthy members that have removed them after ${DURATION_MS / 1_000} s`,
    published: "memberlist never settles; Rapid removes them",
    ours: `${removed} of ${healthy.length}`,
  });
  report({
    what: `${title}: their failures and returns seen by a healthy member after the first minute, mean`,
    published: "memberlist: many; Rapid: none",
    ours: (lateChanges / healthy.length).toFixed(2),
  });
  report({
    what: `${title}: healthy members declared dead by healthy members`,
    published: "memberlist: some; Rapid: none",
    ours: String(healthyDeaths),
  });
  report({
    what: `${title}: after the fault has ended, until all see all alive`,
    published: "–",
    ours: `${(healedMs / 1_000).toFixed(0)} s`,
  });
}

function isWhole(cluster: Cluster): boolean {
  return cluster.views.upCount === MEMBERS && cluster.views.allAgree;
}
