/**
 * One probe per period: a ping, then pings by others, then TCP; silence becomes a suspicion.
 *
 * Rounds never overlap: one that lasts longer than the interval delays the next. Of the ticks
 * missed meanwhile one is remembered. Beside them a few members check for themselves whom somebody
 * else suspects, so that confirmations, or the refutation, come soon.
 *
 * Deviation: the reference waits until its own rounds come to the suspect, and takes a refused TCP
 * connection for no evidence at all.
 *
 * Source: SWIM §3.1, §4.3; Lifeguard §IV (health, buddy system, nacks); behaviour specification §5.
 */
import type { AckTable, AckWaiter } from "./ack-table.ts";
import type { CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import type { MemberRecord, NameKey } from "./member-record.ts";
import type { Membership } from "./membership.ts";
import type { ProbeOrder } from "./probe-order.ts";
import type { DatagramFailure, Endpoint } from "./protocol-core.ts";
import type { PushPull } from "./push-pull.ts";
import { chooseRows } from "./random-choice.ts";
import { StreamExchange } from "./stream-exchange.ts";
import type { StreamTable } from "./stream-table.ts";
import type { SuspectLooks } from "./suspicion-table.ts";
import type { Timer } from "./timer-table.ts";
import { encodeMessage, type AckMessage } from "./wire/index.ts";

/** Members from this protocol on answer a TCP ping. Source: behaviour specification §12. */
const STREAM_PING_PROTOCOL = 3;
/** Relays from this protocol on send nacks. */
const NACK_PROTOCOL = 4;

/** Members of a cluster that check a suspect for themselves, on average. */
const CHECKERS_WANTED = 4;
/** Checks of one member under way at the same time. */
const CHECK_LIMIT = 8;

/** Whom a round is about. */
interface Subject {
  readonly row: number;
  /** Who suspects it, when we check that; none in a round of the schedule. */
  readonly accuser?: string;
}

/** The parts a probe works with. */
export interface ProbeParts {
  readonly membership: Membership;
  readonly dissemination: Dissemination;
  readonly order: ProbeOrder;
  readonly acks: AckTable;
  readonly streams: StreamTable;
  readonly pushPull: PushPull;
}

/** The probing side of the failure detector. */
export class Prober implements SuspectLooks {
  readonly #context: CoreContext;
  readonly #parts: ProbeParts;
  #round: ProbeRound | undefined;
  #hasMissedTick = false;
  /** By the number of the suspect's name. */
  readonly #checks = new Map<number, ProbeRound>();

  constructor(context: CoreContext, parts: ProbeParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Starts the rounds, at a random moment of the first interval. */
  start(nowMs: number): void {
    const { options, random, timers } = this.#context;
    const intervalMs = options.probeIntervalMs;
    if (intervalMs === 0) return;
    const timer: Timer = timers.set(nowMs + random() * intervalMs, (tickMs) => {
      timers.move(timer, Math.max(timer.dueMs + intervalMs, tickMs));
      if (this.#round === undefined) this.#startRound(tickMs);
      else this.#hasMissedTick = true;
    });
  }

  /** Somebody else suspects this member: with some luck we are one of those who look. */
  checkSuspect(row: number, accuser: string, nowMs: number): void {
    const { options, random, table } = this.#context;
    if (!options.checkSuspects || options.probeIntervalMs === 0) return;
    const { key } = table.record(row);
    if (this.#checks.has(key.number) || this.#checks.size >= CHECK_LIMIT) return;
    if (random() * (table.liveCount - 2) >= CHECKERS_WANTED) return;
    const round = new ProbeRound(this.#context, this.#parts, { row, accuser }, nowMs, () =>
      this.#checks.delete(key.number),
    );
    this.#checks.set(key.number, round);
    round.begin(nowMs);
  }

  /**
   * Tells the suspect, so that it can refute: first by an exchange of state as well, since a stream
   * gets through where packets are lost.
   */
  lookAgain(row: number, isFirst: boolean, nowMs: number): void {
    const { dissemination, membership, pushPull } = this.#parts;
    const record = this.#context.table.record(row);
    dissemination.sendExactly(record, [encodeMessage(membership.accusation(row))]);
    if (isFirst) pushPull.exchange(record, false, nowMs, () => {});
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    this.#round?.handleDatagramFailure(failure, nowMs);
    for (const check of this.#checks.values()) check.handleDatagramFailure(failure, nowMs);
  }

  #startRound(nowMs: number): void {
    const { options, table } = this.#context;
    const row = this.#parts.order.next(
      (candidate) => table.isLive(candidate) && table.record(candidate).name !== options.name,
    );
    if (row === undefined) return;
    this.#round = new ProbeRound(this.#context, this.#parts, { row }, nowMs, (endedMs) => {
      this.#round = undefined;
      if (!this.#hasMissedTick) return;
      this.#hasMissedTick = false;
      this.#startRound(endedMs);
    });
    this.#round.begin(nowMs);
  }
}

/** One target, from the ping to the verdict. */
class ProbeRound implements AckWaiter {
  readonly #context: CoreContext;
  readonly #parts: ProbeParts;
  readonly #ended: (nowMs: number) => void;
  readonly #key: NameKey;
  readonly #record: MemberRecord;
  readonly #incarnation: number;
  readonly #sentMs: number;
  readonly #deadlineMs: number;
  readonly #sequenceNumber: number;
  /** Whose suspicion this round checks. */
  readonly #accuser: string | undefined;
  #indirectTimer: Timer | undefined;
  /** Set once TCP was refused: the answers under way get a moment, no more. */
  #refusedTimer: Timer | undefined;
  #wasRefused = false;
  #isPingSent = true;
  /** Relays asked, and those among them that owe a nack. */
  #relays: readonly Endpoint[] = [];
  #nacksOwed = 0;
  readonly #nackSources = new Set<string>();
  #streamPing: StreamExchange | undefined;
  #hasStreamAnswered = false;

  constructor(
    context: CoreContext,
    parts: ProbeParts,
    { row, accuser }: Subject,
    nowMs: number,
    ended: (nowMs: number) => void,
  ) {
    const { health, options, table } = context;
    this.#accuser = accuser;
    this.#context = context;
    this.#parts = parts;
    this.#ended = ended;
    this.#record = table.record(row);
    this.#key = this.#record.key;
    this.#incarnation = table.incarnation(row);
    this.#sentMs = nowMs;
    this.#deadlineMs = nowMs + health.scale(options.probeIntervalMs);
    // The wait for a direct ack ends first if both end at once: its timer is set first.
    const directMs = Math.min(nowMs + options.probeTimeoutMs, this.#deadlineMs);
    this.#indirectTimer = context.timers.set(directMs, (firedMs) => this.#probeIndirectly(firedMs));
    this.#sequenceNumber = parts.acks.expect(this, this.#deadlineMs);
  }

  begin(nowMs: number): void {
    const { table } = this.#context;
    const { dissemination, membership } = this.#parts;
    const node = this.#record.name;
    const fields = { sequenceNumber: this.#sequenceNumber, node, ...this.#context.sourceFields };
    const ping = encodeMessage({ kind: "ping", ...fields });
    const row = table.row(this.#key);
    if (row !== undefined && table.state(row) === "suspect") {
      // Buddy system: the suspect learns of the suspicion with this very ping and can refute. It
      // tells its accuser so, which after a check is not us.
      const accusation = encodeMessage(membership.accusation(row, this.#accuser));
      dissemination.sendExactly(this.#record, [ping, accusation]);
    } else {
      dissemination.sendFilled(this.#record.endpoint, ping, nowMs);
    }
    if (this.#deadlineMs <= nowMs) this.handleExpired(nowMs);
    // Who checks knows already that something is wrong: all ways at once.
    else if (this.#accuser !== undefined) this.#pingByStream(nowMs);
  }

  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void {
    const { address, port } = this.#record.endpoint;
    if (failure.target.address !== address || failure.target.port !== port) return;
    // Later than that it is no longer our ping that failed.
    if (this.#indirectTimer?.isWaiting !== true) return;
    const { name } = this.#record;
    const { message } = failure;
    this.#context.outbox.report({ kind: "probe-send-failed", name, message });
    this.#isPingSent = false;
    this.#context.timers.cancel(this.#indirectTimer);
    this.#probeIndirectly(nowMs);
  }

  expectsFrom(address: string): boolean {
    return (
      address === this.#record.endpoint.address ||
      this.#relays.some((relay) => relay.address === address)
    );
  }

  handleAck(message: AckMessage, _source: Endpoint, nowMs: number): void {
    const { delegate, table } = this.#context;
    const isDirect = this.#indirectTimer?.isWaiting === true;
    const row = table.row(this.#key);
    this.#succeed(nowMs);
    if (!isDirect || row === undefined) return;
    const rttMs = nowMs - this.#sentMs;
    delegate.handlePingCompleted?.(table.member(row), rttMs, message.payload, nowMs);
  }

  /**
   * Deviation: the reference counts any nack; here one relay counts once, so that a duplicated
   * datagram does not hide the silence of another relay.
   */
  handleNack(source: Endpoint): void {
    if (this.#nackSources.size < this.#nacksOwed) {
      this.#nackSources.add(`${source.address} ${source.port}`);
    }
  }

  handleExpired(nowMs: number): void {
    const { endpoint, name } = this.#record;
    if (!this.#hasStreamAnswered) return this.#fail(nowMs);
    this.#context.outbox.report({ kind: "udp-unreachable", name, endpoint });
    this.#succeed(nowMs);
  }

  #probeIndirectly(nowMs: number): void {
    const { options, random, table } = this.#context;
    const { name } = this.#record;
    const rows = chooseRows(random, table.size, options.indirectPingCount, (row) => {
      const candidate = table.record(row).name;
      return table.state(row) === "alive" && candidate !== options.name && candidate !== name;
    });
    const relays = rows.map((row) => table.record(row));
    this.#relays = relays.map((relay) => relay.endpoint);
    for (const relay of relays) {
      const wantsNack = relay.protocolMax >= NACK_PROTOCOL;
      if (wantsNack) this.#nacksOwed += 1;
      const request = encodeMessage({
        kind: "indirect-ping",
        sequenceNumber: this.#sequenceNumber,
        target: this.#record.address,
        port: this.#record.port,
        node: name,
        wantsNack,
        ...this.#context.sourceFields,
      });
      this.#parts.dissemination.sendFilled(relay.endpoint, request, nowMs);
    }
    if (this.#streamPing === undefined) this.#pingByStream(nowMs);
  }

  #pingByStream(nowMs: number): void {
    const { options } = this.#context;
    const { endpoint, name, protocolMax } = this.#record;
    if (options.disableStreamPings || options.disableStreamPingsFor?.(name) === true) return;
    if (protocolMax < STREAM_PING_PROTOCOL || this.#deadlineMs <= nowMs) return;
    const sequenceNumber = this.#sequenceNumber;
    const fields = { sequenceNumber, node: name, ...this.#context.sourceFields };
    this.#streamPing = new StreamExchange(
      this.#context,
      this.#parts.streams,
      {
        target: endpoint,
        message: () => ({ kind: "ping", ...fields }),
        timeoutMs: this.#deadlineMs - nowMs,
        deadlineMs: this.#deadlineMs,
        expectsReply: true,
        completed: (reply) => {
          this.#hasStreamAnswered =
            reply?.kind === "ack" && reply.sequenceNumber === sequenceNumber;
        },
        failed: ({ code }, failedMs) => {
          if (code === "refused") this.#handleRefusal(failedMs);
        },
      },
      nowMs,
    );
  }

  /**
   * Where the member should listen nobody does: a process that is gone, or a firewall that says so.
   * An answer by UDP still counts, for as long as one usually takes.
   */
  #handleRefusal(nowMs: number): void {
    const { options, timers } = this.#context;
    if (!options.believeRefusals) return;
    this.#wasRefused = true;
    const verdictMs = Math.min(nowMs + options.probeTimeoutMs / 2, this.#deadlineMs);
    this.#refusedTimer = timers.set(verdictMs, (firedMs) => this.#fail(firedMs));
  }

  #succeed(nowMs: number): void {
    if (this.#isPingSent && this.#accuser === undefined) this.#context.health.apply(-1);
    this.#end(nowMs);
  }

  #fail(nowMs: number): void {
    // Silence is what the others see as well: a check that only repeats it would hurry a slow
    // member to its death. A refusal is evidence of another kind.
    if (this.#accuser !== undefined && !this.#wasRefused) return this.#end(nowMs);
    const { health, options, outbox } = this.#context;
    const { endpoint, name } = this.#record;
    outbox.report({ kind: "probe-failed", name, endpoint });
    const missingCount = this.#nacksOwed - this.#nackSources.size;
    if (this.#nacksOwed > 0 && missingCount > 0 && !this.#wasRefused) {
      outbox.report({ kind: "nacks-missing", name, missingCount });
    }
    // A check is no sample of our own health, and a refusal ended the wait for nacks too soon.
    if (this.#accuser === undefined && !this.#wasRefused) {
      health.apply(this.#nacksOwed > 0 ? missingCount : 1);
    }
    const claim = { incarnation: this.#incarnation, node: name, from: options.name };
    this.#parts.membership.handleSuspect({ kind: "suspect", ...claim }, {}, nowMs);
    if (this.#wasRefused) this.#parts.membership.noteRefusal(this.#key);
    this.#end(nowMs);
  }

  #end(nowMs: number): void {
    this.#context.timers.cancel(this.#indirectTimer);
    this.#context.timers.cancel(this.#refusedTimer);
    this.#parts.acks.forget(this.#sequenceNumber);
    this.#streamPing?.cancel();
    this.#ended(nowMs);
  }
}
