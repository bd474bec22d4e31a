import type { Broadcast, FinishReason } from "../../src/index.ts";

interface NaiveItem {
  readonly broadcast: Broadcast;
  readonly id: number;
  transmits: number;
}

/**
 * The specification read aloud: one array, sorted anew each time. Too slow for use, too simple to
 * be wrong.
 */
export class NaiveQueue {
  readonly #multiplier: number;
  readonly #memberCount: () => number;
  readonly #limit: number;
  readonly #maxPayloadBytes: number;
  #items: NaiveItem[] = [];
  #lastId = 0;

  constructor(options: {
    retransmitMultiplier: number;
    memberCount: () => number;
    limit: number;
    maxPayloadBytes: number;
  }) {
    this.#multiplier = options.retransmitMultiplier;
    this.#memberCount = options.memberCount;
    this.#limit = options.limit;
    this.#maxPayloadBytes = options.maxPayloadBytes;
  }

  get size(): number {
    return this.#items.length;
  }

  has(key: string): boolean {
    return key !== "" && this.#items.some((item) => item.broadcast.key === key);
  }

  enqueue(broadcast: Broadcast): void {
    if (broadcast.payload.length > this.#maxPayloadBytes) {
      broadcast.finished?.("too-large");
      return;
    }
    this.#drop(
      this.#items.filter(({ broadcast: other }) =>
        broadcast.key
          ? other.key === broadcast.key
          : other.key === undefined &&
            other.invalidates !== undefined &&
            broadcast.invalidates?.(other) === true,
      ),
      "invalidated",
    );
    this.prune(this.#limit - 1);
    this.#lastId += 1;
    this.#items.push({ broadcast, id: this.#lastId, transmits: 0 });
  }

  take(overheadBytes: number, limitBytes: number): Uint8Array[] {
    const limit = this.#multiplier * String(this.#memberCount()).length;
    const enoughAfter = this.#memberCount() === 0 ? 0 : limit;
    let usedBytes = 0;
    const taken: NaiveItem[] = [];
    for (const item of this.#inOrder()) {
      const freeBytes = limitBytes - usedBytes - overheadBytes;
      if (freeBytes <= 0) break;
      if (item.broadcast.payload.length > freeBytes) continue;
      usedBytes += overheadBytes + item.broadcast.payload.length;
      taken.push(item);
    }
    for (const item of taken) item.transmits += 1;
    this.#drop(
      taken.filter((item) => item.transmits >= enoughAfter),
      "transmitted",
    );
    return taken.map((item) => item.broadcast.payload);
  }

  prune(keep: number): void {
    this.#drop(this.#inOrder().slice(keep).reverse(), "pruned");
  }

  remove(key: string): boolean {
    const found = this.has(key);
    if (found) {
      this.#drop(
        this.#items.filter((item) => item.broadcast.key === key),
        "invalidated",
      );
    }
    return found;
  }

  reset(): void {
    this.#drop(this.#inOrder(), "reset");
  }

  #inOrder(): NaiveItem[] {
    return this.#items.toSorted(
      (a, b) =>
        a.transmits - b.transmits ||
        b.broadcast.payload.length - a.broadcast.payload.length ||
        b.id - a.id,
    );
  }

  #drop(items: readonly NaiveItem[], reason: FinishReason): void {
    this.#items = this.#items.filter((item) => !items.includes(item));
    for (const item of items) item.broadcast.finished?.(reason);
  }
}
