/**
 * One member of a Serf cluster, as a pure state machine.
 *
 * It owns the membership below it, sits there as its delegate, passes its packets and streams
 * through, and turns what it tells into members with tags, events, queries, keys and coordinates.
 * Like every core it has no clock, no socket and no wait: commands take the time and call back.
 *
 * Here the rooms are built and connected; what happens in them stands in their own files. Read
 * next: `membership.ts`, `message-intake.ts`, `query.ts`, `query-responder.ts`.
 *
 * Source: Serf specification, whole.
 */
import {
  Swim,
  type Datagram,
  type DatagramFailure,
  type JoinOutcome,
  type JoinTarget,
  type ProtocolCore,
  type StreamEvent,
  type SwimReport,
} from "@x/swim";
import type { Coordinate } from "@x/vivaldi";
import { AnswerCourier } from "./answer-courier.ts";
import { CoordinateExchange } from "./coordinate-exchange.ts";
import { Departure } from "./departure.ts";
import { SerfError } from "./errors.ts";
import { EventChain } from "./event-chain.ts";
import { IntentBuffer } from "./intent-buffer.ts";
import { InternalQueries } from "./internal-query.ts";
import { Joins } from "./joins.ts";
import { KeyManager } from "./key-manager.ts";
import { KeyResponder } from "./key-responder.ts";
import { memberPicture } from "./member-registry.ts";
import type { Member, Tags } from "./member.ts";
import { Membership } from "./membership.ts";
import { MessageIntake } from "./message-intake.ts";
import { NameConflicts } from "./name-conflict.ts";
import { PushPullState } from "./push-pull-state.ts";
import { QueryResponder } from "./query-responder.ts";
import { Queries, type QueryHandle, type QueryListener, type QueryParameters } from "./query.ts";
import { Reaper } from "./reaper.ts";
import { Reconnector } from "./reconnector.ts";
import { Rejoiner } from "./rejoiner.ts";
import {
  SerfContext,
  type InstanceState,
  type SerfDirective,
  type SerfEnvironment,
} from "./serf-context.ts";
import type { SerfEvent } from "./serf-event.ts";
import { checkedTags, type SerfOptions } from "./serf-options.ts";
import type { QueueName, SerfReport } from "./serf-report.ts";
import { serfStatistics } from "./statistics.ts";
import { SwimHooks } from "./swim-hooks.ts";
import { UserEvents } from "./user-event.ts";

/** How often the member clock is offered to the snapshot. Source: Serf specification §14. */
const SNAPSHOT_CLOCK_INTERVAL_MS = 500;

/** A member of a cluster; see the head of this file. */
export class Serf implements ProtocolCore<SerfEvent, SerfReport | SwimReport> {
  readonly #context: SerfContext;
  readonly #swim: Swim;
  readonly #chain: EventChain;
  readonly #membership: Membership;
  readonly #userEvents: UserEvents;
  readonly #queries: Queries;
  readonly #responder: QueryResponder;
  readonly #joins: Joins;
  readonly #departure: Departure;
  readonly #coordinates: CoordinateExchange | undefined;
  readonly #reaper: Reaper;
  readonly #reconnector: Reconnector;
  readonly #rejoiner: Rejoiner;
  /** Installs, uses, removes and lists keys all over the cluster. */
  readonly keys: KeyManager;

  /** @param options - from `resolveSerfOptions`. */
  constructor(options: SerfOptions, environment: SerfEnvironment) {
    const hooks = new SwimHooks(options);
    this.#swim = new Swim(options.swim, environment, hooks);
    const context = new SerfContext(options, environment, this.#swim);
    this.#context = context;
    this.#coordinates = options.disableCoordinates ? undefined : new CoordinateExchange(context);
    const chain = new EventChain(context);
    this.#chain = chain;
    const intents = new IntentBuffer({ nameLimit: options.intentNameLimit });
    const membership = new Membership(context, {
      intents,
      chain,
      erased: (name) => this.#coordinates?.forget(name),
    });
    this.#membership = membership;
    this.#userEvents = new UserEvents(context, chain);
    this.#queries = new Queries(context, (message, encoded, nowMs) =>
      this.#responder.handle(message, encoded, nowMs),
    );
    const courier = new AnswerCourier(context, (message, nowMs) =>
      this.#queries.handleResponse(message, nowMs),
    );
    const internal = new InternalQueries(context, chain, new KeyResponder(context));
    this.#responder = new QueryResponder(context, courier, (query, nowMs) =>
      internal.receive(query, this.#responder, nowMs),
    );
    this.#joins = new Joins(context, membership);
    this.#departure = new Departure(context, membership);
    this.#reaper = new Reaper(context, membership, intents);
    this.#reconnector = new Reconnector(context, membership);
    this.#rejoiner = new Rejoiner(context, membership);
    this.keys = new KeyManager(context, this.#queries);
    hooks.connect({
      context,
      membership,
      intake: new MessageIntake(context, {
        membership,
        userEvents: this.#userEvents,
        responder: this.#responder,
        queries: this.#queries,
        courier,
      }),
      joins: this.#joins,
      conflicts: new NameConflicts(context, this.#queries, (nowMs) => this.#loseName(nowMs)),
      pushPull: new PushPullState(context, membership, this.#userEvents),
      coordinates: this.#coordinates,
    });
  }

  /** Announces itself, arms the timers, and looks for the members of an earlier life. Once only. */
  start(nowMs: number): void {
    const { clocks, environment, options } = this.#enter(nowMs);
    for (const clock of [clocks.member, clocks.event, clocks.query]) clock.increment();
    const { recovered, snapshot } = environment;
    if (recovered !== undefined) {
      clocks.member.restore(recovered.lamportTime);
      clocks.event.restore(recovered.eventLamportTime);
      clocks.query.restore(recovered.queryLamportTime);
      this.#userEvents.raiseMinimumTime(recovered.eventLamportTime + 1n);
      this.#responder.raiseMinimumTime(recovered.queryLamportTime + 1n);
    }
    this.#swim.start(nowMs);
    this.#every(options.reapIntervalMs, (atMs) => this.#reaper.reap(atMs));
    this.#every(options.queueCheckIntervalMs, () => this.#context.queues.check());
    if (options.reconnectIntervalMs > 0) {
      this.#every(options.reconnectIntervalMs, (atMs) => this.#reconnector.attempt(atMs));
    }
    if (snapshot !== undefined) {
      this.#every(SNAPSHOT_CLOCK_INTERVAL_MS, () => snapshot.recordClock(clocks.member.time));
    }
    if (recovered !== undefined) this.#rejoiner.start(recovered, nowMs);
  }

  /**
   * @param settled - how many addresses answered, and why the others did not.
   * @throws {SerfError} `not-alive`.
   */
  join(
    targets: readonly JoinTarget[],
    options: { readonly ignoreOldEvents: boolean },
    nowMs: number,
    settled: (outcome: JoinOutcome) => void,
  ): void {
    this.#enter(nowMs);
    this.#joins.join(targets, options, nowMs, settled);
  }

  /** @throws {SerfError} `leave-in-progress`, `not-alive` after shutdown. */
  leave(nowMs: number, settled: () => void): void {
    this.#enter(nowMs);
    this.#departure.leave(nowMs, settled);
  }

  /** Declares a member to have left; with `prune` it is forgotten. @throws {SerfError} `not-alive`. */
  forceLeave(
    name: string,
    options: { readonly prune: boolean },
    nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    this.#enter(nowMs);
    this.#departure.forceLeave(name, options, nowMs, settled);
  }

  /**
   * Replaces all tags; they stay changed even if it times out.
   *
   * @throws {SerfError} `tags-too-large`, `not-alive` after shutdown.
   */
  setTags(
    tags: Tags,
    nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    const { options, state } = this.#enter(nowMs);
    if (state === "shutdown") {
      throw new SerfError("not-alive", "tags set after shutdown: start a new member");
    }
    const meta = checkedTags(tags, options.protocolVersion);
    this.#swim.updateMeta(meta, { timeoutMs: options.broadcastTimeoutMs }, nowMs, settled);
  }

  /** @throws {SerfError} `event-too-large`. */
  userEvent(
    name: string,
    payload: Uint8Array | undefined,
    options: { readonly coalesce: boolean },
    nowMs: number,
  ): void {
    this.#enter(nowMs);
    this.#userEvents.send(name, payload, options.coalesce, nowMs);
  }

  /** @throws {SerfError} `query-unsupported`, `query-too-large`, `query-limit`. */
  query(
    name: string,
    payload: Uint8Array | undefined,
    parameters: QueryParameters,
    listener: QueryListener,
    nowMs: number,
  ): QueryHandle {
    this.#enter(nowMs);
    return this.#queries.ask(name, payload, parameters, listener, nowMs);
  }

  /** Stops at once and for good; without a leave before, the others see a failure. Idempotent. */
  shutdown(nowMs: number): void {
    this.#enter(nowMs);
    this.#stop("requested", nowMs);
  }

  get name(): string {
    return this.#context.name;
  }
  get state(): InstanceState {
    return this.#context.state;
  }
  get options(): SerfOptions {
    return this.#context.options;
  }
  /** The membership below. */
  get swim(): Swim {
    return this.#swim;
  }
  get isEncrypted(): boolean {
    const { keyring } = this.#swim;
    return keyring !== undefined && !keyring.isEmpty;
  }
  /** The three clocks: each reads the next time to be used. */
  get lamportTimes(): {
    readonly member: bigint;
    readonly event: bigint;
    readonly query: bigint;
  } {
    const { member, event, query } = this.#context.clocks;
    return { member: member.time, event: event.time, query: query.time };
  }
  get localMember(): Member {
    const entry = this.#context.registry.find(this.#context.name);
    return entry?.picture ?? memberPicture(this.#swim.localMember, "none");
  }
  /** Members of every status, without building a picture of each. */
  get memberCount(): number {
    return this.#context.registry.size;
  }

  /** Another number than before once `members` may return something else. */
  get memberRevision(): number {
    return this.#context.registry.revision;
  }

  /** Every member of the table, failed and left ones included. */
  members(): readonly Member[] {
    return this.#membership.members();
  }

  member(name: string): Member | undefined {
    return this.#context.registry.find(name)?.picture;
  }

  /** Lamport time of the last intent accepted about a member. */
  statusTime(name: string): bigint | undefined {
    return this.#context.registry.find(name)?.statusTime;
  }

  /** Own coordinate without a name; `undefined` when unknown or switched off. */
  coordinate(name: string = this.#context.name): Coordinate | undefined {
    return this.#coordinates?.of(name);
  }

  /** Estimated round-trip time in milliseconds; `to` is this member by default. */
  rttMs(from: string, to: string = this.#context.name): number | undefined {
    return this.#coordinates?.rttMs(from, to);
  }

  queueDepth(queue: QueueName): number {
    return this.#context.queues.depth(queue);
  }

  /** What a query waits without a timeout of its own. */
  defaultQueryTimeoutMs(): number {
    return this.#queries.defaultTimeoutMs();
  }

  /** The reference's keys and text values. */
  statistics(): Readonly<Record<string, string>> {
    return serfStatistics(this.#context, this.#coordinates);
  }

  handleDatagram(datagram: Datagram, nowMs: number): void {
    this.#enter(nowMs);
    this.#swim.handleDatagram(datagram, nowMs);
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    this.#enter(nowMs);
    this.#swim.handleDatagramFailure(failure, nowMs);
  }

  handleStream(event: StreamEvent, nowMs: number): void {
    this.#enter(nowMs);
    this.#swim.handleStream(event, nowMs);
  }

  handleTimeout(nowMs: number): void {
    const { timers } = this.#enter(nowMs);
    timers.runDue(nowMs);
    this.#chain.handleTimeout(nowMs);
    this.#swim.handleTimeout(nowMs);
  }

  nextDeadlineMs(): number {
    return Math.min(
      this.#swim.nextDeadlineMs(),
      this.#context.timers.nextDeadlineMs(),
      this.#chain.nextDeadlineMs(),
    );
  }

  takeDirectives(): readonly SerfDirective[] {
    const { queues, outbox, nowMs, state } = this.#context;
    if (state !== "shutdown") {
      if (queues.takeNews()) this.#swim.requestGossip(nowMs);
      if (queues.takeQuietNews()) this.#swim.requestGossip(nowMs, true);
    }
    const directives: SerfDirective[] = outbox.take();
    for (const directive of this.#swim.takeDirectives()) {
      // What SWIM tells its user has been told to this core by the delegate already.
      if (directive.kind !== "emit") directives.push(directive);
    }
    return directives;
  }

  #enter(nowMs: number): SerfContext {
    this.#context.nowMs = nowMs;
    return this.#context;
  }

  #every(intervalMs: number, action: (nowMs: number) => void): void {
    const { timers } = this.#context;
    const run = (nowMs: number): void => {
      timers.schedule(nowMs + intervalMs, run);
      action(nowMs);
    };
    timers.schedule(this.#context.nowMs + intervalMs, run);
  }

  /** Not at once: the vote may end while SWIM is in the middle of a message. */
  #loseName(nowMs: number): void {
    this.#context.timers.schedule(nowMs, (atMs) => this.#stop("name-conflict", atMs));
  }

  #stop(reason: "requested" | "name-conflict", nowMs: number): void {
    const { state, outbox, queues, timers } = this.#context;
    if (state === "shutdown") return;
    if (state !== "left") outbox.report({ kind: "shutdown-without-leave" });
    this.#context.state = "shutdown";
    this.#chain.flush();
    this.#queries.endAll();
    this.#departure.abandon();
    queues.clear();
    timers.clear();
    this.#swim.shutdown(nowMs);
    outbox.report({ kind: "shut-down", reason });
  }
}
