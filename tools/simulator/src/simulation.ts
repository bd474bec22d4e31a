/**
 * A cluster of real cores in virtual time on a simulated network, repeatable from one integer.
 *
 * Read next: `simulated-member.ts` (who drives a core), `packet-network.ts` and `stream-network.ts`
 * (what lies between), `fault-plan.ts` (what goes wrong).
 */
import { latencySampler } from "./latency-model.ts";
import { LinkRules, type LinkRule, type Undo } from "./link-rules.ts";
import { AddressBook, type NetworkPort } from "./network-port.ts";
import { Outage } from "./outage.ts";
import { PacketNetwork, type World } from "./packet-network.ts";
import type { Directive, SimulatedCore } from "./protocol-core.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SimulatedMember, type Input, type StepCause } from "./simulated-member.ts";
import { SimulationError, type SimulationErrorCode } from "./simulation-error.ts";
import type { Checker, MemberOptions, SimulationOptions, Step } from "./simulation-options.ts";
import { StreamNetwork } from "./stream-network.ts";
import { Timeline, timelineText } from "./timeline.ts";
import { Traffic } from "./traffic.ts";
import { textOf } from "./value-text.ts";
import { VirtualClock } from "./virtual-clock.ts";

/**
 * The cluster.
 *
 * @typeParam Core - what each member runs; it tells its user `Event`s and its operator `Report`s.
 */
export class Simulation<Core extends SimulatedCore<Event, Report>, Event, Report> {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly #options: SimulationOptions<Core, Event, Report>;
  readonly #random: SeededRandom;
  readonly #clock = new VirtualClock();
  readonly #rules: LinkRules;
  readonly #addresses = new AddressBook();
  readonly #packets: PacketNetwork;
  readonly #streams: StreamNetwork;
  readonly #members = new Map<string, SimulatedMember<Core, Event, Report>>();
  readonly #restarts = new Map<string, (nowMs: number) => Core>();
  readonly #departed = new Traffic();
  readonly #checkers: readonly Checker<Core>[];
  readonly #step: { -readonly [Key in keyof Step<Core>]: Step<Core>[Key] | undefined };
  #nextIndex = 0;

  constructor(options: SimulationOptions<Core, Event, Report>) {
    const { seed, network = {}, checkers = [] } = options;
    this.seed = seed;
    this.timeline = new Timeline(options.timeline);
    this.#options = options;
    this.#random = new SeededRandom(seed);
    this.#rules = new LinkRules(network);
    this.#checkers = checkers;
    this.#step = { name: undefined, core: undefined, cause: undefined, nowMs: undefined };
    const world: World = {
      clock: this.#clock,
      addresses: this.#addresses,
      rules: this.#rules,
      latency: latencySampler(network.latency ?? { kind: "constant", ms: 1 }),
      timeline: this.timeline,
    };
    this.#packets = new PacketNetwork(world, network);
    this.#streams = new StreamNetwork(world, network);
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#clock.nowMs;
  }

  /** Members added and not removed, crashed ones too, in the order they were added. */
  get names(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** A stream of chance of its own, for a core's environment or a workload. */
  randomFor(label: string): SeededRandom {
    return this.#random.fork(`for ${label}`);
  }

  /**
   * Adds a member with a running process. Its core may have been started already: what it asks for
   * is done now.
   *
   * @throws {RangeError} if the name or the endpoint is taken.
   */
  addMember(name: string, core: Core, options: MemberOptions<Core>): void {
    if (this.#members.has(name)) throw new RangeError(`there is a member ${name} already`);
    const index = this.#nextIndex;
    const member = new SimulatedMember<Core, Event, Report>({
      index,
      name,
      endpoint: options.endpoint,
      core,
      random: this.#random.fork(`packets of ${name}`),
      surroundings: {
        clock: this.#clock,
        perform: (port, directive) => this.#perform(port, directive),
        stepped: (port, cause, input) => this.#stepped(port, cause, input),
      },
      clockOffsetMs: options.clockOffsetMs ?? 0,
      receiveBufferBytes: this.#options.network?.socketBufferBytes ?? 2 * 1024 * 1024,
    });
    this.#addresses.attach(options.endpoint, member);
    this.#nextIndex += 1;
    this.#members.set(name, member);
    this.#rules.register(name, index);
    this.timeline.name(index, name);
    if (options.restart !== undefined) this.#restarts.set(name, options.restart);
    this.#record("member-added", member);
    member.call(() => undefined);
  }

  /** Takes a member out with its machine: nothing answers at its address any more. */
  removeMember(name: string): void {
    const member = this.#member(name);
    this.#streams.abandon(member, "machine");
    member.stop(false);
    this.#addresses.detach(member.endpoint);
    this.#members.delete(name);
    this.#restarts.delete(name);
    this.#departed.add(member.traffic);
    this.#record("member-removed", member);
  }

  /** The core of a member; of one that crashed, as it was when it did. */
  core(name: string): Core {
    return this.#member(name).core;
  }

  isRunning(name: string): boolean {
    return this.#members.get(name)?.isProcessUp === true;
  }

  /**
   * Calls into a core, at its own time, and does what it asks for.
   *
   * @throws {RangeError} if there is no such member, or it is not running.
   */
  call<Result>(name: string, action: (core: Core, nowMs: number) => Result): Result {
    const member = this.#member(name);
    if (!member.isProcessUp) throw new RangeError(`${name} is not running`);
    this.#record("call", member);
    return member.call(action);
  }

  /** Runs `action` when `delayMs` have passed; for workloads. */
  after(delayMs: number, action: () => void): void {
    this.#clock.at(this.#clock.nowMs + delayMs, action);
  }

  /** Lets virtual time pass. */
  runFor(durationMs: number): void {
    this.#runTo(this.#clock.nowMs + durationMs);
  }

  /**
   * Lets virtual time pass until something is true.
   *
   * @param withinMs - how long to wait; `everyMs` (100) is how often to ask.
   * @returns how long it took, in virtual ms.
   * @throws {SimulationError} `not-reached`.
   */
  runUntil(
    predicate: (simulation: this) => boolean,
    { withinMs, everyMs = 100 }: { readonly withinMs: number; readonly everyMs?: number },
  ): number {
    const startMs = this.#clock.nowMs;
    const endMs = startMs + withinMs;
    while (!predicate(this)) {
      if (this.#clock.nowMs >= endMs) {
        const what = predicate.name === "" ? String(predicate).slice(0, 120) : predicate.name;
        throw this.#failure("not-reached", `not reached within ${withinMs} ms: ${what}`);
      }
      this.#runTo(Math.min(endMs, this.#clock.nowMs + everyMs));
    }
    return this.#clock.nowMs - startMs;
  }

  /**
   * Splits the members: each hears only its own group. Members in no group form one together.
   *
   * @example
   * simulation.partition([["a", "b"]]).forMs(10_000);
   */
  partition(groups: readonly (readonly string[])[]): Outage {
    const listed = new Set(groups.flat());
    const rest = this.names.filter((name) => !listed.has(name));
    const all = rest.length > 0 ? [...groups, rest] : groups;
    const rules = all.flatMap((from, source) =>
      all.filter((_, target) => target !== source).map((to) => ({ from, to, lossRatio: 1 })),
    );
    return this.#outage(`partition ${textOf(groups)}`, rules);
  }

  /** Cuts one member off from everybody, both ways. */
  isolate(name: string): Outage {
    return this.partition([[name]]);
  }

  /** Does something to the links from some members to others, in that direction only. */
  impair(rule: LinkRule): Outage {
    return this.#outage(`impair ${textOf(rule)}`, [rule]);
  }

  /**
   * Ends a member's process, or its whole machine: a kernel refuses and resets, a dead machine is
   * silent.
   */
  crash(name: string, scope: "process" | "machine" = "process"): void {
    const member = this.#member(name);
    if (!member.isProcessUp) return;
    this.#record("fault", member, `crash ${scope}`);
    this.#streams.abandon(member, scope);
    member.stop(scope === "process");
  }

  /**
   * Starts a new process of a crashed member.
   *
   * @param core - started already; otherwise what the member's `restart` option makes.
   * @throws {RangeError} if it still runs, or there is no way to make a core.
   */
  restart(name: string, core?: Core): void {
    const member = this.#member(name);
    if (member.isProcessUp) throw new RangeError(`${name} is still running`);
    const next = core ?? this.#restarts.get(name)?.(member.localMs);
    if (next === undefined) throw new RangeError(`${name} has no restart option: pass a core`);
    this.#record("fault", member, "restart");
    member.restart(next);
  }

  /** Stops a process without ending it: its kernel goes on buffering, its timers are late. */
  pause(name: string): Outage {
    const member = this.#member(name);
    this.#record("fault", member, "pause");
    return this.#troubled(member, "pause", member.pause());
  }

  /** Makes every input take this much longer; inputs queue meanwhile. */
  slowDown(name: string, serviceMs: number): Outage {
    const member = this.#member(name);
    this.#record("fault", member, `slow ${serviceMs}`);
    return this.#troubled(member, "slow", member.slowDown(serviceMs));
  }

  /** Lets a member's clock run at `rate` local ms per virtual ms. */
  drift(name: string, rate: number): Outage {
    const member = this.#member(name);
    this.#record("fault", member, `drift ${rate}`);
    return this.#troubled(member, "drift", member.drift(rate));
  }

  /** What one member has sent and received, or all together, removed ones included. */
  traffic(name?: string): Traffic {
    const total = new Traffic();
    if (name !== undefined) return total.add(this.#member(name).traffic);
    total.add(this.#departed);
    for (const { traffic } of this.#members.values()) total.add(traffic);
    return total;
  }

  /** How many ends of connections a member's kernel holds. */
  openStreams(name: string): number {
    return this.#streams.openCount(this.#member(name));
  }

  /** SHA-256 of everything that happened; two runs are the same exactly if this is. */
  digest(): string {
    return this.timeline.digest();
  }

  #runTo(endMs: number): void {
    try {
      while (this.#clock.nextMs <= endMs) this.#clock.fireNext();
    } catch (error) {
      if (error instanceof SimulationError) throw error;
      throw this.#failure("core-failed", `a core or hook threw: ${String(error)}`, error);
    }
    this.#clock.advanceTo(endMs);
  }

  #perform(port: NetworkPort, directive: Directive<Event, Report>): void {
    switch (directive.kind) {
      case "send-datagram":
        this.#packets.send(port, directive.target, directive.bytes);
        break;
      case "open-stream": {
        const { streamId, target, timeoutMs } = directive;
        this.#record("stream-dialled", port, `${target.address}:${target.port}`, streamId);
        this.#streams.dial(port, streamId, target, timeoutMs);
        break;
      }
      case "write-stream":
        this.#record("stream-written", port, directive.bytes, directive.streamId);
        this.#streams.write(port, directive.streamId, directive.bytes);
        break;
      case "close-stream":
        this.#record("stream-closed", port, undefined, directive.streamId);
        this.#streams.close(port, directive.streamId);
        break;
      case "reset-stream":
        this.#record("stream-reset", port, undefined, directive.streamId);
        this.#streams.reset(port, directive.streamId);
        break;
      case "emit":
        this.#record("event", port, (this.#options.describeEvent ?? textOf)(directive.event));
        this.#options.onEvent?.(port.name, directive.event, this.#clock.nowMs);
        break;
      case "report":
        this.#record("report", port, directive.report);
        this.#options.onReport?.(port.name, directive.report, this.#clock.nowMs);
        break;
    }
  }

  #stepped(port: NetworkPort, cause: StepCause, input?: Input): void {
    if (cause === "timeout") this.#record("timeout", port);
    if (input?.kind === "datagram-failure") this.#record("datagram-failed", port, input.failure);
    if (input?.kind === "stream") {
      this.#record("stream-event", port, input.event.kind, input.event.streamId);
    }
    if (this.#checkers.length === 0) return;
    const step = this.#step;
    step.name = port.name;
    step.core = this.#members.get(port.name)?.core;
    step.cause = cause;
    step.nowMs = this.#clock.nowMs;
    for (const checker of this.#checkers) {
      const wrong = checker.observe(step as Step<Core>);
      if (wrong !== undefined) throw this.#failure("violated", `${checker.name}: ${wrong}`);
    }
  }

  #outage(what: string, rules: readonly LinkRule[]): Outage {
    this.timeline.record(this.#clock.nowMs, "fault", -1, -1, 0, what);
    const undos = rules.map((rule) => this.#rules.add(rule));
    return new Outage(this.#clock, () => {
      this.timeline.record(this.#clock.nowMs, "fault", -1, -1, 0, `healed ${what}`);
      for (const undo of undos) undo();
    });
  }

  #troubled(member: NetworkPort, what: string, undo: Undo): Outage {
    return new Outage(this.#clock, () => {
      this.#record("fault", member, `healed ${what}`);
      undo();
    });
  }

  #record(
    what: Parameters<Timeline["record"]>[1],
    port: NetworkPort,
    detail?: unknown,
    size: number = 0,
  ): void {
    this.timeline.record(this.#clock.nowMs, what, port.index, -1, size, detail);
  }

  #member(name: string): SimulatedMember<Core, Event, Report> {
    const member = this.#members.get(name);
    if (member === undefined) throw new RangeError(`there is no member ${name}`);
    return member;
  }

  #failure(code: SimulationErrorCode, fact: string, cause?: unknown): SimulationError {
    return new SimulationError({
      code,
      fact,
      seed: this.seed,
      atMs: this.#clock.nowMs,
      lastEvents: timelineText(this.timeline.last(40)),
      replayHint:
        this.#options.replayHint?.(this.seed) ?? `new Simulation({ seed: ${this.seed}, … })`,
      cause,
    });
  }
}
