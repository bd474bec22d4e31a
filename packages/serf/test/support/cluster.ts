/**
 * A cluster of whole members in virtual time: the real cores on a simulated network.
 */
import type { SwimReport } from "@x/swim";
import { Simulation, type Checker, type NetworkOptions } from "@x/simulator";
import {
  resolveSerfOptions,
  Serf,
  type RecoveredState,
  type SerfEnvironment,
  type SerfEvent,
  type SerfOptionsInput,
  type SerfReport,
} from "@x/serf";
import { nodeAead } from "@x/swim/node";

export type SerfSimulation = Simulation<Serf, SerfEvent, SerfReport | SwimReport>;

export interface ClusterSetup {
  readonly seed: number;
  readonly memberCount: number;
  readonly network?: NetworkOptions;
  readonly options?: Partial<Omit<SerfOptionsInput, "swim">>;
  readonly swim?: Partial<SerfOptionsInput["swim"]>;
  /** Options of single members, by name. */
  readonly optionsOf?: (name: string) => Partial<SerfOptionsInput>;
  readonly environmentOf?: (name: string) => Partial<SerfEnvironment>;
  readonly checkers?: readonly Checker<Serf>[];
  readonly onEvent?: (name: string, event: SerfEvent, nowMs: number) => void;
  /** The command that runs this again, shown with a failure. */
  readonly replayHint?: (seed: number) => string;
}

export interface Told {
  readonly name: string;
  readonly event: SerfEvent;
  readonly atMs: number;
}

export class Cluster {
  readonly simulation: SerfSimulation;
  readonly told: Told[] = [];
  readonly reports: { readonly name: string; readonly report: SerfReport | SwimReport }[] = [];
  readonly #setup: ClusterSetup;
  readonly #lives = new Map<string, number>();

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
    this.simulation = new Simulation<Serf, SerfEvent, SerfReport | SwimReport>({
      seed: setup.seed,
      ...(setup.network === undefined ? {} : { network: setup.network }),
      ...(setup.checkers === undefined ? {} : { checkers: setup.checkers }),
      ...(setup.replayHint === undefined ? {} : { replayHint: setup.replayHint }),
      onEvent: (name, event, atMs) => {
        this.told.push({ name, event, atMs });
        setup.onEvent?.(name, event, atMs);
      },
      onReport: (name, report) => {
        if (report.kind !== "message-received") this.reports.push({ name, report });
      },
    });
    for (let index = 0; index < setup.memberCount; index += 1) this.add(`m${index}`);
  }

  get names(): readonly string[] {
    return this.simulation.names;
  }

  /** Another member, alone until it joins. */
  add(
    name: string,
    overrides: {
      readonly options?: Partial<SerfOptionsInput>;
      readonly recovered?: RecoveredState;
      readonly environment?: Partial<SerfEnvironment>;
      /** What the simulation calls it, where two members bear one name. */
      readonly machine?: string;
    } = {},
  ): void {
    const machine = overrides.machine ?? name;
    const number = this.names.length + 1;
    const address = `10.0.${number >> 8}.${number & 255}`;
    const endpoint = { address, port: 7_946 };
    const core = this.#core(machine, name, endpoint, overrides);
    core.start(this.simulation.nowMs);
    this.simulation.addMember(machine, core, { endpoint });
  }

  /** A new life of a crashed member. */
  restart(
    name: string,
    overrides: {
      readonly options?: Partial<SerfOptionsInput>;
      readonly recovered?: RecoveredState;
      readonly environment?: Partial<SerfEnvironment>;
    } = {},
  ): void {
    const { endpoint } = this.core(name).localMember;
    const core = this.#core(name, name, endpoint, overrides);
    core.start(this.simulation.nowMs);
    this.simulation.restart(name, core);
  }

  core(name: string): Serf {
    return this.simulation.core(name);
  }

  call<Result>(name: string, action: (core: Serf, nowMs: number) => Result): Result {
    return this.simulation.call(name, action);
  }

  join(
    name: string,
    seed: string,
    options: { ignoreOldEvents?: boolean; attempts?: number } = {},
  ): void {
    const { endpoint } = this.core(seed).localMember;
    const { attempts = 1, ignoreOldEvents = true } = options;
    this.call(name, (core, nowMs) =>
      core.join([{ endpoint, text: seed }], { ignoreOldEvents }, nowMs, ({ joinedCount }) => {
        if (joinedCount > 0 || attempts <= 1) return;
        const again = { ignoreOldEvents, attempts: attempts - 1 };
        this.simulation.after(0, () => this.join(name, seed, again));
      }),
    );
  }

  /** Everybody joins the first, and everybody sees everybody. */
  form(): this {
    const [first = "", ...others] = this.names;
    // With loss a dial may fail altogether: join again, as an operator would.
    for (const name of others) this.join(name, first, { attempts: 3 });
    this.simulation.runUntil(() => this.agreesOn(this.names), { withinMs: 60_000 });
    return this;
  }

  /** Whether every running member lists exactly these as alive. */
  agreesOn(names: readonly string[]): boolean {
    const wanted = names.toSorted().join();
    return this.running().every((name) => this.listed(name, "alive").join() === wanted);
  }

  running(): readonly string[] {
    return this.names.filter((name) => this.simulation.isRunning(name));
  }

  listed(by: string, status: string): readonly string[] {
    return this.core(by)
      .members()
      .filter((member) => member.status === status)
      .map(({ name }) => name)
      .toSorted();
  }

  status(by: string, of: string): string | undefined {
    return this.core(by).member(of)?.status;
  }

  /** `kind name` of what one member was told about another, in order. */
  story(by: string, about: string): readonly string[] {
    return this.told.flatMap(({ name, event }) => {
      if (name !== by || !("members" in event)) return [];
      return event.members.some((member) => member.name === about) ? [event.kind] : [];
    });
  }

  /** Names of the user events a member was told of, in order. */
  userEvents(by: string): readonly string[] {
    return this.told.flatMap(({ name, event }) =>
      name === by && event.kind === "user" ? [event.name] : [],
    );
  }

  #core(
    machine: string,
    name: string,
    advertiseEndpoint: { readonly address: string; readonly port: number },
    overrides: {
      readonly options?: Partial<SerfOptionsInput>;
      readonly recovered?: RecoveredState;
      readonly environment?: Partial<SerfEnvironment>;
    },
  ): Serf {
    const life = (this.#lives.get(machine) ?? 0) + 1;
    this.#lives.set(machine, life);
    const chance = this.simulation.randomFor(`${machine} life ${life}`);
    const { options, swim, optionsOf, environmentOf } = this.#setup;
    const own = { ...options, ...optionsOf?.(machine), ...overrides.options };
    return new Serf(
      resolveSerfOptions({
        ...own,
        name,
        swim: { ...swim, ...own.swim, advertiseEndpoint },
      }),
      {
        random: chance.toFunction(),
        fillRandom: (bytes) => chance.fill(bytes),
        aead: nodeAead,
        // What a user does between two calls happens inside the core, at the present time.
        enter: (action) => this.simulation.call(machine, (_core, nowMs) => action(nowMs)),
        ...environmentOf?.(machine),
        ...overrides.environment,
        ...(overrides.recovered === undefined ? {} : { recovered: overrides.recovered }),
      },
    );
  }
}
