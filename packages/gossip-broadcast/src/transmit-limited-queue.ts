/**
 * Decides which rumours go into the next packet.
 *
 * Each is handed out λ·log n times and then forgotten; fresh ones go first, long ones before short
 * ones so that packets are full, and newer news takes the place of older news about the same thing.
 * The queue knows nothing of members, packets or sending: its owner asks for bytes and sends them.
 *
 * Source: behaviour specification of the broadcast queue; SWIM (Das, Gupta, Motivala 2002) §4.1.
 * Read next: `transmit-tier.ts`.
 */
import type { Broadcast, FinishReason } from "./broadcast.ts";
import { retransmitLimit } from "./retransmit-limit.ts";
import { QueuedBroadcast, TransmitTier } from "./transmit-tier.ts";

/**
 * Rumours a queue holds unless told otherwise, 131,072: beyond the largest cluster anybody has
 * measured, and about 40 MB with payloads of 200 bytes.
 */
export const DEFAULT_QUEUE_LIMIT: number = 131_072;

/** Longest payload accepted unless told otherwise: what one UDP datagram over IPv4 can carry. */
export const DEFAULT_MAX_PAYLOAD_BYTES: number = 65_507;

export interface TransmitLimitedQueueOptions {
  /** λ of {@link retransmitLimit}: a whole number ≥ 0. More reaches more members and costs more. */
  readonly retransmitMultiplier: number;
  /**
   * How many members there are, asked each time a packet is filled, so that the limit of rumours
   * already queued follows the cluster.
   */
  readonly memberCount: () => number;
  /**
   * Most rumours held, at least 1; {@link DEFAULT_QUEUE_LIMIT}. Where one more comes, the last in
   * order is pruned to make room for it.
   */
  readonly limit?: number;
  /**
   * Longest payload accepted, in bytes; {@link DEFAULT_MAX_PAYLOAD_BYTES}. Set it to what really
   * fits into a packet: a rumour that never fits would stay for ever.
   */
  readonly maxPayloadBytes?: number;
}

/** A queue of rumours, each handed out a limited number of times. */
export class TransmitLimitedQueue {
  readonly #multiplier: number;
  readonly #memberCount: () => number;
  readonly #limit: number;
  readonly #maxPayloadBytes: number;
  /** By transmits. There are at most as many as the greatest retransmit limit so far. */
  readonly #tiers: TransmitTier[] = [];
  readonly #named = new Map<string, QueuedBroadcast>();
  /** Apart from the named ones, so that predicates are never asked about those. */
  readonly #plain = new Set<QueuedBroadcast>();
  #size = 0;
  #lastId = 0;

  /** @throws {RangeError} if an option is out of its bounds. */
  constructor(options: TransmitLimitedQueueOptions) {
    const { retransmitMultiplier, memberCount } = options;
    const { limit = DEFAULT_QUEUE_LIMIT, maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options;
    if (!Number.isSafeInteger(retransmitMultiplier) || retransmitMultiplier < 0) {
      throw new RangeError(
        `retransmitMultiplier must be a whole number >= 0, got ${retransmitMultiplier}`,
      );
    }
    if (!(limit >= 1)) throw new RangeError(`limit must be >= 1, got ${limit}`);
    if (!(maxPayloadBytes >= 0)) {
      throw new RangeError(`maxPayloadBytes must be >= 0, got ${maxPayloadBytes}`);
    }
    this.#multiplier = retransmitMultiplier;
    this.#memberCount = memberCount;
    this.#limit = Math.floor(limit);
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** How many rumours wait. O(1). */
  get size(): number {
    return this.#size;
  }

  /** Whether a rumour of this key waits. O(1) expected. */
  has(key: string): boolean {
    return this.#named.has(key);
  }

  /**
   * Queues a rumour and finishes those it replaces. It starts with no transmits even if what it
   * replaces was told already: newer news is spread in full.
   *
   * Older and newer news about the same thing are the owner's business: the queue believes that
   * what comes later is newer. A named or unique rumour costs O(log n); one with `invalidates` one
   * call of the predicate for each plain rumour that waits.
   *
   * A payload longer than `maxPayloadBytes` is finished at once as `too-large`, and the queue stays
   * as it was.
   *
   * @throws whatever `invalidates` or `finished` throws; the queue is consistent all the same.
   */
  enqueue(broadcast: Broadcast): void {
    if (broadcast.payload.length > this.#maxPayloadBytes) {
      broadcast.finished?.("too-large");
      return;
    }
    const replaced = this.#replacedBy(broadcast);
    for (const item of replaced) this.#remove(item);
    // Before the newcomer is in: news that is never told at all helps nobody.
    const pruned = this.#removeLast(this.#limit - 1);
    // Drawn last: the counter may just have started anew with an empty queue.
    this.#lastId = this.#size === 0 ? 1 : this.#lastId + 1;
    const item = new QueuedBroadcast(broadcast, this.#lastId);
    const { key } = broadcast;
    if (key !== undefined && key !== "") this.#named.set(key, item);
    else if (key === undefined && broadcast.invalidates !== undefined) this.#plain.add(item);
    this.#tier(0).insert(item);
    this.#size += 1;
    if (replaced.length > 0 || pruned.length > 0) {
      notifyAll(replaced, "invalidated", () => notifyAll(pruned, "pruned"));
    }
  }

  /**
   * Fills one packet: takes rumours, least told first, then longest, then newest, each if it still
   * fits. One call is one hand-out of what it returns, whoever the packet goes to and whether or
   * not it arrives.
   *
   * O((returned + tiers) · log n); an empty queue costs next to nothing.
   *
   * @param overheadBytes - what each rumour costs in the packet beside its own bytes, ≥ 0.
   * @param limitBytes - room for rumours and their overhead; zero or less takes nothing.
   * @returns payloads in the order taken; the array is the caller's.
   * @throws {RangeError} if an argument or the member count is not a sensible number.
   */
  take(overheadBytes: number, limitBytes: number): Uint8Array[] {
    if (!(overheadBytes >= 0)) {
      throw new RangeError(`overheadBytes must be >= 0, got ${overheadBytes}`);
    }
    if (Number.isNaN(limitBytes)) throw new RangeError("limitBytes must be a number, got NaN");
    const payloads: Uint8Array[] = [];
    let freeBytes = limitBytes - overheadBytes;
    if (this.#size === 0 || freeBytes <= 0) return payloads;

    const limit = retransmitLimit(this.#multiplier, this.#memberCount());
    const again: QueuedBroadcast[] = [];
    const enough: QueuedBroadcast[] = [];
    for (let transmits = 0; transmits < this.#tiers.length && freeBytes > 0; transmits += 1) {
      const tier = this.#tiers[transmits];
      while (tier !== undefined && freeBytes > 0) {
        const item = tier.firstWithin(freeBytes);
        if (item === undefined) break;
        tier.remove(item);
        freeBytes -= item.lengthBytes + overheadBytes;
        payloads.push(item.broadcast.payload);
        item.transmits = transmits + 1;
        (item.transmits >= limit ? enough : again).push(item);
      }
    }
    // Only now, so that nothing is in one packet twice.
    for (const item of again) this.#tier(item.transmits).insert(item);
    for (const item of enough) this.#forget(item);
    this.#dropEmptyTiers();
    if (enough.length > 0) notifyAll(enough, "transmitted");
    return payloads;
  }

  /**
   * Removes the last in order (most told, then shortest, then oldest) until at most `keep` are
   * left. O(p · log n) for p removed.
   *
   * @throws {RangeError} if `keep` is negative or not a number.
   */
  prune(keep: number): void {
    if (!(keep >= 0)) throw new RangeError(`keep must be >= 0, got ${keep}`);
    notifyAll(this.#removeLast(keep), "pruned");
  }

  /**
   * Removes the rumour of this key, finishing it as `invalidated`. O(log n).
   *
   * @returns whether there was one.
   */
  remove(key: string): boolean {
    const item = this.#named.get(key);
    if (item === undefined) return false;
    this.#remove(item);
    notifyAll([item], "invalidated");
    return true;
  }

  /** Removes everything; each is finished as `reset`, in the order it would have been sent. */
  reset(): void {
    const items = this.#tiers.flatMap((tier) => [...tier]);
    this.#tiers.length = 0;
    this.#named.clear();
    this.#plain.clear();
    this.#size = 0;
    notifyAll(items, "reset");
  }

  #replacedBy(broadcast: Broadcast): readonly QueuedBroadcast[] {
    const { key, invalidates } = broadcast;
    if (key !== undefined && key !== "") {
      const item = this.#named.get(key);
      return item === undefined ? NOTHING : [item];
    }
    if (invalidates === undefined || this.#plain.size === 0) return NOTHING;
    return [...this.#plain].filter((item) => broadcast.invalidates?.(item.broadcast) === true);
  }

  #removeLast(keep: number): readonly QueuedBroadcast[] {
    if (this.#size <= keep) return NOTHING;
    const removed: QueuedBroadcast[] = [];
    while (this.#size > keep) {
      const item = this.#tiers.at(-1)?.last();
      if (item === undefined) break;
      this.#remove(item);
      removed.push(item);
    }
    return removed;
  }

  #remove(item: QueuedBroadcast): void {
    this.#tiers[item.transmits]?.remove(item);
    this.#forget(item);
    this.#dropEmptyTiers();
  }

  /** Takes an item that is in no tier any more out of everything else. */
  #forget(item: QueuedBroadcast): void {
    const { key } = item.broadcast;
    if (key !== undefined) this.#named.delete(key);
    this.#plain.delete(item);
    this.#size -= 1;
  }

  #tier(transmits: number): TransmitTier {
    let tier = this.#tiers[transmits];
    while (tier === undefined) {
      this.#tiers.push(new TransmitTier());
      tier = this.#tiers[transmits];
    }
    return tier;
  }

  /** The last tier always holds something, so that pruning finds its victim at once. */
  #dropEmptyTiers(): void {
    while (this.#tiers.at(-1)?.isEmpty === true) this.#tiers.pop();
  }
}

const NOTHING: readonly QueuedBroadcast[] = Object.freeze([]);

/**
 * Tells everyone, even if one of them throws: an owner that waits for its own rumour must not hang
 * because of somebody else's mistake. The first mistake is thrown afterwards.
 */
function notifyAll(
  items: readonly QueuedBroadcast[],
  reason: FinishReason,
  andThen?: () => void,
): void {
  let firstError: unknown;
  let hasFailed = false;
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      if (!hasFailed) firstError = error;
      hasFailed = true;
    }
  };
  for (const item of items) attempt(() => item.broadcast.finished?.(reason));
  if (andThen !== undefined) attempt(andThen);
  if (hasFailed) throw firstError;
}
