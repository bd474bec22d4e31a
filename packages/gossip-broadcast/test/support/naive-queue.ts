import type { Broadcast, FinishReason } from "../../src/index.ts";

interface NaiveItem {
  readonly broadcast: Broadcast;
  readonly id: number;
  transmits: number;
  credit: number;
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
    this.#items.push({ broadcast, id: this.#lastId, transmits: 0, credit: 0 });
  }

  take(overheadBytes: number, limitBytes: number, leastTransmits = 0): Uint8Array[] {
    const enoughAfter = this.#enoughAfter();
    let usedBytes = 0;
    const taken: NaiveItem[] = [];
    const known: NaiveItem[] = [];
    const passed = new Set<NaiveItem>();
    for (;;) {
      const freeBytes = limitBytes - usedBytes - overheadBytes;
      const item = this.#inOrder().find(
        (it) =>
          !passed.has(it) &&
          it.transmits >= leastTransmits &&
          it.broadcast.payload.length <= freeBytes,
      );
      if (freeBytes <= 0 || item === undefined) break;
      if (item.credit > 0) {
        this.#settle(item);
        if (item.transmits < enoughAfter) continue;
        known.push(item);
      } else {
        usedBytes += overheadBytes + item.broadcast.payload.length;
        taken.push(item);
      }
      passed.add(item);
    }
    for (const item of taken) item.transmits += 1;
    this.#drop(
      taken.filter((item) => item.transmits >= enoughAfter),
      "transmitted",
    );
    this.#drop(known, "overheard");
    return taken.map((item) => item.broadcast.payload);
  }

  takeFresh(
    { handOuts, isOverheard }: { readonly isOverheard: boolean; readonly handOuts: number },
    overheadBytes: number,
    limitBytes: number,
  ): Uint8Array[] {
    let freeBytes = limitBytes;
    const taken = this.#inOrder().filter((item) => {
      const bytes = item.broadcast.payload.length + overheadBytes;
      const isWanted = item.transmits === 0 && item.credit > 0 === isOverheard;
      if (!isWanted || bytes > freeBytes) return false;
      freeBytes -= bytes;
      return true;
    });
    for (const item of taken) {
      item.credit += handOuts;
      this.#settle(item);
    }
    const enoughAfter = this.#enoughAfter();
    this.#drop(
      taken.filter((item) => item.transmits >= enoughAfter),
      "transmitted",
    );
    return taken.map((item) => item.broadcast.payload);
  }

  overhear(key: string, worth: number, leastTransmits = 0): boolean {
    const item = this.#items.find(({ broadcast }) => key !== "" && broadcast.key === key);
    if (item === undefined || item.transmits < leastTransmits) return false;
    item.credit += worth;
    return true;
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

  #settle(item: NaiveItem): void {
    item.transmits += item.credit;
    item.credit = 0;
  }

  #enoughAfter(): number {
    const memberCount = this.#memberCount();
    return memberCount === 0 ? 0 : this.#multiplier * String(memberCount).length;
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
