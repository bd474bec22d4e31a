/**
 * The state two members exchange whole: clocks, intents, recent user events.
 *
 * Source: Serf specification §8.4, §8.5, §3.3; its weaknesses 1 and 2.
 */
import { WireError } from "@x/swim/wire";
import { recentUserEvents } from "./dedup-window.ts";
import type { LamportClock } from "./lamport-clock.ts";
import type { Membership } from "./membership.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime } from "./serf-event.ts";
import type { UserEvents } from "./user-event.ts";
import { decodePushPullStateLazily, encodeSerfMessage } from "./wire/message-codec.ts";
import { pushPullStateLimits, type UnreadPushPullState } from "./wire/push-pull-codec.ts";

/** Joins a state claims, as far as they were not merged yet. */
interface WaitingJoins {
  readonly entries: Iterator<readonly [node: string, lamportTime: LamportTime]>;
  /** Members the state says have left. */
  readonly left: ReadonlySet<string>;
}

/** Intents merged at a stretch: what is left waits for the packets that came meanwhile. */
const INTENT_SLICE = 1_024;
/** Intents of all states that wait together; the ones beyond are merged at once. */
const WAITING_INTENTS_LIMIT = pushPullStateLimits.memberCount;

/** Writes the state of this member, and merges that of others. */
export class PushPullState {
  #waitingIntents = 0;
  readonly #context: SerfContext;
  readonly #membership: Membership;
  readonly #userEvents: UserEvents;

  constructor(context: SerfContext, membership: Membership, userEvents: UserEvents) {
    this.#context = context;
    this.#membership = membership;
    this.#userEvents = userEvents;
  }

  encode(): Uint8Array {
    const { clocks, registry } = this.#context;
    const statusTimes = new Map<string, LamportTime>();
    const leftMembers: string[] = [];
    for (const entry of registry.entries()) {
      statusTimes.set(entry.name, entry.statusTime);
      if (entry.status === "left") leftMembers.push(entry.name);
    }
    return encodeSerfMessage({
      kind: "push-pull",
      lamportTime: clocks.member.time,
      statusTimes,
      leftMembers,
      eventLamportTime: clocks.event.time,
      events: recentUserEvents(this.#userEvents.window),
      queryLamportTime: clocks.query.time,
    });
  }

  /**
   * Merges clocks, leaves and events at once, and the joins in slices: there is one for every member
   * of the cluster, and merging ten thousand at a stretch would delay the answer to a ping.
   *
   * @param skipsOldEvents - this member is joining and wants no events of the past.
   */
  merge(bytes: Uint8Array, skipsOldEvents: boolean, nowMs: number): void {
    let state: UnreadPushPullState;
    try {
      state = decodePushPullStateLazily(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#context.report({ kind: "remote-state-rejected", message: error.message });
      return;
    }
    const believesEventTime = this.#witnessClocks(state);
    this.#mergeIntents(state, nowMs);
    // A minimum in a future that never comes would silence all events for good.
    if (skipsOldEvents && believesEventTime)
      this.#userEvents.raiseMinimumTime(state.eventLamportTime);
    for (const slot of state.events ?? []) {
      if (slot === undefined) continue;
      for (const event of slot.events ?? []) {
        this.#userEvents.replay(slot.lamportTime, event, nowMs);
      }
    }
  }

  /** @returns whether the event clock of the state can be true. */
  #witnessClocks(state: UnreadPushPullState): boolean {
    const { member, event, query } = this.#context.clocks;
    this.#witness(member, state.lamportTime);
    this.#witness(query, state.queryLamportTime);
    return this.#witness(event, state.eventLamportTime);
  }

  /** One less, since a clock's value is the next time to be used. */
  #witness(clock: LamportClock, time: LamportTime): boolean {
    if (time === 0n || clock.witness(time - 1n) !== "refused") return true;
    this.#context.report({
      kind: "message-rejected",
      code: "clock-jump",
      message: `a state claims Lamport time ${time}, too far ahead to be true`,
    });
    return false;
  }

  #mergeIntents(state: UnreadPushPullState, nowMs: number): void {
    const { registry, name } = this.#context;
    const left = new Set(state.leftMembers ?? []);
    // Leaves before joins: a member that left and came back must end as here.
    for (const [node, time] of timesOf(left, state)) {
      // Deviation: the reference adds one every time, so that the times of members long gone, and
      // the clock with them, creep up with every exchange.
      const isKnown = registry.find(node)?.status === "left";
      const lamportTime = isKnown ? time : time + 1n;
      this.#membership.handleLeaveIntent({ kind: "leave", lamportTime, node, prune: false }, nowMs);
    }
    const { statusTimes } = state;
    if (statusTimes !== undefined) {
      this.#waitingIntents += statusTimes.size;
      this.#mergeJoins({ entries: statusTimes[Symbol.iterator](), left }, nowMs);
    }
    if (left.has(name)) this.#membership.reannounce(nowMs);
  }

  #mergeJoins(joins: WaitingJoins, nowMs: number): void {
    const isCrowded = this.#waitingIntents > WAITING_INTENTS_LIMIT;
    for (let count = 0; count < INTENT_SLICE || isCrowded; count += 1) {
      const next = joins.entries.next();
      if (next.done === true) return;
      const [node, lamportTime] = next.value;
      this.#waitingIntents -= 1;
      if (joins.left.has(node)) continue;
      this.#membership.handleJoinIntent({ kind: "join", lamportTime, node }, nowMs);
    }
    this.#context.timers.schedule(nowMs, (dueMs) => this.#mergeJoins(joins, dueMs));
  }
}

/** When each of these left; 0 for one the state gives no time. */
function timesOf(
  left: ReadonlySet<string>,
  { statusTimes }: UnreadPushPullState,
): ReadonlyMap<string, LamportTime> {
  const times = new Map<string, LamportTime>([...left].map((node) => [node, 0n]));
  if (left.size === 0) return times;
  for (const [node, time] of statusTimes ?? []) if (left.has(node)) times.set(node, time);
  return times;
}
