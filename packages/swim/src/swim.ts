/**
 * The state machine of one member: it sorts what comes in to the parts that decide.
 *
 * Nothing is decided here. A datagram is opened by `wire/`, pings and their answers are handled at
 * once (`ping-answers.ts`, `ack-table.ts`), everything else waits in `inbound-queue.ts` for
 * `membership.ts`. Timers of the parts do the rest.
 *
 * Read next: `membership.ts`, `probe.ts`, `dissemination.ts`, `push-pull.ts`.
 */
import { AckTable } from "./ack-table.ts";
import { META_LIMIT_BYTES } from "./admission.ts";
import {
  createContext,
  meantPort,
  type CoreContext,
  type SwimEnvironment,
} from "./core-context.ts";
import type { Directive } from "./directive.ts";
import { DirectMessages, type PingOutcome, type Recipient } from "./direct-messages.ts";
import { Dissemination } from "./dissemination.ts";
import { InvariantError, SwimError } from "./errors.ts";
import { InboundQueue, type InboundItem, type QueuedMessage } from "./inbound-queue.ts";
import { InboundStream } from "./inbound-streams.ts";
import { joinCluster, type JoinOutcome, type JoinTarget } from "./join.ts";
import type { Keyring } from "./keyring.ts";
import { OwnAnnouncements } from "./leave.ts";
import type { Member } from "./member.ts";
import { Membership } from "./membership.ts";
import { PingAnswers } from "./ping-answers.ts";
import { Prober } from "./probe.ts";
import { ProbeOrder } from "./probe-order.ts";
import type {
  Datagram,
  DatagramFailure,
  Endpoint,
  ProtocolCore,
  StreamEvent,
  StreamFailure,
} from "./protocol-core.ts";
import { PushPull } from "./push-pull.ts";
import { Reaper } from "./reaper.ts";
import { StreamTable } from "./stream-table.ts";
import type { SwimDelegate } from "./swim-delegate.ts";
import type { SwimEvent } from "./swim-event.ts";
import type { SwimOptions } from "./swim-options.ts";
import type { SwimReport } from "./swim-report.ts";
import type { Timer } from "./timer-table.ts";
import { addressBytes, openPacket, type DatagramMessage, type PacketSink } from "./wire/index.ts";

/** Waiting messages worked off at a stretch. */
const DRAIN_SLICE = 256;

/** One member of a cluster: SWIM with Lifeguard, without any I/O. */
export class Swim implements ProtocolCore<SwimEvent, SwimReport> {
  readonly #context: CoreContext;
  readonly #inbound: InboundQueue;
  readonly #acks: AckTable;
  readonly #answers: PingAnswers;
  readonly #dissemination: Dissemination;
  readonly #membership: Membership;
  readonly #streams: StreamTable;
  readonly #pushPull: PushPull;
  readonly #prober: Prober;
  readonly #reaper: Reaper;
  readonly #own: OwnAnnouncements;
  readonly #direct: DirectMessages;
  readonly #sink: PacketSink;
  #phase: "new" | "running" | "shut-down" = "new";
  #drainTimer: Timer | undefined;
  /** Of the datagram that is being opened. */
  #source: Endpoint = { address: "0.0.0.0", port: 0 };
  #nowMs = 0;

  /**
   * @param options - from `resolveSwimOptions`.
   * @throws {TypeError} if there is a keyring but no way to encrypt.
   */
  constructor(options: SwimOptions, environment: SwimEnvironment, delegate: SwimDelegate = {}) {
    const context = createContext(options, environment, delegate);
    const order = new ProbeOrder(context.random, context.table.expectedSize);
    this.#context = context;
    this.#inbound = new InboundQueue(options.inboundQueueLimit);
    this.#acks = new AckTable(context);
    this.#dissemination = new Dissemination(context, (nowMs) => this.#pushPull.lookSoon(nowMs));
    this.#answers = new PingAnswers(context, this.#dissemination, this.#acks);
    this.#membership = new Membership(context, this.#dissemination, order, () => this.#prober);
    this.#streams = new StreamTable(context, (streamId, remote, nowMs) => {
      return new InboundStream(context, this.#inboundParts(), streamId, remote, nowMs);
    });
    this.#pushPull = new PushPull(context, this.#membership, this.#streams, this.#dissemination);
    this.#prober = new Prober(context, {
      membership: this.#membership,
      dissemination: this.#dissemination,
      order,
      acks: this.#acks,
      streams: this.#streams,
      pushPull: this.#pushPull,
    });
    this.#reaper = new Reaper(context, this.#membership, this.#pushPull);
    this.#own = new OwnAnnouncements(context, this.#membership);
    this.#direct = new DirectMessages(context, this.#dissemination, this.#acks, this.#streams);
    this.#sink = {
      handleMessage: (message, encoded) => this.#dispatch(message, encoded),
      passOver: (...part) => this.#passOver(...part),
      handleRejected: ({ code, message }) =>
        context.outbox.report({ kind: "packet-rejected", source: this.#source, code, message }),
    };
  }

  /**
   * Announces this member, to nobody yet, and arms the timers.
   *
   * @throws {SwimError} `not-started` if it was started before.
   */
  start(nowMs: number): void {
    if (this.#phase !== "new")
      throw new SwimError("not-started", "a core starts once: make another");
    this.#phase = "running";
    this.#membership.announceSelf(this.#context.options.meta, nowMs);
    this.#prober.start(nowMs);
    this.#dissemination.start(nowMs);
    this.#pushPull.start(nowMs);
    this.#reaper.start(nowMs);
  }

  /** Exchanges state with every target. After a leave, this member is back first. */
  join(
    targets: readonly JoinTarget[],
    nowMs: number,
    settled: (outcome: JoinOutcome) => void,
  ): void {
    this.#requireRunning();
    if (this.#membership.isLeaving) this.#membership.announceSelf(this.localMember.meta, nowMs);
    joinCluster(this.#pushPull, targets, this.#context.options.joinParallelism, nowMs, settled);
  }

  /** Says farewell; the member goes on answering until `shutdown`. `timeoutMs` 0 = no limit. */
  leave(
    options: { readonly timeoutMs: number },
    nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    this.#requireRunning();
    this.#own.leave(options.timeoutMs, nowMs, settled);
  }

  /**
   * Announces new metadata. `timeoutMs` 0 = no limit. While leaving it is kept for the next join.
   *
   * @throws {RangeError} for more than 512 bytes.
   */
  updateMeta(
    meta: Uint8Array,
    options: { readonly timeoutMs: number },
    nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    this.#requireRunning();
    if (meta.length > META_LIMIT_BYTES) {
      throw new RangeError(`meta is ${meta.length} bytes: at most ${META_LIMIT_BYTES} fit`);
    }
    this.#own.updateMeta(meta, options.timeoutMs, nowMs, settled);
  }

  /** Measures a round trip, waiting `probeTimeoutMs`. */
  ping(
    target: Recipient & { readonly name: string },
    nowMs: number,
    settled: (outcome: PingOutcome) => void,
  ): void {
    this.#requireRunning();
    this.#direct.ping(target, nowMs, settled);
  }

  /** Sends one datagram. @throws {SwimError} `name-required` or `too-large`. */
  sendBestEffort(target: Recipient, payload: Uint8Array, _nowMs: number): void {
    this.#requireRunning();
    this.#direct.sendBestEffort(target, payload);
  }

  /** Sends over TCP; no answer says it was handled. @throws {SwimError} as above. */
  sendReliable(
    target: Recipient,
    payload: Uint8Array,
    nowMs: number,
    settled: (outcome: { readonly failure?: StreamFailure }) => void,
  ): void {
    this.#requireRunning();
    this.#direct.sendReliable(target, payload, nowMs, settled);
  }

  /** Whether every live member is known to pass news on at once. O(n). */
  get isEveryonePrompt(): boolean {
    return this.#context.table.isEveryonePromptBut(this.#context.options.name);
  }

  /** There is news above: with `eagerGossip` it goes out now, and if it `canWait` at the next round. */
  requestGossip(nowMs: number, canWait: boolean = false): void {
    if (this.#phase === "running") this.#dissemination.requestGossip(nowMs, canWait);
  }

  /** Stops at once. Without a `leave` before, others will find this member dead. */
  shutdown(nowMs: number): void {
    if (this.#phase === "shut-down") return;
    const { outbox, timers } = this.#context;
    this.#phase = "shut-down";
    this.#streams.resetAll(nowMs);
    outbox.close();
    this.#dissemination.stop();
    this.#acks.clear();
    this.#inbound.clear();
    timers.clear();
  }

  /** Alive and suspect members, this one included, in no order. */
  members(): readonly Member[] {
    const { table } = this.#context;
    return table.members((row) => table.isLive(row));
  }

  /** Every record held, dead and left ones included. */
  allMembers(): readonly Member[] {
    return this.#context.table.members(() => true);
  }

  member(name: string): Member | undefined {
    const row = this.#context.table.find(name);
    return row === undefined ? undefined : this.#context.table.member(row);
  }

  /** @throws {SwimError} `not-started`. */
  get localMember(): Member {
    return this.#context.table.member(this.#selfRow());
  }

  /** Alive and suspect, self included. */
  get memberCount(): number {
    return this.#context.table.liveCount;
  }

  /** Records held, dead and left ones included: the `n` of every formula. */
  get estimatedSize(): number {
    return this.#context.table.size;
  }

  /** 0 = healthy. */
  get healthScore(): number {
    return this.#context.health.score;
  }

  get keyring(): Keyring | undefined {
    return this.#context.options.keyring;
  }

  get isLeaving(): boolean {
    return this.#membership.isLeaving;
  }

  /** Rumours waiting to be told. */
  get broadcastQueueDepth(): number {
    return this.#dissemination.depth;
  }

  handleDatagram(datagram: Datagram, nowMs: number): void {
    if (this.#phase !== "running") return;
    this.#source = datagram.source;
    this.#nowMs = nowMs;
    this.#context.outbox.setTime(nowMs);
    openPacket(datagram.bytes, this.#context.settings, this.#sink);
    this.#drain(nowMs);
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    if (this.#phase !== "running") return;
    this.#context.outbox.setTime(nowMs);
    this.#context.outbox.report({ kind: "datagram-failed", ...failure });
    this.#prober.handleDatagramFailure(failure, nowMs);
  }

  handleStream(event: StreamEvent, nowMs: number): void {
    if (this.#phase !== "running") return;
    this.#context.outbox.setTime(nowMs);
    this.#streams.handle(event, nowMs);
  }

  handleTimeout(nowMs: number): void {
    this.#context.outbox.setTime(nowMs);
    this.#context.timers.runDue(nowMs);
  }

  nextDeadlineMs(): number {
    return this.#context.timers.nextDueMs;
  }

  takeDirectives(): readonly Directive<SwimEvent, SwimReport>[] {
    return this.#context.outbox.take();
  }

  #dispatch(message: DatagramMessage, encoded: Uint8Array): void {
    const source = this.#source;
    switch (message.kind) {
      case "ping":
        return this.#answers.handlePing(message, source, this.#nowMs);
      case "indirect-ping":
        return this.#answers.handleIndirectPing(message, source, this.#nowMs);
      case "ack":
        return this.#acks.handleAck(message, source, this.#nowMs);
      case "nack":
        return this.#acks.handleNack(message.sequenceNumber, source, this.#nowMs);
      case "alive":
        if (this.#allowsSource(source)) this.#queue(message, encoded, source);
        return;
      case "suspect":
      case "dead":
      case "user":
        return this.#queue(message, encoded, source);
    }
  }

  #passOver(bytes: Uint8Array, start: number, end: number): boolean {
    const heard = this.#membership.repetitions.recognise(bytes, start, end, this.#nowMs);
    if (heard === undefined || heard === "known") return heard === "known";
    this.#queue(heard.message, heard.encoded, this.#source);
    return true;
  }

  #queue(message: QueuedMessage, encoded: Uint8Array, source: Endpoint): void {
    if (this.#inbound.offer({ message, encoded, source })) return;
    const messageKind = message.kind;
    this.#context.outbox.report({ kind: "inbound-queue-full", source, messageKind });
  }

  /** Source: behaviour specification §13: the sender of an alive must live in an allowed network. */
  #allowsSource(source: Endpoint): boolean {
    const { options, outbox } = this.#context;
    if (options.allowedNetworks.length === 0) return true;
    if (this.#membership.allowsAddress(addressBytes(source.address))) return true;
    const message = "an alive message from outside the allowed networks";
    outbox.report({ kind: "packet-rejected", source, code: "not-allowed", message });
    return false;
  }

  #drain(nowMs: number): void {
    for (let count = 0; count < DRAIN_SLICE; count += 1) {
      const item = this.#inbound.take();
      if (item === undefined) return;
      this.#work(item, nowMs);
    }
    if (this.#inbound.size === 0 || this.#drainTimer?.isWaiting === true) return;
    this.#drainTimer = this.#context.timers.set(nowMs, (dueMs) => this.#drain(dueMs));
  }

  #work({ encoded, message, source }: InboundItem, nowMs: number): void {
    const origin = { encoded, source };
    switch (message.kind) {
      case "alive": {
        const port = meantPort(message.port, this.#context.options);
        // What we tell on must name the port others can use.
        const isSame = port === message.port;
        const claim = isSame ? message : { ...message, port };
        return this.#membership.handleAlive(claim, isSame ? origin : { source }, nowMs);
      }
      case "suspect":
        return this.#membership.handleSuspect(message, origin, nowMs);
      case "dead":
        return this.#membership.handleDead(message, origin, nowMs);
      case "user":
        return this.#handleUserMessage(message.payload, nowMs);
    }
  }

  #handleUserMessage(payload: Uint8Array, nowMs: number): void {
    const { delegate, outbox } = this.#context;
    delegate.handleUserMessage?.(payload, nowMs);
    outbox.emit({ kind: "user-message", payload });
  }

  #inboundParts(): ConstructorParameters<typeof InboundStream>[1] {
    return {
      streams: this.#streams,
      pushPull: this.#pushPull,
      handleUserMessage: (payload, nowMs) => this.#handleUserMessage(payload, nowMs),
    };
  }

  #selfRow(): number {
    const row = this.#context.table.find(this.#context.options.name);
    if (row !== undefined) return row;
    if (this.#phase === "new") throw new SwimError("not-started", "start the core first");
    throw new InvariantError("this member is missing from its own table");
  }

  #requireRunning(): void {
    if (this.#phase === "running") return;
    if (this.#phase === "new") throw new SwimError("not-started", "start the core first");
    throw new SwimError("shut-down", "this member has been shut down: make another");
  }
}
