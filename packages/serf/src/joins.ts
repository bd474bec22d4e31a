/**
 * Joining, one call after the other.
 *
 * Source: Serf specification §6.2.
 */
import type { JoinOutcome, JoinTarget } from "@x/swim";
import { SerfError } from "./errors.ts";
import type { Membership } from "./membership.ts";
import type { SerfContext } from "./serf-context.ts";

/** Calls waiting for the one under way. */
const WAITING_LIMIT = 1_024;

interface WaitingJoin {
  readonly targets: readonly JoinTarget[];
  readonly ignoresOldEvents: boolean;
  readonly settled: (outcome: JoinOutcome) => void;
}

/** The join under way, and those that wait for it. */
export class Joins {
  readonly #context: SerfContext;
  readonly #membership: Membership;
  readonly #waiting: WaitingJoin[] = [];
  #current: WaitingJoin | undefined;

  constructor(context: SerfContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Whether events out of the memory of others are unwanted right now. */
  get isIgnoringOldEvents(): boolean {
    return this.#current?.ignoresOldEvents === true;
  }

  /** @throws {SerfError} `not-alive`. */
  join(
    targets: readonly JoinTarget[],
    options: { readonly ignoreOldEvents: boolean },
    nowMs: number,
    settled: (outcome: JoinOutcome) => void,
  ): void {
    if (this.#context.state !== "alive") {
      throw new SerfError("not-alive", "Serf can't Join after Leave or Shutdown");
    }
    if (this.#waiting.length >= WAITING_LIMIT) {
      throw new SerfError("join-failed", `${WAITING_LIMIT} joins are waiting already`);
    }
    this.#waiting.push({ targets, ignoresOldEvents: options.ignoreOldEvents, settled });
    if (this.#current === undefined) this.#next(nowMs);
  }

  #next(nowMs: number): void {
    const join = this.#waiting.shift();
    this.#current = join;
    if (join === undefined) return;
    this.#context.swim.join(join.targets, nowMs, (outcome) => {
      const { clocks, state } = this.#context;
      if (outcome.joinedCount > 0 && state === "alive") {
        this.#membership.announce(clocks.member.time, this.#context.nowMs);
      }
      this.#current = undefined;
      join.settled(outcome);
      if (this.#current === undefined) this.#next(this.#context.nowMs);
    });
  }
}
