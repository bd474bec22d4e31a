/**
 * Gathers events that come in bursts and tells them together.
 *
 * The first gathered event starts a window. It closes when nothing more came for the quiescent
 * period, or when the coalesce period is over, whichever is first. Events the policy does not
 * gather pass at once, and may overtake gathered ones.
 *
 * Pure: time comes in, events come out. Whoever owns it arms a timer for `nextDeadlineMs()`.
 *
 * Read next: `member-coalescer.ts`, `user-event-coalescer.ts`, `coalesce-chain.ts`.
 *
 * Source: Serf specification §13.
 */
import type { SerfEvent } from "../serf-event.ts";

/** What to gather, and what to tell when a window closes. */
export interface CoalescePolicy {
  /** Whether `add` wants this event. */
  accepts(event: SerfEvent): boolean;
  /** Takes in an accepted event. */
  add(event: SerfEvent): void;
  /** Nothing more should be gathered before `take`: a named limit is reached. */
  readonly isFull: boolean;
  /** Empties the window. */
  take(): readonly SerfEvent[];
}

/** How long to gather; the agent's defaults are 3000 and 1000. */
export interface CoalescePeriods {
  /** Longest wait of a gathered event. */
  readonly coalescePeriodMs: number;
  /** A window also closes when nothing came for this long. */
  readonly quiescentPeriodMs: number;
}

/** A station events pass on their way to the user. */
export interface EventGate {
  /** @returns what is to be delivered now, in order. */
  handle(event: SerfEvent, nowMs: number): readonly SerfEvent[];
  /** When `takeDue` wants to be called next; `Infinity` when nothing is gathered. */
  nextDeadlineMs(): number;
  /** What is due at `nowMs`; calling it early yields nothing and is harmless. */
  takeDue(nowMs: number): readonly SerfEvent[];
  /** Everything gathered, due or not; for shutdown. */
  flush(): readonly SerfEvent[];
}

/** One policy with the two timers. */
export class Coalescer implements EventGate {
  readonly #policy: CoalescePolicy;
  readonly #periods: CoalescePeriods;
  #coalesceDeadlineMs = Infinity;
  #quiescentDeadlineMs = Infinity;

  /** @throws {RangeError} unless both periods are positive. */
  constructor(policy: CoalescePolicy, periods: CoalescePeriods) {
    for (const [period, value] of Object.entries(periods)) {
      if (!(value > 0)) throw new RangeError(`${period} must be positive, got ${value}`);
    }
    this.#policy = policy;
    this.#periods = periods;
  }

  handle(event: SerfEvent, nowMs: number): readonly SerfEvent[] {
    // A window whose timer is late must not gather what came after its end.
    const delivered = [...this.takeDue(nowMs)];
    if (!this.#policy.accepts(event)) return [...delivered, event];
    this.#policy.add(event);
    if (this.#coalesceDeadlineMs === Infinity) {
      this.#coalesceDeadlineMs = nowMs + this.#periods.coalescePeriodMs;
    }
    this.#quiescentDeadlineMs = nowMs + this.#periods.quiescentPeriodMs;
    return this.#policy.isFull ? [...delivered, ...this.flush()] : delivered;
  }

  nextDeadlineMs(): number {
    return Math.min(this.#coalesceDeadlineMs, this.#quiescentDeadlineMs);
  }

  takeDue(nowMs: number): readonly SerfEvent[] {
    return nowMs >= this.nextDeadlineMs() ? this.flush() : [];
  }

  flush(): readonly SerfEvent[] {
    this.#coalesceDeadlineMs = Infinity;
    this.#quiescentDeadlineMs = Infinity;
    return this.#policy.take();
  }
}
