/**
 * Leaving: write it down, tell it, leave the membership, linger, be gone. And sending others away.
 *
 * Source: Serf specification §5.4, §6.3.
 */
import { SerfError } from "./errors.ts";
import type { Membership } from "./membership.ts";
import type { SerfContext } from "./serf-context.ts";

/**
 * How long an own leave intent spreads before the farewell of the membership follows, in gossip
 * intervals, where members of the reference may listen: they pass it on at their next round. Should
 * the farewell overtake the intent, they would report a failure first. Our own members know a
 * farewell without its intent for what it is, and need no time.
 */
const INTENT_HEAD_START_INTERVALS = 2.25;

/** Calls back at most once, whichever of two ways comes first. */
function once(settled: (timedOut: boolean) => void): (timedOut: boolean) => void {
  let isSettled = false;
  return (timedOut) => {
    if (isSettled) return;
    isSettled = true;
    settled(timedOut);
  };
}

/** The graceful leave of this member, and forced leaves of others. */
export class Departure {
  readonly #context: SerfContext;
  readonly #membership: Membership;
  #leaveSettled: (() => void) | undefined;

  constructor(context: SerfContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /**
   * Never fails once begun: what could not be told is reported, and the member leaves all the same.
   *
   * @param settled - at once if it has left already.
   * @throws {SerfError} `leave-in-progress`, or `not-alive` after shutdown.
   */
  leave(nowMs: number, settled: () => void): void {
    const { state } = this.#context;
    if (state === "left") return settled();
    if (state === "leaving") throw new SerfError("leave-in-progress", "Leave already in progress");
    if (state === "shutdown") throw new SerfError("not-alive", "Leave called after Shutdown");
    this.#context.state = "leaving";
    this.#leaveSettled = settled;
    this.#record(nowMs, () => this.#tellLeave(this.#context.nowMs));
  }

  /**
   * Declares a member to have left. Unknown names succeed: the intent is told all the same.
   *
   * @param settled - with `timedOut` if the news could not be told often enough in time.
   * @throws {SerfError} `not-alive` after shutdown.
   */
  forceLeave(
    node: string,
    options: { readonly prune: boolean },
    nowMs: number,
    settled: (outcome: { readonly timedOut: boolean }) => void,
  ): void {
    if (this.#context.state === "shutdown") {
      throw new SerfError("not-alive", "force-leave after shutdown: start a new member");
    }
    const message = this.#membership.issueLeave(node, options.prune, nowMs);
    const { prune } = options;
    this.#tell({ node, prune }, message, nowMs, (timedOut) => settled({ timedOut }));
  }

  /** On shutdown: whoever waits for the leave is let go. */
  abandon(): void {
    const settled = this.#leaveSettled;
    this.#leaveSettled = undefined;
    settled?.();
  }

  /** Told before it is written, a leave could be followed by a kill, and a rejoin nobody wants. */
  #record(nowMs: number, recorded: () => void): void {
    const { environment, timers, options } = this.#context;
    if (environment.snapshot === undefined) return recorded();
    const settle = once((timedOut) => {
      timers.cancel(timer);
      if (timedOut) this.#context.report({ kind: "leave-timed-out", stage: "snapshot" });
      if (this.#context.state === "leaving") recorded();
    });
    const timer = timers.schedule(nowMs + options.broadcastTimeoutMs, () => settle(true));
    environment.snapshot.recordLeave(() => settle(false));
  }

  #tellLeave(nowMs: number): void {
    const { name } = this.#context;
    const message = this.#membership.issueLeave(name, false, nowMs);
    const { eagerGossip, gossipIntervalMs } = this.#context.options.swim;
    this.#tell({ node: name, prune: false }, message, nowMs, (timedOut) => {
      if (timedOut) this.#context.report({ kind: "leave-timed-out", stage: "intent" });
      if (!eagerGossip || this.#context.queues.isAlone) this.#leaveMembership();
    });
    if (!eagerGossip || this.#context.queues.isAlone) return;
    // Deviation: the reference waits until the intent has used up its transmissions. With eager
    // gossip it is out at once, and only those who wait for their rounds need time.
    const headStartMs = this.#context.swim.isEveryonePrompt
      ? 0
      : gossipIntervalMs * INTENT_HEAD_START_INTERVALS;
    const farewellMs = nowMs + headStartMs;
    this.#context.timers.schedule(farewellMs, () => this.#leaveMembership());
  }

  #tell(
    intent: { readonly node: string; readonly prune: boolean },
    message: Uint8Array,
    nowMs: number,
    told: (timedOut: boolean) => void,
  ): void {
    const { timers, options, queues } = this.#context;
    const settle = once((timedOut) => {
      timers.cancel(timer);
      told(timedOut);
    });
    const timer = timers.schedule(nowMs + options.broadcastTimeoutMs, () => settle(true));
    queues.tellUrgently(intent, message, () => settle(false));
  }

  #leaveMembership(): void {
    const { swim, options, nowMs } = this.#context;
    if (this.#context.state !== "leaving") return;
    const { eagerGossip } = options.swim;
    const linger = (): void => {
      const lingerUntilMs = this.#context.nowMs + options.leavePropagateDelayMs;
      this.#context.timers.schedule(lingerUntilMs, () => this.#finish());
    };
    swim.leave({ timeoutMs: options.broadcastTimeoutMs }, nowMs, ({ timedOut }) => {
      if (timedOut) this.#context.report({ kind: "leave-timed-out", stage: "membership" });
      if (!eagerGossip) linger();
    });
    // Told at once along the ring; whoever heard it passes it on without us.
    if (eagerGossip) linger();
  }

  #finish(): void {
    if (this.#context.state === "leaving") this.#context.state = "left";
    this.abandon();
  }
}
