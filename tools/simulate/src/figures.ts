/** The sum of a run in numbers, and as CSV. */
import { quantile } from "./measurements.ts";
import type { Outcome } from "./run-scenario.ts";

/** What is written as JSON and printed on the terminal; times in virtual ms. */
export interface Figures {
  readonly seed: number;
  readonly layer: string;
  readonly members: number;
  readonly digest: string;
  readonly virtualMs: number;
  readonly formedMs: number | null;
  readonly agreedMs: number | null;
  readonly agreeing: number;
  readonly up: number;
  readonly suspicions: number;
  readonly refutations: number;
  readonly falseDeaths: number;
  readonly troubledDeaths: number;
  /** Per member and second, streams not counted in the first. */
  readonly datagramsPerMemberSecond: number;
  readonly bytesPerMemberSecond: number;
  readonly rttError: number | null;
  readonly spreads: readonly {
    readonly kind: string;
    readonly about: string;
    readonly atMs: number;
    readonly audience: number;
    readonly reached: number;
    readonly firstMs: number | null;
    readonly medianMs: number | null;
    readonly lastMs: number | null;
  }[];
  readonly queries: readonly { readonly asked: number; readonly answers: number }[];
  readonly failures: readonly string[];
}

export function figuresOf(outcome: Outcome): Figures {
  const { cluster, measurements, scenario } = outcome;
  const total = cluster.simulation.traffic();
  const memberSeconds = measurements.samples.reduce(
    (sum, { upCount }) => sum + (upCount * scenario.sampleEveryMs) / 1_000,
    0,
  );
  return {
    seed: scenario.seed,
    layer: scenario.layer,
    members: scenario.members,
    digest: outcome.digest,
    virtualMs: outcome.virtualMs,
    formedMs: outcome.formedMs ?? null,
    agreedMs: outcome.agreedMs ?? null,
    agreeing: cluster.views.agreeingCount,
    up: cluster.views.upCount,
    suspicions: measurements.suspicions,
    refutations: measurements.refutations,
    falseDeaths: measurements.falseDeaths,
    troubledDeaths: measurements.troubledDeaths,
    datagramsPerMemberSecond: rounded(total.datagramsSent / memberSeconds),
    bytesPerMemberSecond: rounded(
      (total.datagramBytesSent + total.streamBytesSent) / memberSeconds,
    ),
    rttError: measurements.samples.at(-1)?.rttError ?? null,
    spreads: measurements.spreads.map(({ about, atMs, audience, delaysMs, kind }) => ({
      kind,
      about,
      atMs: rounded(atMs),
      audience,
      reached: delaysMs.length,
      firstMs: rounded(delaysMs[0]),
      medianMs: delaysMs.length === 0 ? null : rounded(quantile(delaysMs, 0.5)),
      lastMs: rounded(delaysMs.at(-1)),
    })),
    queries: measurements.queryAnswers,
    failures: outcome.failures,
  };
}

/** One row a sample. */
export function samplesCsv(outcome: Outcome): string {
  const head =
    "virtual_ms,members_up,members_agreeing,datagrams_per_member_second,bytes_per_member_second,false_deaths,rtt_error";
  const rows = outcome.measurements.samples.map((sample) =>
    [
      sample.atMs,
      sample.upCount,
      sample.agreeingCount,
      sample.datagramsPerSecond.toFixed(3),
      sample.bytesPerSecond.toFixed(1),
      sample.falseDeaths,
      sample.rttError?.toFixed(5) ?? "",
    ].join(","),
  );
  return `${[head, ...rows].join("\n")}\n`;
}

/** Lines for a terminal. */
export function figuresText(figures: Figures): string {
  const ms = (value: number | null): string =>
    value === null ? "never" : `${Math.round(value)} ms`;
  const lines: (readonly [string, string])[] = [
    ["cluster", `${figures.members} members, ${figures.layer}, seed ${figures.seed}`],
    ["virtual time", `${(figures.virtualMs / 1_000).toFixed(1)} s`],
    ["formed after", ms(figures.formedMs)],
    [
      "agree at the end",
      `${figures.agreeing} of ${figures.up}, ${ms(figures.agreedMs)} after the last fault`,
    ],
    ["suspicions", `${figures.suspicions}, refuted ${figures.refutations}`],
    ["false deaths", `${figures.falseDeaths}, of members in trouble ${figures.troubledDeaths}`],
    [
      "traffic",
      `${figures.datagramsPerMemberSecond} datagrams, ${figures.bytesPerMemberSecond} bytes per member and second`,
    ],
  ];
  if (figures.rttError !== null)
    lines.push(["RTT error", `${(figures.rttError * 100).toFixed(1)} % (median)`]);
  for (const spread of figures.spreads.slice(0, 20)) {
    const { about, audience, firstMs, kind, lastMs, medianMs, reached } = spread;
    lines.push([
      `${kind} ${about}`,
      `known to ${reached} of ${audience}: first ${ms(firstMs)}, median ${ms(medianMs)}, last ${ms(lastMs)}`,
    ]);
  }
  for (const { answers, asked } of figures.queries)
    lines.push(["query", `${answers} of ${asked} answered`]);
  lines.push(["digest", figures.digest]);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function rounded(value: number): number;
function rounded(value: number | undefined): number | null;
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}
