/**
 * What a run shows: collected while it runs, summed up at its end.
 */
import { Serf } from "@x/serf";
import { SeededRandom, type Traffic } from "@x/simulator";
import { estimatedRttSeconds } from "@x/vivaldi";
import { describeEvent, type Cluster, type CoreEvent, type CoreReport } from "./cluster.ts";

/** The cluster at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly upCount: number;
  readonly agreeingCount: number;
  /** Per member and second since the sample before. */
  readonly datagramsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly falseDeaths: number;
  /** Median relative error of estimated round trips; Serf only. */
  readonly rttError: number | undefined;
}

/** How news spread: to whom after how long. */
export interface Spread {
  readonly kind: "crash" | "event" | "tags" | "join";
  readonly about: string;
  readonly atMs: number;
  /** How many had to hear of it: who crashes before it hears is taken off. */
  audience: number;
  readonly heardBy: Set<string>;
  /** Delays in ms, rising. */
  readonly delaysMs: number[];
}

/** One line in the story of the watched member. */
export interface StoryLine {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}

const STORY_LIMIT = 2_000;
const RTT_PAIRS = 400;

export interface MeasurementOptions {
  readonly watch: string;
  /** True mean round trip between members by the order they were added; for the error. */
  readonly rttMs: (source: number, target: number) => number;
}

/** Collects. Give `observe` and `report` everything; call `sample` from time to time. */
export class Measurements {
  readonly samples: Sample[] = [];
  readonly spreads: Spread[] = [];
  readonly story: StoryLine[] = [];
  /** Members something is done to just now: their death is no mistake. */
  readonly troubled = new Map<string, number>();
  falseDeaths = 0;
  /** Deaths declared of running members that were in trouble. */
  troubledDeaths = 0;
  suspicions = 0;
  refutations = 0;
  queryAnswers: { readonly asked: number; answers: number }[] = [];
  readonly #options: MeasurementOptions;
  readonly #crashes = new Map<string, Spread>();
  readonly #events = new Map<string, Spread>();
  readonly #tags = new Map<string, Spread>();
  #cluster: Cluster | undefined;
  #last: { atMs: number; datagrams: number; bytes: number } = { atMs: 0, datagrams: 0, bytes: 0 };

  constructor(options: MeasurementOptions) {
    this.#options = options;
  }

  attach(cluster: Cluster): void {
    this.#cluster = cluster;
  }

  crashed(member: string, atMs: number): void {
    this.gone(member);
    this.#crashes.set(member, this.#spread("crash", member, atMs, 0));
    this.#tell(atMs, "", `${member} crashes`);
  }

  /** Nobody waits any more until this member has heard. */
  gone(member: string): void {
    for (const spread of this.spreads) {
      if (spread.about !== member && !spread.heardBy.has(member)) spread.audience -= 1;
    }
  }

  /** A member is back: what is said of its death from now on is late, not news. */
  returned(member: string): void {
    this.#crashes.delete(member);
  }

  sentEvent(name: string, atMs: number): void {
    this.#events.set(name, this.#spread("event", name, atMs, 0));
  }

  changedTags(member: string, atMs: number): void {
    this.#tags.set(member, this.#spread("tags", member, atMs, 1));
  }

  readonly observe = (name: string, event: CoreEvent, nowMs: number): void => {
    this.#watch(name, event, nowMs);
    switch (event.kind) {
      case "member-left":
        if (event.member.state === "dead") this.#died(name, event.member.name, nowMs);
        return;
      case "member-failed":
        for (const member of event.members) this.#died(name, member.name, nowMs);
        return;
      case "member-updated":
        heard(this.#tags.get(event.member.name), name, nowMs);
        return;
      case "member-update":
        for (const member of event.members) heard(this.#tags.get(member.name), name, nowMs);
        return;
      case "user":
        heard(this.#events.get(event.name), name, nowMs);
        return;
    }
  };

  readonly report = (name: string, report: CoreReport, nowMs: number): void => {
    // From the reports, since Serf does not tell its user of suspicions.
    if (report.kind === "probe-failed") this.suspicions += 1;
    if (report.kind === "refuting") this.refutations += 1;
    if (name !== this.#options.watch || !STORY_REPORTS.has(report.kind)) return;
    const about = "name" in report ? ` ${report.name}` : "";
    const change = report.kind === "health-changed" ? ` ${report.previous} → ${report.score}` : "";
    this.#tell(nowMs, name, `${report.kind}${about}${change}`);
  };

  sample(): Sample {
    const cluster = this.#attached();
    const total = cluster.simulation.traffic();
    const { nowMs, views } = cluster;
    const memberSeconds = Math.max(1e-9, ((nowMs - this.#last.atMs) / 1_000) * views.upCount);
    const datagrams = total.datagramsSent;
    const bytes = total.datagramBytesSent + total.streamBytesSent;
    const sample: Sample = {
      atMs: nowMs,
      upCount: views.upCount,
      agreeingCount: views.agreeingCount,
      datagramsPerSecond: (datagrams - this.#last.datagrams) / memberSeconds,
      bytesPerSecond: (bytes - this.#last.bytes) / memberSeconds,
      falseDeaths: this.falseDeaths,
      rttError: this.#rttError(),
    };
    this.#last = { atMs: nowMs, datagrams, bytes };
    this.samples.push(sample);
    return sample;
  }

  /** Where members believe they are, in the two directions in which they differ most. */
  coordinates(): readonly { name: string; vector: readonly number[]; height: number }[] {
    const cluster = this.#attached();
    return cluster.simulation.names.flatMap((name) => {
      const core = cluster.core(name);
      const coordinate = core instanceof Serf ? core.coordinate() : undefined;
      if (coordinate === undefined || !cluster.views.isUp(name)) return [];
      return [{ name, vector: coordinate.vector, height: coordinate.height }];
    });
  }

  /** What each member sent and received. */
  traffic(): readonly { readonly name: string; readonly traffic: Traffic }[] {
    const { simulation } = this.#attached();
    return simulation.names.map((name) => ({ name, traffic: simulation.traffic(name) }));
  }

  #spread(kind: Spread["kind"], about: string, atMs: number, aside: number): Spread {
    const audience = (this.#cluster?.views.upCount ?? 0) - aside;
    const spread: Spread = { kind, about, atMs, audience, delaysMs: [], heardBy: new Set() };
    this.spreads.push(spread);
    return spread;
  }

  #died(observer: string, subject: string, nowMs: number): void {
    const crash = this.#crashes.get(subject);
    if (crash !== undefined) return heard(crash, observer, nowMs);
    if (this.#cluster?.views.isUp(subject) !== true) return;
    if (this.troubled.has(subject)) this.troubledDeaths += 1;
    else this.falseDeaths += 1;
  }

  #watch(name: string, event: CoreEvent, nowMs: number): void {
    const { watch } = this.#options;
    const isAbout =
      ("member" in event && event.member.name === watch) ||
      ("members" in event && event.members.some((member) => member.name === watch));
    if (name === watch || isAbout) this.#tell(nowMs, name, describeEvent(event));
  }

  #tell(atMs: number, by: string, text: string): void {
    if (this.story.length < STORY_LIMIT) this.story.push({ atMs, by, text });
  }

  /** Of pairs drawn the same at every sample, so that the curve moves and the pairs do not. */
  #rttError(): number | undefined {
    const cluster = this.#attached();
    const { names } = cluster.simulation;
    const [first = ""] = names;
    if (names.length < 2 || !(cluster.core(first) instanceof Serf)) return undefined;
    const random = new SeededRandom(7);
    const errors: number[] = [];
    for (let pair = 0; pair < RTT_PAIRS; pair += 1) {
      const source = Math.floor(random.between(0, names.length));
      const target = Math.floor(random.between(0, names.length));
      const truthMs = this.#options.rttMs(source, target);
      if (source === target || truthMs <= 0) continue;
      const here = coordinateOf(cluster, names[source] ?? "");
      const there = coordinateOf(cluster, names[target] ?? "");
      if (here === undefined || there === undefined) continue;
      errors.push(Math.abs(estimatedRttSeconds(here, there) * 1_000 - truthMs) / truthMs);
    }
    return errors.length === 0 ? undefined : quantile(errors, 0.5);
  }

  #attached(): Cluster {
    if (this.#cluster === undefined) throw new TypeError("attach a cluster first");
    return this.#cluster;
  }
}

/** The first time counts. */
function heard(spread: Spread | undefined, by: string, nowMs: number): void {
  if (spread === undefined || spread.heardBy.has(by)) return;
  if (spread.kind === "tags" && spread.about === by) return;
  spread.heardBy.add(by);
  spread.delaysMs.push(nowMs - spread.atMs);
}

/** What the story tells of the member's own reports. */
const STORY_REPORTS: ReadonlySet<string> = new Set([
  "probe-failed",
  "udp-unreachable",
  "suspicion-timed-out",
  "refuting",
  "health-changed",
  "nacks-missing",
  "push-pull-failed",
]);

function coordinateOf(cluster: Cluster, name: string): ReturnType<Serf["coordinate"]> {
  const core = cluster.core(name);
  return core instanceof Serf && cluster.views.isUp(name) ? core.coordinate() : undefined;
}

/** The value below which a share of the values lie; `NaN` of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((first, second) => first - second);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
