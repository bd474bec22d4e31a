/**
 * A cluster of real cores in virtual time, watched at every step.
 *
 * The network, its faults and all chance come from `@x/simulator`; here are the members, and the
 * checkers none of them may offend.
 */
import {
  Simulation,
  type Fault,
  type FaultTarget,
  type LinkRule,
  type NetworkOptions,
  type Outage,
} from "@x/simulator";
import {
  Keyring,
  resolveSwimOptions,
  Swim,
  type Endpoint,
  type SwimEvent,
  type SwimOptions,
  type SwimOptionsInput,
  type SwimReport,
} from "@x/swim";
import { nodeAead } from "@x/swim/node";
import { findsTheCrashed } from "../simulation/checkers/finds-the-crashed.ts";
import { incarnationsNeverFall } from "../simulation/checkers/incarnations-never-fall.ts";
import { limitsHold } from "../simulation/checkers/limits-hold.ts";
import { onlyTheMemberRaises } from "../simulation/checkers/only-the-member-raises.ts";
import { sparesTheLiving } from "../simulation/checkers/spares-the-living.ts";
import { timersAreKept } from "../simulation/checkers/timers-are-kept.ts";
import { noResurrection } from "../simulation/checkers/no-resurrection.ts";
import { GroundTruth } from "./ground-truth.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const JOIN_RETRY_MS = 2_000;

export interface ClusterSetup {
  readonly seed: number;
  readonly memberCount: number;
  readonly network?: NetworkOptions;
  /** Default `local`, the profile with the shortest times. */
  readonly options?: Partial<SwimOptionsInput>;
  /** AES-GCM with one key for all. */
  readonly isEncrypted?: boolean;
  readonly replayHint?: (seed: number) => string;
}

/** What was seen; a story without any proves nothing. */
export type Sighting = "suspicions" | "refutations" | "deaths" | "departures" | "joins" | "reaped";

export class SimulatedCluster implements FaultTarget {
  readonly simulation: Simulation<Swim, SwimEvent, SwimReport>;
  readonly truth: GroundTruth = new GroundTruth();
  readonly sightings = new Map<Sighting, number>();
  /** Whom anybody ever held for dead. */
  readonly heldDead = new Set<string>();
  readonly #setup: ClusterSetup;
  readonly #lives = new Map<string, number>();

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
    const options = this.#options("anybody", { address: "10.0.0.1", port: 7_946 });
    this.simulation = new Simulation<Swim, SwimEvent, SwimReport>({
      seed: setup.seed,
      network: { mtuBytes: 1_400, ...setup.network },
      checkers: [
        incarnationsNeverFall(),
        onlyTheMemberRaises(),
        noResurrection(),
        sparesTheLiving(this.truth, options),
        findsTheCrashed(this.truth, options),
        timersAreKept(this.truth, options, (name) => this.simulation.traffic(name).datagramsSent),
        limitsHold(options, (name) => this.simulation.traffic(name).dropped["too-large"]),
      ],
      onEvent: (_name, event) => this.#observeEvent(event),
      onReport: (_name, report) => this.#observeReport(report),
      ...(setup.replayHint && { replayHint: setup.replayHint }),
    });
    for (let index = 0; index < setup.memberCount; index += 1) this.add(`m${index}`);
  }

  get nowMs(): number {
    return this.simulation.nowMs;
  }

  get names(): readonly string[] {
    return this.simulation.names;
  }

  /** Members whose process runs. */
  get running(): readonly string[] {
    return this.names.filter((name) => this.isRunning(name));
  }

  /** Starts a member; it joins the first one that runs. */
  add(name: string): void {
    const number = this.names.length + 1;
    const endpoint = { address: `10.0.${number >> 8}.${number & 255}`, port: 7_946 };
    const core = this.#startedCore(name, endpoint, this.nowMs);
    const restart = (localMs: number): Swim => this.#startedCore(name, endpoint, localMs);
    this.truth.started(name, this.nowMs);
    this.simulation.addMember(name, core, { endpoint, restart });
    this.#join(name);
  }

  core(name: string): Swim {
    return this.simulation.core(name);
  }

  call<Result>(name: string, action: (core: Swim, nowMs: number) => Result): Result {
    return this.simulation.call(name, action);
  }

  runFor(durationMs: number): void {
    this.simulation.runFor(durationMs);
  }

  /** @returns how long it took, in virtual ms. */
  runUntil(
    predicate: (cluster: SimulatedCluster) => boolean,
    { withinMs = 60_000 }: { readonly withinMs?: number } = {},
  ): number {
    const named = { [predicate.name]: () => predicate(this) }[predicate.name];
    return this.simulation.runUntil(named ?? (() => predicate(this)), { withinMs });
  }

  after(delayMs: number, action: () => void): void {
    this.simulation.after(delayMs, action);
  }

  isRunning(name: string): boolean {
    return this.simulation.isRunning(name);
  }

  /** Cuts these off from the others, both ways. Members in no group form one together. */
  partition(groups: readonly (readonly string[])[] | readonly string[]): Outage {
    const isOneGroup = groups.every((group) => typeof group === "string");
    const all = isOneGroup ? [groups as readonly string[]] : (groups as readonly string[][]);
    return this.truth.suffers(this.simulation.partition(all), this.nowMs);
  }

  impair(rule: LinkRule): Outage {
    return this.truth.suffers(this.simulation.impair(rule), this.nowMs);
  }

  pause(name: string): Outage {
    return this.truth.suffers(this.simulation.pause(name), this.nowMs);
  }

  /** Makes every message it handles take so much longer. */
  slowDown(name: string, serviceMs: number): Outage {
    return this.truth.suffers(this.simulation.slowDown(name, serviceMs), this.nowMs);
  }

  drift(name: string, rate: number): Outage {
    this.truth.drifted();
    return this.truth.suffers(this.simulation.drift(name, rate), this.nowMs);
  }

  crash(name: string, scope: "process" | "machine" = "process"): void {
    this.simulation.crash(name, scope);
    this.truth.stopped(name, this.nowMs);
  }

  /** A new life that knows nothing of the old one, and joins again. */
  restart(name: string): void {
    this.truth.started(name, this.nowMs);
    this.simulation.restart(name);
    this.#join(name);
  }

  /** Says farewell and, when that is told, ends the process. */
  leave(name: string): void {
    this.call(name, (core, nowMs) => {
      core.leave({ timeoutMs: 5_000 }, nowMs, () => this.after(0, () => this.crash(name)));
    });
  }

  sighted(what: Sighting): number {
    return this.sightings.get(what) ?? 0;
  }

  #startedCore(name: string, advertiseEndpoint: Endpoint, localMs: number): Swim {
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const chance = this.simulation.randomFor(`${name} life ${life}`);
    const swim = new Swim(this.#options(name, advertiseEndpoint), {
      random: chance.toFunction(),
      fillRandom: (bytes) => chance.fill(bytes),
      aead: nodeAead,
    });
    swim.start(localMs);
    return swim;
  }

  #options(name: string, advertiseEndpoint: Endpoint): SwimOptions {
    const { options, isEncrypted } = this.#setup;
    return resolveSwimOptions({
      profile: "local",
      ...(isEncrypted === true && { keyring: Keyring.create([KEY], KEY) }),
      ...options,
      name,
      advertiseEndpoint,
    });
  }

  /** As a user would: again until somebody answers. */
  #join(name: string): void {
    const seed = this.running.find((other) => other !== name);
    if (seed === undefined || !this.isRunning(name)) return;
    const { endpoint } = this.core(seed).localMember;
    const life = this.#lives.get(name);
    this.call(name, (core, nowMs) =>
      core.join([{ endpoint, name: seed, text: seed }], nowMs, ({ joinedCount }) => {
        if (joinedCount > 0) return;
        this.after(JOIN_RETRY_MS, () => {
          if (this.#lives.get(name) === life) this.#join(name);
        });
      }),
    );
  }

  #observeEvent(event: SwimEvent): void {
    if (event.kind === "member-joined") this.#sight("joins");
    if (event.kind === "member-suspected") this.#sight("suspicions");
    if (event.kind !== "member-left") return;
    const isDeath = event.member.state === "dead";
    this.#sight(isDeath ? "deaths" : "departures");
    if (isDeath) this.heldDead.add(event.member.name);
  }

  #observeReport(report: SwimReport): void {
    if (report.kind === "refuting") this.#sight("refutations");
    if (report.kind === "member-reaped") this.#sight("reaped");
  }

  #sight(what: Sighting): void {
    this.sightings.set(what, this.sighted(what) + 1);
  }
}

/** A cluster whose members have just been started, each joining the first. */
export function simulateCluster(setup: ClusterSetup): SimulatedCluster {
  return new SimulatedCluster(setup);
}

/** Every running member lists exactly the running ones, as alive. */
export function converged(cluster: SimulatedCluster): boolean {
  const wanted = cluster.running.toSorted().join();
  return cluster.running.every((name) => {
    const members = cluster.core(name).members();
    if (members.some(({ state }) => state !== "alive")) return false;
    const listed = members.map((member) => member.name).toSorted();
    return listed.join() === wanted;
  });
}

/** All running members hold the same picture of everybody: state, incarnation, address, metadata. */
export function agreeing(cluster: SimulatedCluster): boolean {
  const views = cluster.running.map((name) =>
    cluster
      .core(name)
      .members()
      .map(({ name: of, state, incarnation, endpoint, meta }) =>
        [of, state, incarnation, endpoint.address, endpoint.port, meta.join("-")].join(" "),
      )
      .toSorted()
      .join("\n"),
  );
  return new Set(views).size <= 1;
}

export type { Fault };
