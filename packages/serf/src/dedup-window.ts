/**
 * Decides whether a user event or a query is new, for a window of recent Lamport times.
 *
 * A ring of slots, one per Lamport time modulo the slot count, each holding what was seen at that
 * time. Different things may share a time; the same thing at the same time is delivered once.
 * Whatever is older than the window is refused, since nobody remembers whether it was seen.
 *
 * Source: Serf specification §9, §10.2.
 */
import { decodeName } from "@x/swim/wire";
import type { LamportTime } from "./serf-event.ts";
import type { RecentUserEvent, RecentUserEvents } from "./wire/message.ts";

/**
 * What to do with an item: only a `new` one is delivered and told on.
 *
 * `before-minimum`: from before this member wants to hear. `too-old`: beyond the window, or of a
 * time already forgotten for lack of room. `full`: of a time for which there is no room.
 */
export type DedupVerdict = "new" | "duplicate" | "before-minimum" | "too-old" | "full";

/** All that was seen at one Lamport time, in order of arrival. */
export interface DedupSlot<Item> {
  readonly lamportTime: LamportTime;
  readonly items: readonly Item[];
}

/** Options of a `DedupWindow`. */
export interface DedupWindowOptions<Item> {
  /** Lamport times remembered; the reference's EventBuffer and QueryBuffer, 512. */
  readonly slotCount: number;
  /** Most weight of all remembered items together. */
  readonly weightLimit: number;
  /** Equal keys at one Lamport time mean the same item. */
  readonly keyOf: (item: Item) => string | number;
  /** What an item counts towards `weightLimit`; positive. */
  readonly weigh: (item: Item) => number;
}

interface Slot<Item> {
  lamportTime: LamportTime;
  weight: number;
  readonly itemByKey: Map<string | number, Item>;
}

/**
 * A window of recent Lamport times.
 *
 * Deviation: the reference bounds the number of times but not how much one time may hold. Here
 * the whole has a `weightLimit`: to make room the oldest times are forgotten, and from then on
 * refused, so that nothing is ever delivered twice. Source: Serf specification §9.
 */
export class DedupWindow<Item> {
  readonly #options: DedupWindowOptions<Item>;
  readonly #slots: (Slot<Item> | undefined)[];
  #weight = 0;
  #minimumTime: LamportTime = 0n;
  #forgottenBelow: LamportTime = 0n;

  /** @throws {RangeError} if the slot count or the weight limit is not a positive integer. */
  constructor(options: DedupWindowOptions<Item>) {
    const { slotCount, weightLimit } = options;
    if (!Number.isSafeInteger(slotCount) || slotCount < 1) {
      throw new RangeError(`slotCount must be a positive integer, got ${slotCount}`);
    }
    if (!Number.isSafeInteger(weightLimit) || weightLimit < 1) {
      throw new RangeError(`weightLimit must be a positive integer, got ${weightLimit}`);
    }
    this.#options = options;
    this.#slots = [];
    // Pushed one by one: `Array.from` takes twenty times as long before anything is compiled.
    for (let slot = 0; slot < slotCount; slot += 1) this.#slots.push(undefined);
  }

  /** Earlier times are refused. */
  get minimumTime(): LamportTime {
    return this.#minimumTime;
  }

  /** Weight of everything remembered; at most `weightLimit`. */
  get weight(): number {
    return this.#weight;
  }

  /** Refuses everything earlier than `lamportTime` from now on; never lowers the minimum. */
  raiseMinimumTime(lamportTime: LamportTime): void {
    if (lamportTime > this.#minimumTime) this.#minimumTime = lamportTime;
  }

  /**
   * Judges an item, and remembers it if it is new.
   *
   * @param clockTime - the clock after it witnessed `lamportTime`.
   */
  admit(lamportTime: LamportTime, item: Item, clockTime: LamportTime): DedupVerdict {
    if (lamportTime < this.#minimumTime) return "before-minimum";
    const windowLength = BigInt(this.#slots.length);
    if (lamportTime < clockTime - windowLength) return "too-old";
    if (lamportTime < this.#forgottenBelow) return "too-old";

    const slotIndex = this.#indexOf(lamportTime);
    const key = this.#options.keyOf(item);
    const found = this.#slots[slotIndex];
    const isSameTime = found?.lamportTime === lamportTime;
    if (isSameTime && found.itemByKey.has(key)) return "duplicate";
    if (!isSameTime) this.#forget(slotIndex);

    const weight = this.#options.weigh(item);
    if (!this.#makeRoom(weight, lamportTime)) return "full";
    const slot = this.#slots[slotIndex] ?? { lamportTime, weight: 0, itemByKey: new Map() };
    slot.itemByKey.set(key, item);
    slot.weight += weight;
    this.#weight += weight;
    this.#slots[slotIndex] = slot;
    return "new";
  }

  /** What is remembered, one element per slot of the ring, `undefined` for an empty one. */
  slots(): readonly (DedupSlot<Item> | undefined)[] {
    return this.#slots.map(
      (slot) =>
        slot && { lamportTime: slot.lamportTime, items: Array.from(slot.itemByKey.values()) },
    );
  }

  /** Forgets times earlier than `lamportTime`, oldest first, until `weight` more fits. */
  #makeRoom(weight: number, lamportTime: LamportTime): boolean {
    while (this.#weight + weight > this.#options.weightLimit) {
      const oldestTime = this.#oldestTime();
      if (oldestTime === undefined || oldestTime >= lamportTime) return false;
      this.#forgottenBelow = oldestTime + 1n;
      this.#forget(this.#indexOf(oldestTime));
    }
    return true;
  }

  #forget(slotIndex: number): void {
    this.#weight -= this.#slots[slotIndex]?.weight ?? 0;
    this.#slots[slotIndex] = undefined;
  }

  #indexOf(lamportTime: LamportTime): number {
    return Number(lamportTime % BigInt(this.#slots.length));
  }

  #oldestTime(): LamportTime | undefined {
    let oldestTime: LamportTime | undefined;
    for (const slot of this.#slots) {
      if (slot === undefined) continue;
      if (oldestTime === undefined || slot.lamportTime < oldestTime) oldestTime = slot.lamportTime;
    }
    return oldestTime;
  }
}

/** Options of the ready-made windows. */
export interface RecentWindowOptions {
  /** Lamport times remembered. Default 512. */
  readonly slotCount?: number;
  /** For user events roughly bytes, default 8 MiB; for queries their number, default 262,144. */
  readonly weightLimit?: number;
}

const defaultSlotCount = 512;

/** What an event costs beside its name and payload: map entry, objects, key. */
const eventOverheadBytes = 64;

/** The ring of recent user events, which push-pull also ships. Source: Serf specification §9. */
export function createUserEventWindow(
  options: RecentWindowOptions = {},
): DedupWindow<RecentUserEvent> {
  return new DedupWindow<RecentUserEvent>({
    slotCount: options.slotCount ?? defaultSlotCount,
    weightLimit: options.weightLimit ?? 8 * 1024 * 1024,
    keyOf: userEventKey,
    weigh: ({ name, payload }) => name.length + (payload?.length ?? 0) + eventOverheadBytes,
  });
}

/** Equal for what is the same event, if it is of the same time. */
export function userEventKey({ name, payload }: Pick<RecentUserEvent, "name" | "payload">): string {
  // The length keeps name and payload apart; a nil payload equals an empty one.
  return `${name.length}:${name}${payload === undefined ? "" : decodeName(payload)}`;
}

/** The ring of recent query numbers. Source: Serf specification §10.2. */
export function createQueryWindow(options: RecentWindowOptions = {}): DedupWindow<number> {
  return new DedupWindow<number>({
    slotCount: options.slotCount ?? defaultSlotCount,
    weightLimit: options.weightLimit ?? 262_144,
    keyOf: (id) => id,
    weigh: () => 1,
  });
}

/** The ring of recent user events in the shape a push-pull carries. */
export function recentUserEvents(
  window: DedupWindow<RecentUserEvent>,
): readonly (RecentUserEvents | undefined)[] {
  return window
    .slots()
    .map((slot) => slot && { lamportTime: slot.lamportTime, events: slot.items });
}
