/**
 * Forgets members that have been dead or gone for long enough, and looks after the lost ones.
 *
 * Deviation: the reference reaps at the end of a probe round, so never without probing and after
 * hours in a large cluster; and once both sides of a partition have forgotten each other it never
 * heals. Here records are reaped by time, and a bounded number of those that died (not of those
 * that left) is tried from time to time.
 *
 * Source: behaviour specification §5.2, §19.3, §19.20.
 */
import type { CoreContext } from "./core-context.ts";
import type { Membership } from "./membership.ts";
import type { ExchangePartner, PushPull } from "./push-pull.ts";
import type { Timer } from "./timer-table.ts";

/** Between two looks at the table: a fraction of the window, within these bounds. */
const LOOKS_PER_WINDOW = 4;
const SHORTEST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 60_000;
/** The wait for a lost member doubles up to this many times. */
const DOUBLING_LIMIT = 6;

interface LostMember {
  readonly partner: ExchangePartner;
  failureCount: number;
  nextTryMs: number;
}

/** The end of a record's life. */
export class Reaper {
  readonly #context: CoreContext;
  readonly #membership: Membership;
  readonly #pushPull: PushPull;
  /** By name; the oldest first. */
  readonly #lost = new Map<string, LostMember>();

  constructor(context: CoreContext, membership: Membership, pushPull: PushPull) {
    this.#context = context;
    this.#membership = membership;
    this.#pushPull = pushPull;
  }

  /** Members that were reaped dead and are still tried. */
  get lostCount(): number {
    return this.#lost.size;
  }

  start(nowMs: number): void {
    const { options, random, timers } = this.#context;
    const wantedMs = options.gossipToTheDeadMs / LOOKS_PER_WINDOW;
    const intervalMs = Math.min(Math.max(wantedMs, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
    const timer: Timer = timers.set(nowMs + random() * intervalMs, (tickMs) => {
      timers.move(timer, tickMs + intervalMs);
      this.#reap(tickMs);
      this.#tryOneLost(tickMs);
    });
  }

  #reap(nowMs: number): void {
    const { options, outbox, table } = this.#context;
    if (table.liveCount === table.size) return;
    // Backwards: the row that moves into a gap has been looked at already.
    for (let row = table.size - 1; row >= 0; row -= 1) {
      const { name, endpoint } = table.record(row);
      if (table.isLive(row) || name === options.name) continue;
      if (nowMs - table.changedMs(row) <= options.gossipToTheDeadMs) continue;
      const hasDied = table.state(row) === "dead";
      this.#membership.remove(row);
      outbox.report({ kind: "member-reaped", name });
      if (hasDied) this.#addLost({ name, endpoint }, nowMs);
    }
  }

  #addLost(partner: ExchangePartner, nowMs: number): void {
    const { lostMemberLimit, lostMemberRetryMs } = this.#context.options;
    if (lostMemberLimit === 0 || lostMemberRetryMs === 0) return;
    if (this.#lost.size >= lostMemberLimit) {
      const [oldest] = this.#lost.keys();
      if (oldest !== undefined) this.#lost.delete(oldest);
    }
    const nextTryMs = nowMs + lostMemberRetryMs;
    this.#lost.set(partner.name, { partner, failureCount: 0, nextTryMs });
  }

  /** One per look at most: a large partition must not start a storm of dials. */
  #tryOneLost(nowMs: number): void {
    const { options, outbox, table } = this.#context;
    for (const [name, lost] of this.#lost) {
      if (table.find(name) !== undefined) {
        this.#lost.delete(name);
        continue;
      }
      if (lost.nextTryMs > nowMs || this.#membership.isLeaving) continue;
      lost.failureCount = Math.min(lost.failureCount + 1, DOUBLING_LIMIT);
      lost.nextTryMs = nowMs + options.lostMemberRetryMs * 2 ** lost.failureCount;
      const { endpoint } = lost.partner;
      outbox.report({ kind: "lost-member-tried", name, endpoint });
      this.#pushPull.exchange(lost.partner, false, nowMs, (failure) => {
        // Whoever answered has told us all it knows: if the name is not among it, it is gone.
        if (failure === undefined) this.#lost.delete(name);
      });
      return;
    }
  }
}
