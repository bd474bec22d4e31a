/**
 * Anti-entropy: two members exchange all they know.
 *
 * What gossip missed, a push/pull repairs; it is also how one joins. The state is read in full,
 * checked, answered, and only then merged: like hearsay, so a remote death is no more than a
 * suspicion here.
 *
 * Deviation: the reference answers before it checks, so a joiner that was refused believes it has
 * joined; and it exchanges state with alive members only, so a member that suspects everybody stays
 * alone.
 *
 * Deviation: a newcomer in a cluster above 32 looks at somebody's state once more, a second or so
 * after it joined; while many join everybody does, once that is over; and again as long as it finds
 * members it had not heard of. Who arrives at the same moment tells the others before they know this
 * one; the reference leaves such a gap to the next regular exchange, in a cluster of a thousand
 * minutes later. A look shows one's own record only: what else one knows, one was told.
 *
 * Source: behaviour specification §3.5, §8, §12, §19.8, §19.24.
 */
import { meantPort, type CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import type { Membership } from "./membership.ts";
import { MergeQueue, type MergePurpose } from "./merge-queue.ts";
import type { Endpoint } from "./protocol-core.ts";
import { chooseRows } from "./random-choice.ts";
import { pictureOf } from "./self-description.ts";
import { StreamExchange, type ExchangeFailure } from "./stream-exchange.ts";
import type { StreamTable } from "./stream-table.ts";
import type { Timer } from "./timer-table.ts";
import { toldState } from "./told-state.ts";
import { agreeOnVersions, type VersionAgreement } from "./version-agreement.ts";
import type { PushPullMessage, StreamMessage } from "./wire/index.ts";
import type { MemberState } from "./member.ts";

const WIRE_STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
const NO_STATE = new Uint8Array(0);
/** Clusters up to this size exchange at the plain interval. Source: behaviour specification §8. */
const UNSCALED_MEMBERS = 32;
/**
 * A newcomer asks again after once to twice this time: news of it has been everywhere by then, and
 * what was told before it was known everywhere it has within two seconds.
 */
const SECOND_LOOK_MS = 800;

/** While many come, a look would miss who comes next: it waits until they have ceased so long, … */
const QUIET_MS = 300;
/** … and up to this time more, the older ones less, … */
const LOOK_SPREAD_MS = 400;
/** … but not longer than this, or than the regular exchange would. */
const LONGEST_WAIT_MS = 30_000;

/** Rows are in the order in which members were heard of, about: the share of those well before us. */
const ELDER_SHARE = 0.75;

/** What an exchange of ours is for. */
type ExchangePurpose = Exclude<MergePurpose, "served">;

type Settled = (failure: ExchangeFailure | undefined, nowMs: number) => void;

/** A received state that may be merged but for some records, or why not. */
type CheckedState =
  Extract<VersionAgreement, { kind: "agreed" }> | ({ readonly kind: "refused" } & ExchangeFailure);

/** Whom to exchange state with. */
export interface ExchangePartner {
  /** Empty when only the address is known. */
  readonly name: string;
  readonly endpoint: Endpoint;
}

/**
 * The interval between exchanges, stretched so that the cluster's traffic grows with log n.
 *
 * @example
 * scaledPushPullMs(30_000, 33); // => 60_000
 */
export function scaledPushPullMs(intervalMs: number, memberCount: number): number {
  if (memberCount <= UNSCALED_MEMBERS) return intervalMs;
  return intervalMs * (Math.ceil(Math.log2(memberCount) - Math.log2(UNSCALED_MEMBERS)) + 1);
}

/** Both sides of the exchange. */
export class PushPull {
  readonly #context: CoreContext;
  readonly #streams: StreamTable;
  readonly #dissemination: Dissemination;
  readonly #merges: MergeQueue;
  #timer: Timer | undefined;
  /** Since when the next exchange is to be a look. */
  #looksSinceMs: number | undefined;
  /** How many this member knew once it had joined. */
  #joinedSize = 0;

  constructor(
    context: CoreContext,
    membership: Membership,
    streams: StreamTable,
    dissemination: Dissemination,
  ) {
    this.#dissemination = dissemination;
    this.#context = context;
    this.#streams = streams;
    this.#merges = new MergeQueue(context, membership);
  }

  /** Starts the regular exchanges, at a random moment of the first interval. */
  start(nowMs: number): void {
    const { options, random, table, timers } = this.#context;
    const intervalMs = options.pushPullIntervalMs;
    if (intervalMs === 0) return;
    const timer: Timer = timers.set(nowMs + random() * intervalMs, (tickMs) => {
      const quietMs = this.#quietAtMs(tickMs);
      if (quietMs > tickMs) {
        timers.move(timer, quietMs);
        return;
      }
      timers.move(timer, tickMs + scaledPushPullMs(intervalMs, table.size));
      const purpose = this.#looksSinceMs === undefined ? "regular" : "look";
      this.#looksSinceMs = undefined;
      const partner = this.#choosePartner(purpose === "look");
      if (partner !== undefined) this.#exchange(partner, purpose, tickMs, () => {});
    });
    this.#timer = timer;
  }

  /** Exchanges state with one member. `settled` is called once, after the merge. */
  exchange(partner: ExchangePartner, isJoin: boolean, nowMs: number, settled: Settled): void {
    this.#exchange(partner, isJoin ? "join" : "regular", nowMs, settled);
  }

  #exchange(
    partner: ExchangePartner,
    purpose: ExchangePurpose,
    nowMs: number,
    settled: Settled,
  ): void {
    const { options, outbox } = this.#context;
    const { endpoint, name } = partner;
    const isJoin = purpose === "join";
    outbox.report({ kind: "push-pull-started", name, endpoint, isJoin });
    const failed = (failure: ExchangeFailure, failedMs: number): void => {
      const { code, message } = failure;
      outbox.report({ kind: "push-pull-failed", name, endpoint, code, message });
      settled(failure, failedMs);
    };
    if (options.requireNames && name === "") {
      return failed(
        { code: "name-required", message: "give the member's name as name/address" },
        nowMs,
      );
    }
    const request = {
      target: endpoint,
      message: () => this.#localState(isJoin, purpose === "look" ? "self" : "everybody"),
      timeoutMs: options.streamTimeoutMs,
      expectsReply: true,
      failed,
      completed: (reply: StreamMessage | undefined, repliedMs: number) => {
        if (reply?.kind !== "push-pull") {
          return failed({ code: "malformed", message: "the reply is no push/pull" }, repliedMs);
        }
        const checked = this.#check(reply, endpoint);
        if (checked.kind === "refused") return failed(checked, repliedMs);
        const isWorthALook = isJoin || (purpose === "look" && this.#hasStrangers(reply));
        const merged = (mergedMs: number): void => {
          if (isJoin) this.#joinedSize = this.#context.table.size;
          if (isWorthALook) this.lookSoon(mergedMs);
          settled(undefined, mergedMs);
        };
        this.#merges.add({ message: reply, endpoint, ...checked, merged, purpose }, repliedMs);
      },
    };
    void new StreamExchange(this.#context, this.#streams, request, nowMs);
  }

  /**
   * Takes a request in.
   *
   * @returns what to answer: our state, an error to say, or nothing when too much is under way.
   */
  accept(request: PushPullMessage, remote: Endpoint, nowMs: number): StreamMessage | undefined {
    const { options, outbox, settings } = this.#context;
    // All that wait together may be as large as one message may be.
    const memberCount = this.#merges.memberCount + request.nodes.length;
    if (
      this.#merges.size >= options.pushPullServeLimit ||
      memberCount > settings.limits.pushPullNodes
    ) {
      const message = `${this.#merges.size} exchanges of ${memberCount} members are being merged`;
      outbox.report({ kind: "stream-rejected", remote, code: "limit-reached", message });
      return undefined;
    }
    const checked = this.#check(request, remote);
    if (checked.kind === "refused") return { kind: "error", error: checked.message };
    const reply = this.#localState(request.isJoin);
    const incoming = { message: request, endpoint: remote, ...checked, merged: () => {} };
    this.#merges.add({ ...incoming, purpose: "served" }, nowMs);
    return reply;
  }

  /** Looks at somebody's state in a second or so, instead of at the next regular time. */
  lookSoon(nowMs: number): void {
    const { table, timers } = this.#context;
    // Smaller clusters exchange often enough, and their gossip reaches everybody.
    if (table.size <= UNSCALED_MEMBERS || this.#intervalMs <= 2 * SECOND_LOOK_MS) return;
    const dueMs = nowMs + SECOND_LOOK_MS * (1 + this.#age());
    if (this.#timer === undefined) return;
    // An exchange that is due before would come too early to be one.
    this.#looksSinceMs ??= nowMs;
    timers.move(this.#timer, dueMs);
  }

  /** Between two regular exchanges in a cluster of this size. */
  get #intervalMs(): number {
    const { options, table } = this.#context;
    return scaledPushPullMs(options.pushPullIntervalMs, table.size);
  }

  /** When a look would miss nobody who comes meanwhile; in the past if it need not wait. */
  #quietAtMs(nowMs: number): number {
    const sinceMs = this.#looksSinceMs;
    if (sinceMs === undefined) return nowMs;
    if (nowMs - sinceMs >= Math.min(LONGEST_WAIT_MS, this.#intervalMs)) return nowMs;
    return this.#dissemination.busyMs + QUIET_MS + LOOK_SPREAD_MS * this.#age();
  }

  /**
   * 0 for the first member of the cluster, 1 for one that has just come. The older look first, and at
   * older ones: so whoever is looked at has looked, and what it lacks is nothing but what all lack.
   */
  #age(): number {
    return Math.log1p(this.#joinedSize) / Math.log1p(this.#context.table.size);
  }

  #hasStrangers({ nodes }: PushPullMessage): boolean {
    return nodes.some(({ name }) => this.#context.table.find(name) === undefined);
  }

  /**
   * A look goes to somebody who was here well before us, if it can: whoever came at our time may lack
   * what we lack.
   */
  #choosePartner(isLook: boolean): ExchangePartner | undefined {
    const { options, random, table } = this.#context;
    const elderCount = Math.min(Math.floor(this.#joinedSize * ELDER_SHARE), table.size);
    const isOther = (row: number): boolean => table.record(row).name !== options.name;
    const choose = (count: number, state: MemberState): number | undefined =>
      chooseRows(random, count, 1, (row) => table.state(row) === state && isOther(row))[0];
    const elder = isLook ? choose(elderCount, "alive") : undefined;
    const row = elder ?? choose(table.size, "alive") ?? choose(table.size, "suspect");
    return row === undefined ? undefined : table.record(row);
  }

  #localState(isJoin: boolean, scope: "everybody" | "self" = "everybody"): PushPullMessage {
    const userState = this.#context.delegate.localState?.(isJoin) ?? NO_STATE;
    return { kind: "push-pull", isJoin, ...toldState(this.#context, scope), userState };
  }

  /** Versions of all, then, for a join, the veto of the layer above. Nothing is changed yet. */
  #check(message: PushPullMessage, endpoint: Endpoint): CheckedState {
    const { delegate, options, outbox, table } = this.#context;
    const agreement = agreeOnVersions(message.nodes, table);
    if (agreement.kind === "refused") {
      const { message: why, name } = agreement;
      outbox.report({ kind: "version-mismatch", endpoint, name, scope: "exchange", message: why });
      return { kind: "refused", code: "version-mismatch", message: why };
    }
    if (!message.isJoin || delegate.vetoMerge === undefined) return agreement;
    const members = message.nodes.map((node) => {
      const port = meantPort(node.port, options);
      return pictureOf({ ...node, port, node: node.name }, WIRE_STATES[node.state] ?? "dead");
    });
    const reason = delegate.vetoMerge(members);
    if (reason === undefined) return agreement;
    outbox.report({ kind: "merge-vetoed", endpoint, reason });
    return { kind: "refused", code: "merge-vetoed", message: reason };
  }
}
