/**
 * Serf's news waiting to be told: intents, queries, user events, and a fair way to share packets.
 *
 * The reference fills packets with intents first, then queries, then events, so a storm of joins
 * silences user events until it is over. Here the queues take turns: each packet has a leading
 * queue that takes what it wants, the others take what is left, and the lead moves on. With little
 * to tell everything still goes out in the reference's order; under load each queue has its share of
 * packets. What this member itself waits for (its leave, a force-leave) goes before everything.
 *
 * Deviation: order of queues as above; depth is bounded when something is queued, not every 30
 * seconds; a newer intent about a member replaces an older one; the retransmit limit counts members
 * that can hear, not those failed and left; nothing waits while there is nobody to tell.
 *
 * Deviation: with eager gossip, an event or a query that others tell us after we began to tell it
 * counts as told by us, once for each copy but the first. What we tell first goes along a ring that
 * reaches everybody, so that what comes back shows that it goes round; where packets are lost little
 * comes back, and all copies are sent.
 *
 * Source: Serf specification §7, §8.3, §15; its weaknesses 10 to 12.
 */
import { TransmitLimitedQueue, type FinishReason } from "@x/gossip-broadcast";
import type { QueueName, SerfReport } from "./serf-report.ts";

/** What the queues need to know of their member. */
export interface BroadcastQueuesOptions {
  readonly retransmitMultiplier: number;
  /** Members that can hear, this one included. */
  readonly memberCount: () => number;
  /** Broadcasts each queue may hold, asked when something is queued. */
  readonly depthLimit: () => number;
  readonly depthWarning: number;
  /** Longest message a packet of this member can carry. */
  readonly payloadBytesLimit: number;
  /** Whether events and queries heard again need to be told less: only where gossip is eager. */
  readonly isOverhearing: boolean;
  readonly report: (report: SerfReport) => void;
}

/** What an intent is about: a newer one of the same subject replaces it. */
export interface IntentSubject {
  readonly node: string;
  /** An order to forget the member: no mere intent may replace it. */
  readonly prune?: boolean;
}

/** Own intents somebody waits for. There are few: one leave, and force-leaves typed by people. */
const URGENT_LIMIT = 1_024;

/**
 * Keys remembered as heard again, until nothing waits at a regular look; beyond, all are forgotten,
 * and copies count one later.
 */
export const OVERHEARD_LIMIT = 1_024;

/** The three queues of one member, and the express lane. */
export class BroadcastQueues {
  readonly #options: BroadcastQueuesOptions;
  readonly #urgent: TransmitLimitedQueue;
  readonly #queues: Readonly<Record<QueueName, TransmitLimitedQueue>>;
  /** In the reference's order; who leads moves on with every packet. */
  readonly #turns: readonly TransmitLimitedQueue[];
  #lead = 0;
  #hasNews = false;
  #hasQuietNews = false;
  /** Keys of events and queries that wait and were heard again. */
  readonly #overheard = { event: new Set<string>(), query: new Set<string>() };
  readonly #pruned: Record<QueueName, number> = { intent: 0, event: 0, query: 0 };
  /** One for all messages of a queue: there are tens of thousands a second. */
  readonly #finished: Readonly<Record<QueueName, (reason: FinishReason) => void>>;

  constructor(options: BroadcastQueuesOptions) {
    this.#options = options;
    const create = (limit?: number): TransmitLimitedQueue =>
      new TransmitLimitedQueue({
        retransmitMultiplier: options.retransmitMultiplier,
        memberCount: options.memberCount,
        maxPayloadBytes: options.payloadBytesLimit,
        ...(limit === undefined ? {} : { limit }),
      });
    const counting =
      (name: QueueName) =>
      (reason: FinishReason): void => {
        if (reason === "pruned") this.#pruned[name] += 1;
      };
    this.#finished = {
      intent: counting("intent"),
      query: counting("query"),
      event: counting("event"),
    };
    this.#urgent = create(URGENT_LIMIT);
    this.#queues = { intent: create(), query: create(), event: create() };
    this.#turns = [this.#queues.intent, this.#queues.query, this.#queues.event];
  }

  get payloadBytesLimit(): number {
    return this.#options.payloadBytesLimit;
  }

  depth(queue: QueueName): number {
    return this.#queues[queue].size + (queue === "intent" ? this.#urgent.size : 0);
  }

  /** Whether anything waits. O(1). */
  get hasAny(): boolean {
    return this.#urgent.size > 0 || this.#turns.some((queue) => queue.size > 0);
  }

  /** Whether something waits that no packet has carried yet. O(1). */
  get hasFresh(): boolean {
    return this.#urgent.freshSize > 0 || this.#turns.some((queue) => queue.freshSize > 0);
  }

  /** @returns whether something was queued since the last call: a reason to gossip at once. */
  takeNews(): boolean {
    const hadNews = this.#hasNews;
    this.#hasNews = false;
    return hadNews;
  }

  /** @returns whether a join was queued since the last call: it may wait for a round. */
  takeQuietNews(): boolean {
    const hadNews = this.#hasQuietNews;
    this.#hasQuietNews = false;
    return hadNews;
  }

  /**
   * An own intent somebody waits for.
   *
   * @param finished - called once: told often enough, replaced, or thrown out; at once if there is
   *   nobody to tell.
   */
  tellUrgently(intent: IntentSubject, payload: Uint8Array, finished: () => void): void {
    if (this.isAlone) {
      finished();
      return;
    }
    this.#hasNews = true;
    const key = keyOf(intent);
    this.#queues.intent.remove(key);
    this.#urgent.enqueue({ key, payload, finished: () => finished() });
  }

  tellIntent(intent: IntentSubject, payload: Uint8Array): void {
    this.#tell("intent", payload, keyOf(intent));
  }

  /**
   * That somebody is here. Nobody waits for it, since SWIM tells of the same member at once and fast;
   * it rides along with that.
   */
  tellJoin(intent: IntentSubject, payload: Uint8Array): void {
    if (this.#queue("intent", payload, keyOf(intent))) this.#hasQuietNews = true;
  }

  /** @param key - tells this query from all others. */
  tellQuery(payload: Uint8Array, key: string): void {
    this.#tell("query", payload, key);
  }

  /** @param key - tells this event from all others. */
  tellEvent(payload: Uint8Array, key: string): void {
    this.#tell("event", payload, key);
  }

  /** Whether it is of any use to tell what is heard again. O(1). */
  mayOverhear(queue: "event" | "query"): boolean {
    return this.#options.isOverhearing && this.#queues[queue].size > 0;
  }

  /** Somebody else told the event or the query of this key. Forgotten unless it still waits. */
  overhear(queue: "event" | "query", key: string): void {
    const overheard = this.#overheard[queue];
    // A copy alone may be the only one that came through. And what was never told by us has its way
    // along the ring before it.
    const worth = overheard.has(key) ? 1 : 0;
    if (!this.mayOverhear(queue) || !this.#queues[queue].overhear(key, worth, 1)) {
      overheard.delete(key);
      return;
    }
    if (overheard.size >= OVERHEARD_LIMIT) overheard.clear();
    overheard.add(key);
  }

  /** Fills one packet. See the head of this file for whose turn it is. */
  take(overheadBytes: number, limitBytes: number): Uint8Array[] {
    const taken = this.#urgent.take(overheadBytes, limitBytes);
    let freeBytes = limitBytes - bytesWith(taken, overheadBytes);
    const { length } = this.#turns;
    const lead = this.#lead;
    let hasMovedOn = false;
    for (let turn = 0; turn < length && freeBytes > overheadBytes; turn += 1) {
      const index = (lead + turn) % length;
      const queue = this.#turns[index];
      if (queue === undefined || queue.size === 0) continue;
      const part = queue.take(overheadBytes, freeBytes);
      if (part.length === 0) continue;
      // The next packet is led by whoever comes after the first that had something to say.
      if (!hasMovedOn) this.#lead = (index + 1) % length;
      hasMovedOn = true;
      freeBytes -= bytesWith(part, overheadBytes);
      for (const payload of part) taken.push(payload);
    }
    return taken;
  }

  /** The regular look at the depths: warns, tells what was thrown out, and drains when alone. */
  check(): void {
    for (const name of ["intent", "event", "query"] as const) {
      const depth = this.depth(name);
      if (depth >= this.#options.depthWarning) {
        this.#options.report({ kind: "queue-deep", queue: name, depth });
      }
      const droppedCount = this.#pruned[name];
      if (droppedCount > 0) {
        this.#pruned[name] = 0;
        this.#options.report({ kind: "queue-pruned", queue: name, droppedCount });
      }
    }
    // What was told to its end is heard of no more.
    for (const name of ["event", "query"] as const) {
      if (this.#queues[name].size === 0) this.#overheard[name].clear();
    }
    if (this.isAlone) this.clear();
  }

  /** Drops everything; whoever waits is told. */
  clear(): void {
    this.#urgent.reset();
    for (const queue of this.#turns) queue.reset();
    for (const keys of Object.values(this.#overheard)) keys.clear();
  }

  #tell(name: QueueName, payload: Uint8Array, key?: string): void {
    if (this.#queue(name, payload, key)) this.#hasNews = true;
  }

  /** @returns whether it was queued. */
  #queue(name: QueueName, payload: Uint8Array, key?: string): boolean {
    // Whoever joins later learns of intents and events from the state exchanged on joining.
    if (this.isAlone) return false;
    if (payload.length > this.#options.payloadBytesLimit) {
      this.#options.report({ kind: "broadcast-too-large", queue: name, bytes: payload.length });
      return false;
    }
    const queue = this.#queues[name];
    const finished = this.#finished[name];
    queue.enqueue(key === undefined ? { payload, finished } : { key, payload, finished });
    const limit = this.#options.depthLimit();
    if (queue.size > limit) queue.prune(limit);
    return true;
  }

  /** Whether there is nobody to tell. */
  get isAlone(): boolean {
    return this.#options.memberCount() <= 1;
  }
}

function keyOf({ node, prune }: IntentSubject): string {
  return prune === true ? `${node}\n` : node;
}

function bytesWith(payloads: readonly Uint8Array[], overheadBytes: number): number {
  let bytes = 0;
  for (const payload of payloads) bytes += payload.length + overheadBytes;
  return bytes;
}
