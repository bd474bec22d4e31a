/**
 * A cluster of the cores that ship, in virtual time: SWIM alone or Serf on top of it.
 *
 * Works in a browser as well: nothing here knows Node.js. Read next: `views.ts`, `scenario.ts`.
 */
import {
  resolveSerfOptions,
  Serf,
  type SerfEvent,
  type SerfOptionsInput,
  type SerfReport,
} from "@x/serf";
import { Simulation, type Checker, type Endpoint, type NetworkOptions } from "@x/simulator";
import {
  MemberRecordPool,
  resolveSwimOptions,
  Swim,
  type SwimEvent,
  type SwimOptionsInput,
  type SwimReport,
} from "@x/swim";
import type { Aead } from "@x/swim/wire";
import { MemorySnapshot, type DiskError } from "./memory-snapshot.ts";
import { Views } from "./views.ts";

export type Layer = "swim" | "serf";
export type Core = Swim | Serf;
export type CoreEvent = SwimEvent | SerfEvent;
export type CoreReport = SwimReport | SerfReport;
export type ClusterSimulation = Simulation<Core, CoreEvent, CoreReport>;
/** Every knob of SWIM but who and where. */
export type SwimKnobs = Partial<Omit<SwimOptionsInput, "name" | "advertiseEndpoint">>;
export type SerfKnobs = Partial<Omit<SerfOptionsInput, "name" | "swim">>;

export interface ClusterSetup {
  readonly seed: number;
  readonly layer: Layer;
  readonly swim?: SwimKnobs;
  readonly serf?: SerfKnobs;
  /** SWIM options of single members, above `swim`. */
  readonly swimOf?: (name: string) => SwimKnobs;
  readonly network?: NetworkOptions;
  /** Members share what they know of others, so that ten thousand fit; true. */
  readonly sharesRecords?: boolean;
  /** How many there will be, about, so that room for them is made once; 0: it grows. */
  readonly expectedMembers?: number;
  /** Needed as soon as a keyring holds a key. */
  readonly aead?: Aead;
  readonly checkers?: readonly Checker<Core>[];
  /** How many happenings are kept to be shown with a failure; 256. */
  readonly keepEvents?: number;
  readonly digest?: boolean;
  readonly onEvent?: (name: string, event: CoreEvent, nowMs: number) => void;
  readonly onReport?: (name: string, report: CoreReport, nowMs: number) => void;
  readonly replayHint?: () => string;
}

/** How long an operator watches a member look for its old cluster. */
const REJOIN_PATIENCE_MS = 15_000;

/** The SWIM core of a member of either layer. */
export function swimOf(core: Core): Swim {
  return core instanceof Serf ? core.swim : core;
}

export class Cluster {
  readonly simulation: ClusterSimulation;
  readonly views = new Views();
  readonly #setup: ClusterSetup;
  readonly #records: MemberRecordPool;
  readonly #lives = new Map<string, number>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #snapshots = new Map<string, MemorySnapshot>();
  #nextAddress = 0;

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
    this.#records = new MemberRecordPool({ expectedMembers: setup.expectedMembers ?? 0 });
    this.simulation = new Simulation<Core, CoreEvent, CoreReport>({
      seed: setup.seed,
      timeline: { keep: setup.keepEvents ?? 256, digest: setup.digest ?? true },
      describeEvent: describeEvent,
      onEvent: (name, event, nowMs) => {
        this.#observe(name, event);
        setup.onEvent?.(name, event, nowMs);
      },
      ...(setup.network && { network: setup.network }),
      ...(setup.checkers && { checkers: setup.checkers }),
      onReport: (name, report, nowMs) => {
        if (report.kind === "shut-down") this.#endLoser(name);
        setup.onReport?.(name, report, nowMs);
      },
      ...(setup.replayHint && { replayHint: setup.replayHint }),
    });
  }

  get nowMs(): number {
    return this.simulation.nowMs;
  }

  /** Adds a running member that knows only itself. */
  add(name: string): void {
    this.#addAt(name, this.#newEndpoint());
  }

  addMany(count: number, first: number = 0): void {
    for (let index = first; index < first + count; index += 1) this.add(`m${index}`);
  }

  endpoint(name: string): Endpoint {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) throw new RangeError(`there is no member ${name}`);
    return endpoint;
  }

  core(name: string): Core {
    return this.simulation.core(name);
  }

  /** Joins, again a second later as long as nobody answers, up to `attempts` times. */
  join(name: string, via: string, attempts: number = 30): void {
    const target = { endpoint: this.endpoint(via), text: via };
    if (!this.simulation.isRunning(name)) return;
    this.simulation.call(name, (core, nowMs) => {
      const settled = ({ joinedCount }: { readonly joinedCount: number }): void => {
        if (joinedCount > 0 || attempts <= 1) return;
        this.simulation.after(1_000, () => this.join(name, via, attempts - 1));
      };
      if (core instanceof Serf) core.join([target], { ignoreOldEvents: true }, nowMs, settled);
      else core.join([target], nowMs, settled);
    });
  }

  /** The snapshot of a Serf member, over all its lives. */
  snapshot(name: string): MemorySnapshot {
    const snapshot = this.#snapshots.get(name) ?? new MemorySnapshot(() => this.nowMs);
    this.#snapshots.set(name, snapshot);
    return snapshot;
  }

  /** Breaks the disk of a member for a while; without one, SWIM does not notice. */
  breakDisk(name: string, error: DiskError, forMs: number): void {
    const snapshot = this.snapshot(name);
    snapshot.error = error;
    this.simulation.after(forMs, () => {
      if (snapshot.error === error) snapshot.error = undefined;
    });
  }

  crash(name: string, scope: "process" | "machine" = "process"): void {
    if (!this.simulation.isRunning(name)) return;
    this.simulation.crash(name, scope);
    this.views.setUp(name, false);
  }

  /**
   * A new process of a crashed member. With a snapshot kept, or torn in its last write, a Serf finds
   * its cluster by itself; without, or if it is still alone after a while, it joins through `via`.
   */
  restart(
    name: string,
    options: { readonly snapshot: "kept" | "lost" | "torn"; readonly via: string },
  ): void {
    if (this.simulation.isRunning(name)) return;
    if (options.snapshot === "lost") this.#snapshots.delete(name);
    if (options.snapshot === "torn") this.#snapshots.get(name)?.tear();
    this.views.begin(name);
    const recovers = this.#snapshots.has(name);
    this.simulation.restart(name, this.#start(name));
    const life = this.#lives.get(name);
    const joinIfAlone = (): void => {
      const isSame = this.#lives.get(name) === life && this.simulation.isRunning(name);
      if (isSame && swimOf(this.core(name)).memberCount === 1) this.join(name, options.via);
    };
    if (recovers) this.simulation.after(REJOIN_PATIENCE_MS, joinIfAlone);
    else this.join(name, options.via);
  }

  /**
   * A member leaves and brings its name back at another address. Without the farewell the others
   * would hold the name for taken, and the newcomer lose the vote about it.
   */
  move(name: string, via: string): void {
    this.leave(name, () => {
      this.simulation.removeMember(name);
      this.#snapshots.delete(name);
      this.add(name);
      this.join(name, via);
    });
  }

  /** Crashes a member and brings its address back under another name. */
  rename(name: string, to: string, via: string): void {
    if (!this.simulation.isRunning(name)) return;
    const endpoint = this.endpoint(name);
    this.simulation.removeMember(name);
    this.views.setUp(name, false);
    this.#endpoints.delete(name);
    this.#addAt(to, endpoint);
    this.join(to, via);
  }

  /** A graceful departure; the process ends when everybody had time to hear of it. */
  leave(name: string, ended: () => void = () => {}): void {
    if (!this.simulation.isRunning(name)) return;
    this.views.setUp(name, false);
    const stop = (): void => {
      if (!this.simulation.isRunning(name)) return;
      this.simulation.crash(name, "process");
      ended();
    };
    this.simulation.call(name, (core, nowMs) => {
      if (core instanceof Serf) core.leave(nowMs, () => this.simulation.after(0, stop));
      else core.leave({ timeoutMs: 10_000 }, nowMs, () => this.simulation.after(1_000, stop));
    });
  }

  /** Takes a member that runs no more out of the simulation, disk and all. */
  forget(name: string): void {
    this.simulation.removeMember(name);
    this.views.setUp(name, false);
    for (const known of [this.#lives, this.#endpoints, this.#snapshots]) known.delete(name);
  }

  /** New tags; on SWIM their JSON is the metadata. */
  setTags(name: string, tags: Readonly<Record<string, string>>): void {
    if (!this.simulation.isRunning(name)) return;
    this.simulation.call(name, (core, nowMs) => {
      if (core instanceof Serf) return core.setTags(tags, nowMs, () => {});
      const meta = Uint8Array.from(JSON.stringify(tags), (letter) => letter.charCodeAt(0) & 255);
      core.updateMeta(meta, { timeoutMs: 0 }, nowMs, () => {});
    });
  }

  /** How many members each one that takes part believes in, exactly: for tests of the views. */
  believedBy(name: string): readonly string[] {
    return swimOf(this.core(name))
      .members()
      .map((member) => member.name)
      .toSorted();
  }

  /** It lost a vote about its name, and the program around it ends. */
  #endLoser(name: string): void {
    this.views.setUp(name, false);
    const core = this.core(name);
    this.simulation.after(0, () => {
      const isSame = this.simulation.isRunning(name) && this.core(name) === core;
      if (isSame) this.simulation.crash(name, "process");
    });
  }

  #addAt(name: string, endpoint: Endpoint): void {
    this.#endpoints.set(name, endpoint);
    this.views.begin(name);
    this.simulation.addMember(name, this.#start(name), { endpoint });
  }

  #start(name: string): Core {
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const { layer, serf, swim, swimOf: own } = this.#setup;
    const chance = this.simulation.randomFor(`${name} life ${life}`);
    const knobs = { ...swim, ...own?.(name), advertiseEndpoint: this.endpoint(name) };
    const environment = {
      random: chance.toFunction(),
      fillRandom: (bytes: Uint8Array): void => chance.fill(bytes),
      ...(this.#setup.sharesRecords !== false && { records: this.#records }),
      ...(this.#setup.aead && { aead: this.#setup.aead }),
    };
    const { nowMs } = this.simulation;
    if (layer === "swim") {
      const core = new Swim(resolveSwimOptions({ ...knobs, name }), environment);
      core.start(nowMs);
      return core;
    }
    const kept = this.#snapshots.get(name);
    const snapshot = this.snapshot(name);
    const core = new Serf(resolveSerfOptions({ ...serf, name, swim: knobs }), {
      ...environment,
      snapshot: snapshot.open(),
      enter: (action) => this.simulation.call(name, (_core, atMs) => action(atMs)),
      ...(kept && { recovered: kept.recover() }),
    });
    core.start(nowMs);
    return core;
  }

  #newEndpoint(): Endpoint {
    const number = (this.#nextAddress += 1);
    const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
    return { address, port: 7_946 };
  }

  #observe(observer: string, event: CoreEvent): void {
    const { views } = this;
    switch (event.kind) {
      case "member-joined":
      case "suspicion-refuted":
        return views.set(observer, event.member.name, "alive");
      case "member-suspected":
        return views.set(observer, event.member.name, "suspect");
      case "member-left":
        return views.set(
          observer,
          event.member.name,
          event.member.state === "left" ? "left" : "dead",
        );
      case "member-join":
        for (const { name } of event.members) views.set(observer, name, "alive");
        return;
      case "member-failed":
        for (const { name } of event.members) views.set(observer, name, "dead");
        return;
      case "member-leave":
        for (const { name } of event.members) views.set(observer, name, "left");
        return;
      case "member-reap":
        for (const { name } of event.members) views.set(observer, name, "unknown");
        return;
    }
  }
}

/** Short, for the timeline: what and about whom. */
export function describeEvent(event: CoreEvent): string {
  if ("member" in event) return `${event.kind} ${event.member.name} ${event.member.incarnation}`;
  if ("members" in event) return `${event.kind} ${event.members.map(({ name }) => name).join()}`;
  if (event.kind === "user-message") return `${event.kind} ${event.payload.length}`;
  return `${event.kind} ${event.name} ${event.lamportTime}`;
}
