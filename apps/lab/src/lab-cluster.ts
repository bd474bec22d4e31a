/**
 * The cluster behind the page: real SWIM cores in virtual time, and what somebody does to them.
 *
 * Knows no page. Read next: `page.ts`.
 */
import type { Outage } from "@x/simulator";
import { Cluster, swimOf, type CoreEvent } from "@x/simulate/cluster";

/** How a member looks. */
export type Condition = "up" | "paused" | "crashed";

export interface MemberPicture {
  readonly name: string;
  readonly condition: Condition;
  /** Share of the other members that take part and believe it alive, suspect, dead. */
  readonly alive: number;
  readonly suspect: number;
  readonly dead: number;
  /** Has heard the last rumour. */
  readonly hasHeard: boolean;
  /** Is on the small side of the partition. */
  readonly isCutOff: boolean;
}

export interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

const LOG_LIMIT = 200;

export class LabCluster {
  readonly log: LogLine[] = [];
  /** When each member heard the last rumour, in ms after it was told. */
  heardCount = 0;
  rumourMs: number | undefined;
  falseDeaths = 0;
  readonly #cluster: Cluster;
  readonly #names: readonly string[];
  readonly #paused = new Map<string, Outage>();
  readonly #heard = new Set<string>();
  #cutOff: ReadonlySet<string> = new Set();
  #partition: Outage | undefined;
  #rumourBy: string | undefined;
  #rumourCount = 0;
  #rumourStartMs = 0;

  constructor({ memberCount, seed }: { readonly memberCount: number; readonly seed: number }) {
    this.#names = Array.from({ length: memberCount }, (_, index) => `m${index}`);
    this.#cluster = new Cluster({
      seed,
      layer: "swim",
      swim: { compress: false },
      network: { latency: { kind: "log-normal", medianMs: 20, sigma: 0.6, maxMs: 400 } },
      onEvent: (name, event, nowMs) => this.#observe(name, event, nowMs),
    });
    this.#names.forEach((name, index) => {
      this.#cluster.simulation.after(index * 20, () => {
        this.#cluster.add(name);
        if (index > 0) this.#cluster.join(name, "m0");
      });
    });
  }

  get nowMs(): number {
    return this.#cluster.nowMs;
  }

  get names(): readonly string[] {
    return this.#names;
  }

  get upCount(): number {
    return this.#cluster.views.upCount;
  }

  get agreeingCount(): number {
    return this.#cluster.views.agreeingCount;
  }

  get datagramCount(): number {
    return this.#cluster.simulation.traffic().datagramsSent;
  }

  get hasPartition(): boolean {
    return this.#partition !== undefined;
  }

  advance(ms: number): void {
    this.#cluster.simulation.runFor(ms);
  }

  picture(name: string): MemberPicture | undefined {
    const { simulation, views } = this.#cluster;
    if (!views.names.includes(name)) return undefined;
    const counts = { alive: 0, suspect: 0, dead: 0 };
    let observerCount = 0;
    for (const observer of views.names) {
      if (observer === name || !views.isUp(observer)) continue;
      observerCount += 1;
      const belief = views.of(observer, name);
      if (belief === "alive" || belief === "suspect") counts[belief] += 1;
      else counts.dead += 1;
    }
    const share = (count: number): number => (observerCount === 0 ? 0 : count / observerCount);
    return {
      name,
      condition: !simulation.isRunning(name) ? "crashed" : this.#paused.has(name) ? "paused" : "up",
      alive: share(counts.alive),
      suspect: share(counts.suspect),
      dead: share(counts.dead),
      hasHeard: this.#heard.has(name),
      isCutOff: this.#cutOff.has(name),
    };
  }

  /** Kills the machine of a member, or starts it again. */
  toggleCrash(name: string): void {
    const { simulation } = this.#cluster;
    if (!simulation.names.includes(name)) return;
    if (simulation.isRunning(name)) {
      this.#paused.get(name)?.heal();
      this.#paused.delete(name);
      this.#cluster.crash(name, "machine");
      this.#tell(`${name} is killed`);
      return;
    }
    const via = simulation.names.find((other) => simulation.isRunning(other)) ?? name;
    this.#cluster.restart(name, { snapshot: "lost", via });
    this.#tell(`${name} starts again`);
  }

  /** Stops the process of a member without ending it, or lets it go on. */
  togglePause(name: string): void {
    const { simulation } = this.#cluster;
    if (!simulation.isRunning(name)) return;
    const outage = this.#paused.get(name);
    if (outage !== undefined) {
      outage.heal();
      this.#paused.delete(name);
      this.#tell(`${name} goes on`);
      return;
    }
    this.#paused.set(name, simulation.pause(name));
    this.#tell(`${name} is paused`);
  }

  /** Cuts these off from all others; none mends the network. */
  partition(names: readonly string[]): void {
    this.#partition?.heal();
    this.#partition = undefined;
    this.#cutOff = new Set(names);
    if (names.length === 0) {
      this.#tell("the network is whole");
      return;
    }
    this.#partition = this.#cluster.simulation.partition([names]);
    this.#tell(`${names.length} members are cut off`);
  }

  /** A member changes its metadata; who hears of it lights up. */
  tellRumour(name: string): void {
    if (!this.#cluster.simulation.isRunning(name)) return;
    this.#heard.clear();
    this.#heard.add(name);
    this.#rumourBy = name;
    this.#rumourCount += 1;
    this.#rumourStartMs = this.nowMs;
    this.rumourMs = 0;
    this.heardCount = 1;
    this.#cluster.setTags(name, { rumour: String(this.#rumourCount) });
    this.#tell(`${name} has news`);
  }

  /** What a member believes about itself and others, for the panel. */
  describe(name: string): string {
    const { simulation } = this.#cluster;
    if (!simulation.names.includes(name)) return `${name} has not started yet`;
    const picture = this.picture(name);
    const core = swimOf(simulation.core(name));
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    return (
      `${name} is ${picture?.condition ?? "gone"}. Others believe it alive ${percent(picture?.alive ?? 0)}, ` +
      `suspect ${percent(picture?.suspect ?? 0)}, dead or unknown ${percent(picture?.dead ?? 0)}. ` +
      `It lists ${core.memberCount} members, health score ${core.healthScore}, incarnation ${core.localMember.incarnation}.`
    );
  }

  #observe(name: string, event: CoreEvent, nowMs: number): void {
    if (event.kind === "member-updated" && event.member.name === this.#rumourBy) {
      if (this.#heard.has(name)) return;
      this.#heard.add(name);
      this.heardCount = this.#heard.size;
      this.rumourMs = nowMs - this.#rumourStartMs;
      return;
    }
    if (event.kind === "member-suspected") {
      this.#tell(
        `${name} learns that ${event.member.name} is suspected by ${event.accuser}`,
        nowMs,
      );
    }
    if (event.kind !== "member-left" || event.member.state !== "dead") return;
    const subject = event.member.name;
    if (
      this.#cluster.views.isUp(subject) &&
      !this.#paused.has(subject) &&
      this.#partition === undefined
    ) {
      this.falseDeaths += 1;
    }
    this.#tell(`${name} holds ${subject} dead`, nowMs);
  }

  #tell(text: string, atMs: number = this.nowMs): void {
    this.log.push({ atMs, text });
    if (this.log.length > LOG_LIMIT) this.log.shift();
  }
}
