/**
 * How news travels: gossip rounds, and rumours riding on every ping and ack.
 *
 * Which rumours go into a packet is the queue's business (`@x/gossip-broadcast`); here they meet
 * the targets. Claims about oneself (a refutation, a farewell) stand in front of everybody else's
 * news, and the layer above has a share of each packet while there is churn.
 *
 * Deviation: the reference fills packets with membership news first and gives the layer above what
 * is left, so that user broadcasts starve in a large restart; and it queues a farewell behind all
 * other news, so that leaving a busy cluster times out.
 *
 * Deviation: the reference counts what it tells a dead member as told; in a small cluster the news
 * of a death, told twice, may so be lost on the dead.
 *
 * Deviation: with `eagerGossip` news leaves at the next opportunity instead of at the next round,
 * along a ring that reaches everybody (`spread-ring.ts`). The wire knows no rounds, the retransmit
 * limit bounds the total, and a rate bounds the burst.
 *
 * Source: behaviour specification §7, §19.6, §19.16; SWIM §4.1.
 */
import { retransmitLimit, TransmitLimitedQueue } from "@x/gossip-broadcast";
import type { CoreContext } from "./core-context.ts";
import { EAGER_PAUSE_MS, EagerPace, packed, sizeOf } from "./eager-pace.ts";
import type { MemberRecord } from "./member-record.ts";
import { checksChecksums, PacketSender } from "./packet-sender.ts";
import type { Endpoint } from "./protocol-core.ts";
import { chooseRows } from "./random-choice.ts";
import { SpreadRing } from "./spread-ring.ts";
import type { Timer } from "./timer-table.ts";
import { TokenBucket } from "./token-bucket.ts";
import { UserShare } from "./user-share.ts";
import { compoundPartOverheadBytes, packetOverheadBytes } from "./wire/index.ts";

/** Label, encryption and checksum in their largest forms. Source: wire specification §12. */
const LARGEST_ENVELOPE_BYTES = 45 + 5 + 2 + compoundPartOverheadBytes;
/** Own claims waiting: a refutation and a farewell are all there can be. */
const OWN_CLAIM_LIMIT = 8;
/** Above this size, news heard again from others counts as told. */
const OVERHEARING_MEMBERS = 64;
/** Above this size a mass join may leave gaps, for which everybody looks (`push-pull.ts`). */
const LOOKING_MEMBERS = 32;
/** The share of its hand-outs that a rumour is spared when it is heard again. */
const OVERHEARD_SHARE = 0.75;
/** Up to this size all is told to everybody on the ring even if it is much: that is over at once. */
const BUSY_MEMBERS = 128;
/** How many members along the ring are told what was overheard. */
const NEXT_TARGETS = 2;
/** So many packets' worth of news for one target in one round, while there is some that was never sent. */
const EAGER_PACKETS_PER_TARGET = 8;

export interface Announcement {
  /** The member the news is about: its row. */
  readonly row: number;
  /** Encoded message: type byte and body. */
  readonly payload: Uint8Array;
  /** A claim about ourselves, which goes first. */
  readonly isOwn: boolean;
  /** Told often enough, or replaced. */
  readonly finished?: () => void;
}

/** The rumours of one member and the packets they leave in. */
export class Dissemination {
  readonly #context: CoreContext;
  readonly #own: TransmitLimitedQueue;
  readonly #news: TransmitLimitedQueue;
  readonly #eagerTokens: TokenBucket;
  readonly #ring: SpreadRing;
  readonly #pace = new EagerPace();
  #wasBusy = false;
  readonly #sender: PacketSender;
  readonly #userShare: UserShare;
  readonly #becameBusy: (nowMs: number) => void;
  #isStarted = false;
  #roundTimer: Timer | undefined;
  #eagerTimer: Timer | undefined;
  #eagerMs = -Infinity;

  /** @param becameBusy - much more is to tell than before: many join, or leave. */
  constructor(context: CoreContext, becameBusy: (nowMs: number) => void) {
    this.#becameBusy = becameBusy;
    const { options, settings, table } = context;
    this.#context = context;
    const labelBytes = settings.label.length === 0 ? 0 : settings.label.length + 2;
    const shared = {
      retransmitMultiplier: options.retransmitMultiplier,
      memberCount: () => table.size,
      maxPayloadBytes: options.datagramBytes - LARGEST_ENVELOPE_BYTES - labelBytes,
    };
    this.#own = new TransmitLimitedQueue({ ...shared, limit: OWN_CLAIM_LIMIT });
    this.#news = new TransmitLimitedQueue({ ...shared, limit: options.broadcastQueueLimit });
    this.#eagerTokens = new TokenBucket(options.eagerGossipPerSecond);
    this.#ring = new SpreadRing(table, options.name);
    this.#sender = new PacketSender(context, this.#pace);
    this.#userShare = new UserShare(context);
  }

  /** Rumours waiting. */
  get depth(): number {
    return this.#own.size + this.#news.size;
  }

  /** When there was last so much to tell that rounds were kept apart. */
  get busyMs(): number {
    return this.#pace.muchMs;
  }

  /** From here on there are rounds. */
  start(nowMs: number): void {
    this.#isStarted = true;
    this.#armRounds(nowMs);
  }

  /**
   * Rounds take place while there is something to tell, so that a quiet member need not wake five
   * times a second for nothing. The first comes at a random moment of the interval, as if rounds had
   * gone on all the time.
   */
  #armRounds(nowMs: number): void {
    const { options, random, timers } = this.#context;
    const intervalMs = options.gossipIntervalMs;
    if (!this.#isStarted || intervalMs === 0 || options.gossipFanout === 0) return;
    if (this.#roundTimer?.isWaiting === true) return;
    const timer: Timer = timers.set(nowMs + random() * intervalMs, (tickMs) => {
      this.#pace.noteRound(timer.dueMs, tickMs);
      this.#gossip(tickMs);
      if (this.#hasNews()) timers.move(timer, Math.max(timer.dueMs + intervalMs, tickMs));
    });
    this.#roundTimer = timer;
  }

  /** Queues news, in place of older news about the same member. */
  announce(announcement: Announcement, nowMs: number): void {
    const { row, payload, isOwn, finished } = announcement;
    const { name: key } = this.#context.table.record(row);
    const [queue, other] = isOwn ? [this.#own, this.#news] : [this.#news, this.#own];
    other.remove(key);
    const limit = this.#context.options.broadcastQueueLimit;
    if (!isOwn && queue.size >= limit && !queue.has(key)) {
      this.#context.outbox.report({ kind: "broadcast-queue-full", droppedCount: 1 });
    }
    queue.enqueue(finished === undefined ? { payload, key } : { payload, key, finished });
    if (!isOwn) {
      this.#context.table.noteTold(row, true);
      this.#noteChurn(nowMs);
    }
    this.#requestRound(nowMs, isOwn ? EAGER_PAUSE_MS : this.#pace.pauseMs(nowMs));
  }

  #noteChurn(nowMs: number): void {
    const wasBusy = this.#wasBusy;
    this.#pace.noteNews(nowMs);
    this.#wasBusy = this.#isBusy(nowMs);
    if (this.#wasBusy && !wasBusy) this.#becameBusy(nowMs);
  }

  /** Somebody else told the news about this member that we know and perhaps still tell. */
  overhear(row: number, nowMs: number): void {
    const { options, table } = this.#context;
    if (!table.isTold(row)) return;
    // Random rounds need all their copies: what is heard again tells nothing about who has not heard.
    if (!options.eagerGossip || table.size <= OVERHEARING_MEMBERS) return;
    const limit = retransmitLimit(options.retransmitMultiplier, table.size);
    // What is few and new goes round in full first.
    const least = this.#tellsMuch(nowMs) ? 0 : 1;
    const { name } = table.record(row);
    const isWorthLess = this.#news.overhear(name, Math.ceil(limit * OVERHEARD_SHARE), least);
    if (!isWorthLess && !this.#news.has(name)) table.noteTold(row, false);
  }

  /** Eager spread: a round at the next opportunity instead of at the next tick, unless it can wait. */
  requestGossip(nowMs: number, canWait: boolean): void {
    if (canWait) this.#armRounds(nowMs);
    else this.#requestRound(nowMs, EAGER_PAUSE_MS);
  }

  #requestRound(nowMs: number, pauseMs: number): void {
    const { options, timers } = this.#context;
    this.#armRounds(nowMs);
    if (!options.eagerGossip) return;
    if (options.gossipFanout === 0 || options.gossipIntervalMs === 0) return;
    // Not at once: everything that arrived together shall leave together.
    const dueMs = Math.max(nowMs, this.#eagerMs + pauseMs);
    const waiting = this.#eagerTimer;
    if (waiting !== undefined) {
      if (waiting.dueMs > dueMs) timers.move(waiting, dueMs);
      return;
    }
    this.#eagerTimer = timers.set(dueMs, (tickMs) => {
      this.#eagerTimer = undefined;
      this.#eagerMs = tickMs;
      this.#pace.noteRound(dueMs, tickMs);
      this.#gossipEagerly(tickMs);
    });
  }

  /** Sends one encoded message, filled up with rumours. */
  sendFilled(target: Endpoint, message: Uint8Array, nowMs: number): void {
    const free =
      this.#context.options.datagramBytes -
      packetOverheadBytes(this.#context.settings) -
      message.length -
      compoundPartOverheadBytes;
    const extras = this.#takeParts(free, nowMs);
    const isAlone = extras.length === 0;
    this.#sender.send(target, isAlone ? [message] : [message, ...extras], false);
  }

  /** Sends exactly these encoded messages in one packet, to a member. */
  sendExactly(record: MemberRecord, parts: readonly Uint8Array[]): void {
    this.#sender.sendTo(record, parts);
  }

  /** Sends one encoded message, to an address that is or is not the one in a member's record. */
  sendAlone(target: Endpoint, message: Uint8Array, record?: MemberRecord): void {
    this.#sender.send(target, [message], record !== undefined && checksChecksums(record));
  }

  /** Finishes everything that waits. */
  stop(): void {
    this.#own.reset();
    this.#news.reset();
  }

  #gossip(nowMs: number): void {
    const { delegate, options, random, table, timers } = this.#context;
    if (this.#tellsMuch(nowMs) && this.#eagerTimer !== undefined) {
      timers.cancel(this.#eagerTimer);
      this.#eagerTimer = undefined;
      this.#eagerMs = nowMs;
      this.#gossipEagerly(nowMs);
    }
    if (this.depth === 0 && delegate.takeBroadcasts === undefined) return;
    const rows = chooseRows(random, table.size, options.gossipFanout, (row) =>
      this.#isGossipTarget(row, nowMs),
    );
    let told: Uint8Array[] | undefined;
    // The dead come last and hear what a living one was told in this round.
    for (const row of rows.toSorted((a, b) => Number(table.isLive(b)) - Number(table.isLive(a)))) {
      if (told === undefined || table.isLive(row)) told = this.#takePacket(nowMs);
      if (told.length === 0) return;
      this.sendExactly(table.record(row), told);
    }
  }

  /** One round along the ring; what is left of the transmissions is the rounds'. */
  #gossipEagerly(nowMs: number): void {
    const { options, table } = this.#context;
    const limit = retransmitLimit(options.retransmitMultiplier, table.size);
    const tellsMuch = this.#tellsMuch(nowMs);
    const kind = tellsMuch ? "much" : this.#own.freshSize > 0 ? "own" : "others";
    const rows = this.#ring.targets(Math.max(1, this.#pace.targetCount(limit, kind, nowMs)), nowMs);
    if (rows.length === 0) return;
    if (tellsMuch && this.#news.freshSize > 0) this.#tellMuch(rows, nowMs);
    else this.#tellLittle(rows, nowMs);
    if (this.#hasFreshNews()) this.#requestRound(nowMs, this.#pace.pauseMs(nowMs));
  }

  #tellLittle(rows: readonly number[], nowMs: number): void {
    const { table } = this.#context;
    /** What the first target was told: it holds everything that is new. */
    const told: Uint8Array[][] = [];
    for (const [place, row] of rows.entries()) {
      const record = table.record(row);
      const packetLimit = place === 0 ? EAGER_PACKETS_PER_TARGET : told.length;
      let sentCount = 0;
      while (sentCount < packetLimit && this.#eagerTokens.take(nowMs)) {
        const parts = this.#takePacket(nowMs);
        if (parts.length === 0) return this.#tellTheDead(told, rows.length, nowMs);
        this.sendExactly(record, parts);
        sentCount += 1;
        if (place > 0) continue;
        told.push(parts);
        if (!this.#hasFreshNews()) break;
      }
      if (sentCount === 0) return;
    }
    this.#tellTheDead(told, rows.length, nowMs);
  }

  /**
   * What others told meanwhile is on its way round: of that only the next members along the ring are
   * told, so that nobody is left out. Everybody else gets the same packets.
   */
  #tellMuch(rows: readonly number[], nowMs: number): void {
    const { options, settings, table } = this.#context;
    const fullBytes = options.datagramBytes - packetOverheadBytes(settings);
    const roomBytes = fullBytes - this.#userShare.reservedBytes(fullBytes);
    const [toAll, toNext] = this.#takeNews(rows.length, roomBytes * EAGER_PACKETS_PER_TARGET);
    const nextPackets = packed([...toAll, ...toNext], roomBytes);
    const packets = toNext.length === 0 ? nextPackets : packed(toAll, roomBytes);
    const sealed = new Map<readonly Uint8Array[], Uint8Array>();
    for (const [place, row] of rows.entries()) {
      for (const packet of place < NEXT_TARGETS ? nextPackets : packets) {
        if (!this.#eagerTokens.take(nowMs)) return;
        const parts = this.#withUserParts(packet, fullBytes);
        if (parts === packet) this.#sender.sendSame(table.record(row), packet, sealed);
        else this.sendExactly(table.record(row), parts);
      }
    }
    this.#tellTheDead(packets, rows.length, nowMs);
  }

  /** @returns news for all targets of a round, and what only the next ones along the ring are told. */
  #takeNews(targetCount: number, limitBytes: number): readonly [Uint8Array[], Uint8Array[]] {
    const unheard = { isOverheard: false, handOuts: targetCount };
    const overheard = { isOverheard: true, handOuts: Math.min(NEXT_TARGETS, targetCount) };
    const overhead = compoundPartOverheadBytes;
    const toAll = this.#own.takeFresh(unheard, overhead, limitBytes);
    toAll.push(...this.#news.takeFresh(unheard, overhead, limitBytes - sizeOf(toAll)));
    return [toAll, this.#news.takeFresh(overheard, overhead, limitBytes - sizeOf(toAll))];
  }

  /**
   * In the ring stand the living alone, and rumours are used up along it. Whoever was held dead by
   * mistake would hear neither that its own accusations were refuted nor what else happens, until an
   * exchange of state: so the dead are told as often as random rounds would choose them.
   */
  #tellTheDead(
    packets: readonly (readonly Uint8Array[])[],
    liveTargetCount: number,
    nowMs: number,
  ): void {
    const { random, table } = this.#context;
    const deadCount = table.count("dead");
    if (deadCount === 0 || packets.length === 0) return;
    const expected = (liveTargetCount * deadCount) / table.liveCount;
    const rows = chooseRows(random, table.size, Math.floor(expected + random()), (row) => {
      return table.state(row) === "dead" && this.#isGossipTarget(row, nowMs);
    });
    for (const row of rows) {
      for (const parts of packets) {
        if (!this.#eagerTokens.take(nowMs)) return;
        this.sendExactly(table.record(row), parts);
      }
    }
  }

  /** A layer above that cannot say whether it has something may always have. */
  #hasNews(): boolean {
    const { delegate } = this.#context;
    return this.depth > 0 || (delegate.hasBroadcasts?.() ?? delegate.takeBroadcasts !== undefined);
  }

  #hasFreshNews(): boolean {
    if (this.#own.freshSize > 0 || this.#news.freshSize > 0) return true;
    return this.#context.delegate.hasFreshBroadcasts?.() ?? false;
  }

  /** Whether there is so much news of so many that rumours alone may miss somebody. */
  #isBusy(nowMs: number): boolean {
    const { options, table } = this.#context;
    return options.eagerGossip && table.size > LOOKING_MEMBERS && this.#pace.isMuch(nowMs);
  }

  /** Whether there is so much for so many that each is told a part of it. */
  #tellsMuch(nowMs: number): boolean {
    return this.#context.table.size > BUSY_MEMBERS && this.#isBusy(nowMs);
  }

  /** One packet full of rumours, or nothing when there is nothing to tell. */
  #takePacket(nowMs: number): Uint8Array[] {
    const { options, settings } = this.#context;
    return this.#takeParts(options.datagramBytes - packetOverheadBytes(settings), nowMs);
  }

  /** Not ourselves; the dead only for a while, so that those wrongly declared dead can refute. */
  #isGossipTarget(row: number, nowMs: number): boolean {
    const { options, table } = this.#context;
    if (table.isLive(row)) return table.record(row).name !== options.name;
    if (table.state(row) === "left") return false;
    return nowMs - table.changedMs(row) <= options.gossipToTheDeadMs;
  }

  /** @returns encoded messages that fit into so many bytes, each with its overhead. */
  #takeParts(freeBytes: number, nowMs: number): Uint8Array[] {
    const parts = this.#own.take(compoundPartOverheadBytes, freeBytes);
    let remaining = freeBytes - sizeOf(parts);
    const reserve = this.#userShare.reservedBytes(freeBytes);
    if (this.#news.size > 0) {
      // In a mass join what is new is the ring's, where it reaches everybody.
      const least = this.#tellsMuch(nowMs) ? 1 : 0;
      let news = this.#news.take(compoundPartOverheadBytes, remaining - reserve, least);
      // What is too large for the rest would wait for ever: the share is for churn, not a wall.
      if (news.length === 0) news = this.#news.take(compoundPartOverheadBytes, remaining, least);
      parts.push(...news);
      remaining -= sizeOf(news);
    }
    this.#userShare.fill(parts, remaining);
    return parts;
  }

  /** @returns the packet itself when the layer above adds nothing. */
  #withUserParts(packet: Uint8Array[], fullBytes: number): Uint8Array[] {
    const parts = [...packet];
    this.#userShare.fill(parts, fullBytes - sizeOf(packet));
    return parts.length === packet.length ? packet : parts;
  }
}
