/**
 * Keeps, of the user events that allow it, only the newest of each name.
 *
 * Newest means of the greatest Lamport time; all events of that time are kept, in order. Events
 * without the coalesce flag pass at once.
 *
 * Source: Serf specification §13.
 */
import type { LamportTime, SerfEvent, UserEvent } from "../serf-event.ts";
import type { CoalescePolicy } from "./coalescer.ts";

/** Bounds of a `UserEventCoalescer`. */
export interface UserEventCoalescerLimits {
  /** Events gathered before a window closes early. */
  readonly pendingEvents: number;
}

/** Some megabytes of events at the reference's size limit. */
export const defaultUserEventCoalescerLimits: UserEventCoalescerLimits = { pendingEvents: 8192 };

interface NewestEvents {
  readonly lamportTime: LamportTime;
  readonly events: UserEvent[];
}

/** Gathers user events that carry the coalesce flag. */
export class UserEventCoalescer implements CoalescePolicy {
  readonly #limits: UserEventCoalescerLimits;
  readonly #newestByName = new Map<string, NewestEvents>();
  #pendingCount = 0;

  constructor(limits: Partial<UserEventCoalescerLimits> = {}) {
    this.#limits = { ...defaultUserEventCoalescerLimits, ...limits };
  }

  get isFull(): boolean {
    return this.#pendingCount >= this.#limits.pendingEvents;
  }

  accepts(event: SerfEvent): boolean {
    return event.kind === "user" && event.coalesce;
  }

  add(event: SerfEvent): void {
    if (event.kind !== "user") return;
    const newest = this.#newestByName.get(event.name);
    if (newest === undefined || event.lamportTime > newest.lamportTime) {
      this.#pendingCount += 1 - (newest?.events.length ?? 0);
      this.#newestByName.set(event.name, { lamportTime: event.lamportTime, events: [event] });
    } else if (event.lamportTime === newest.lamportTime) {
      newest.events.push(event);
      this.#pendingCount++;
    }
  }

  take(): readonly UserEvent[] {
    const events = Array.from(this.#newestByName.values()).flatMap((newest) => newest.events);
    this.#newestByName.clear();
    this.#pendingCount = 0;
    return events;
  }
}
