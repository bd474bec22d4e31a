/**
 * SWIM: constant load, first detection independent of the size, spread that grows with log n, and
 * joins under loss.
 *
 * Source: Das, Gupta, Motivala, *SWIM*, DSN 2002, §3.1 and §5.
 */
import type { CoreEvent } from "../cluster.ts";
import { formedCluster, mean, type Evidence, type EvidenceRow } from "./evidence.ts";

const SIZES = [25, 50, 100, 200, 400] as const;
const CRASHES = 12;
const PERIOD_MS = 1_000;
/** SWIM as in the paper: no health, no long suspicions; news at its tick. */
const PAPER = {
  awarenessMaxMultiplier: 1,
  suspicionMaxTimeoutMultiplier: 1,
  eagerGossip: false,
} as const;

export const swimEvidence: Evidence = {
  name: "swim",
  source: "SWIM (Das et al. 2002)",
  measure(report) {
    for (const size of SIZES) measureSize(size, report);
    joinsUnderLoss(report);
  },
};

function measureSize(size: number, report: (row: EvidenceRow) => void): void {
  let firstSuspectedMs: number | undefined;
  let firstDeadMs: number | undefined;
  const { cluster } = formedCluster(size, {
    seed: 1,
    layer: "swim",
    swim: PAPER,
    onEvent: (_name: string, event: CoreEvent, nowMs: number) => {
      if (event.kind === "member-suspected") firstSuspectedMs ??= nowMs;
      if (event.kind === "member-left") firstDeadMs ??= nowMs;
    },
  });
  const before = cluster.simulation.traffic().datagramsSent;
  const periods = 60;
  cluster.simulation.runFor(periods * PERIOD_MS);
  const perPeriod = (cluster.simulation.traffic().datagramsSent - before) / size / periods;

  const suspected: number[] = [];
  const spread: number[] = [];
  const crashCount = Math.min(CRASHES, size / 3);
  for (let crash = 0; crash < crashCount; crash += 1) {
    firstSuspectedMs = undefined;
    firstDeadMs = undefined;
    const crashMs = cluster.nowMs;
    cluster.crash(`m${1 + crash}`, "machine");
    cluster.simulation.runUntil(() => cluster.views.allAgree, { withinMs: 300_000, everyMs: 20 });
    suspected.push(((firstSuspectedMs ?? NaN) - crashMs) / PERIOD_MS);
    spread.push(cluster.nowMs - (firstDeadMs ?? NaN));
    cluster.simulation.runFor(20_000);
  }
  report({
    what: `${size} members: datagrams sent per member and period`,
    published: "about 2, whatever n",
    ours: perPeriod.toFixed(2),
  });
  report({
    what: `${size} members: periods from a crash to the first suspicion, mean of ${suspected.length}`,
    published:
      "1.58 to the failed ping (1 / (1 − 1/e)); the suspicion comes at the end of that period: up to 2.58",
    ours: mean(suspected).toFixed(2),
  });
  report({
    what: `${size} members: from the first declaration of death until all know, mean`,
    published: "grows with log n",
    ours: `${Math.round(mean(spread))} ms`,
  });
}

function joinsUnderLoss(report: (row: EvidenceRow) => void): void {
  const members = 17;
  const held: number[] = [];
  let falseDeaths = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const { cluster } = formedCluster(
      members,
      {
        seed,
        layer: "swim",
        network: { lossRatio: 0.1 },
        onEvent: (_name: string, event: CoreEvent) => {
          if (event.kind === "member-left") falseDeaths += 1;
        },
      },
      { restMs: 120_000 },
    );
    const { names } = cluster.simulation;
    held.push(names.filter((name) => cluster.believedBy(name).length === members).length);
  }
  report({
    what: "10 % loss: of 17 joins, how many hold after two minutes (least of 20 seeds)",
    published: "12",
    ours: `${Math.min(...held)}; ${falseDeaths} false deaths in all 20 runs`,
  });
}
