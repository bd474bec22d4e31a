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
import { InvariantError } from "./errors.ts";
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

  /** How many of them were never handed out. O(1). */
  get freshSize(): number {
    return this.#tiers[0]?.size ?? 0;
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
    for (const item of replaced) this.#withdraw(item);
    // Before the newcomer is in: news that is never told at all helps nobody.
    const pruned = this.#removeLast(this.#limit - 1);
    // Drawn last: the counter may just have started anew with an empty queue.
    this.#lastId = this.#size === 0 ? 1 : this.#lastId + 1;
    const item = new QueuedBroadcast(broadcast, this.#lastId);
    this.#tier(0).insert(item);
    this.#size += 1;
    if (item.name !== undefined) this.#named.set(item.name, item);
    else if (item.isPlain) this.#plain.add(item);
    if (replaced.length > 0 || pruned.length > 0) {
      notifyAll({ items: replaced, reason: "invalidated" }, { items: pruned, reason: "pruned" });
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
   * @param leastTransmits - only rumours handed out so often already; 0. With 1, fresh ones are left
   *   for `takeFresh`.
   * @returns payloads in the order taken; the array is the caller's.
   * @throws {RangeError} if an argument or the member count is not a sensible number.
   */
  take(overheadBytes: number, limitBytes: number, leastTransmits: number = 0): Uint8Array[] {
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
    const known: QueuedBroadcast[] = [];
    for (
      let transmits = leastTransmits;
      transmits < this.#tiers.length && freeBytes > 0;
      transmits += 1
    ) {
      const tier = this.#tiers[transmits];
      while (tier !== undefined && freeBytes > 0) {
        const item = tier.firstWithin(freeBytes);
        if (item === undefined) break;
        tier.remove(item);
        if (item.credit > 0) {
          if (!this.#settleCredit(item, limit)) known.push(item);
          continue;
        }
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
    if (enough.length > 0 || known.length > 0) {
      notifyAll({ items: enough, reason: "transmitted" }, { items: known, reason: "overheard" });
    }
    return payloads;
  }

  /**
   * Takes rumours that were never handed out, longest first, for several receivers at once.
   *
   * @param choice.isOverheard - those somebody else told meanwhile, or the others.
   * @param choice.handOuts - how many receivers get what is returned, >= 1; each counts.
   * @param overheadBytes - what each rumour costs beside its own bytes, >= 0.
   * @param limitBytes - room for rumours and their overhead.
   * @returns payloads in the order taken; the array is the caller's. O(fresh rumours).
   * @throws {RangeError} if an argument or the member count is not a sensible number.
   */
  takeFresh(
    choice: { readonly isOverheard: boolean; readonly handOuts: number },
    overheadBytes: number,
    limitBytes: number,
  ): Uint8Array[] {
    const { handOuts, isOverheard } = choice;
    if (!Number.isSafeInteger(handOuts) || handOuts < 1) {
      throw new RangeError(`handOuts must be a whole number >= 1, got ${handOuts}`);
    }
    const taken: QueuedBroadcast[] = [];
    const tier = this.#tiers[0];
    if (tier === undefined) return [];
    let freeBytes = limitBytes;
    for (const item of tier) {
      if (item.credit > 0 !== isOverheard) continue;
      const costBytes = item.lengthBytes + overheadBytes;
      if (costBytes > freeBytes) continue;
      freeBytes -= costBytes;
      taken.push(item);
    }
    const limit = retransmitLimit(this.#multiplier, this.#memberCount());
    const enough: QueuedBroadcast[] = [];
    for (const item of taken) {
      tier.remove(item);
      item.credit += handOuts;
      if (!this.#settleCredit(item, limit)) enough.push(item);
    }
    this.#dropEmptyTiers();
    if (enough.length > 0) notifyAll({ items: enough, reason: "transmitted" });
    return taken.map(({ broadcast }) => broadcast.payload);
  }

  /**
   * Somebody else told the rumour of this key: it counts as `worth` hand-outs of ours. A rumour heard
   * again and again is known, and telling it is a waste. It is settled when the rumour's turn comes,
   * so that hearing costs next to nothing; until then the rumour counts as waiting. O(1) expected.
   *
   * Source: feedback and counters in Demers et al. (1987) §1.4, without the answer of the told.
   *
   * @param worth - a whole number >= 0.
   * @param leastTransmits - only if it was handed out so often already; 0.
   * @returns whether it counted.
   * @throws {RangeError} if `worth` is not a whole number >= 0.
   */
  overhear(key: string, worth: number, leastTransmits: number = 0): boolean {
    if (!Number.isSafeInteger(worth) || worth < 0) {
      throw new RangeError(`worth must be a whole number >= 0, got ${worth}`);
    }
    const item = this.#named.get(key);
    if (item === undefined || item.transmits < leastTransmits) return false;
    item.credit += worth;
    return true;
  }

  /**
   * Removes the last in order (most told, then shortest, then oldest) until at most `keep` are
   * left. O(p · log n) for p removed.
   *
   * @throws {RangeError} if `keep` is negative or not a number.
   */
  prune(keep: number): void {
    if (!(keep >= 0)) throw new RangeError(`keep must be >= 0, got ${keep}`);
    notifyAll({ items: this.#removeLast(keep), reason: "pruned" });
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
    notifyAll({ items: [item], reason: "invalidated" });
    return true;
  }

  /** Removes everything; each is finished as `reset`, in the order it would have been sent. */
  reset(): void {
    const items = this.#tiers.flatMap((tier) => [...tier]);
    this.#tiers.length = 0;
    this.#named.clear();
    this.#plain.clear();
    this.#size = 0;
    notifyAll({ items, reason: "reset" });
  }

  /** Puts an item in no tier to where its credit belongs. @returns false if that was enough. */
  #settleCredit(item: QueuedBroadcast, limit: number): boolean {
    item.transmits += item.credit;
    item.credit = 0;
    if (item.transmits < limit) {
      this.#tier(item.transmits).insert(item);
      return true;
    }
    this.#forget(item);
    return false;
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
    while (this.#size - removed.length > keep) {
      const tier = this.#tiers.at(-1);
      if (tier === undefined) throw new InvariantError(`${this.#size} broadcasts are in no tier`);
      const excess = Math.ceil(this.#size - removed.length - keep);
      for (const item of tier.removeLast(excess)) removed.push(item);
      this.#dropEmptyTiers();
    }
    if (removed.length > this.#size / 2) this.#forgetMost(removed);
    else for (const item of removed) this.#forget(item);
    return removed;
  }

  /** Noting the few that stay is far cheaper than deleting most keys of a large map. */
  #forgetMost(removed: readonly QueuedBroadcast[]): void {
    for (const item of removed) if (item.isPlain) this.#plain.delete(item);
    this.#size -= removed.length;
    this.#named.clear();
    for (const tier of this.#tiers) {
      for (const item of tier) {
        if (item.name !== undefined) this.#named.set(item.name, item);
      }
    }
  }

  #remove(item: QueuedBroadcast): void {
    this.#withdraw(item);
    if (item.name !== undefined) this.#named.delete(item.name);
  }

  /** Removes an item but for its name, which the caller gives to another or deletes. */
  #withdraw(item: QueuedBroadcast): void {
    this.#tiers[item.transmits]?.remove(item);
    if (item.isPlain) this.#plain.delete(item);
    this.#size -= 1;
    this.#dropEmptyTiers();
  }

  /** Takes an item that is in no tier any more out of everything else. */
  #forget(item: QueuedBroadcast): void {
    if (item.name !== undefined) this.#named.delete(item.name);
    if (item.isPlain) this.#plain.delete(item);
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
    while (this.#tiers.at(-1)?.size === 0) this.#tiers.pop();
  }
}

const NOTHING: readonly QueuedBroadcast[] = Object.freeze([]);

/** Told one after the other, so that a hook finds the queue as the one before left it. */
interface Ending {
  readonly items: readonly QueuedBroadcast[];
  readonly reason: FinishReason;
}

/**
 * Tells everyone, even if one of them throws: an owner that waits for its own rumour must not hang
 * because of somebody else's mistake. The first mistake is thrown afterwards.
 */
function notifyAll(...endings: readonly Ending[]): void {
  const mistakes: unknown[] = [];
  for (const { items, reason } of endings) {
    for (const item of items) {
      try {
        item.broadcast.finished?.(reason);
      } catch (error) {
        mistakes.push(error);
      }
    }
  }
  if (mistakes.length > 0) throw mistakes[0];
}
