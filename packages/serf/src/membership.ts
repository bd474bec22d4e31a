/**
 * Turns what SWIM sees and what intents claim into members, events and rebroadcasts.
 *
 * The transitions themselves stand in `member-registry.ts`; here is what follows from them: who is
 * told, what is passed on, when a claim about this very member is refuted, and what becomes of a
 * forced leave with prune.
 *
 * Source: Serf specification §5, §6.2, §8.5; its weaknesses 1 to 4.
 */
import type { Member as SwimMember, SwimEvent } from "@x/swim";
import type { EventChain } from "./event-chain.ts";
import { FlapDamping } from "./flap-damping.ts";
import type { IntentBuffer } from "./intent-buffer.ts";
import type { RegistryEntry } from "./member-registry.ts";
import type { Member } from "./member.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime, MemberEventKind } from "./serf-event.ts";
import type { MemberChange } from "./serf-report.ts";
import type { JoinIntentMessage, LeaveIntentMessage } from "./wire/message.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

const CHANGE_OF: Readonly<Record<MemberEventKind, MemberChange>> = {
  "member-join": "join",
  "member-leave": "leave",
  "member-failed": "failed",
  "member-update": "update",
  "member-reap": "reap",
};

/** What must be forgotten along with a member. */
export type EraseHook = (name: string) => void;

/** Decides nothing about transitions, and everything that follows from them. */
export class Membership {
  readonly #context: SerfContext;
  readonly #intents: IntentBuffer;
  readonly #chain: EventChain;
  readonly #erased: EraseHook;
  readonly #damping: FlapDamping;
  #lastReannouncedMs = -Infinity;

  constructor(
    context: SerfContext,
    parts: {
      readonly intents: IntentBuffer;
      readonly chain: EventChain;
      readonly erased: EraseHook;
    },
  ) {
    this.#context = context;
    this.#intents = parts.intents;
    this.#chain = parts.chain;
    this.#erased = parts.erased;
    this.#damping = new FlapDamping(context, (name, nowMs) => this.#release(name, nowMs));
  }

  handleSwimEvent(event: SwimEvent, nowMs: number): void {
    switch (event.kind) {
      case "member-joined":
        return this.#handleJoined(event.member, nowMs);
      case "member-left":
        return this.#handleDeparted(event.member, nowMs);
      case "member-updated":
        return this.#handleUpdated(event.member, nowMs);
      case "member-suspected":
        return this.#damping.noteSuspected(event.member.name);
      case "suspicion-refuted":
        return this.#damping.noteRefuted(event.member.name, nowMs);
      case "user-message":
        return;
    }
  }

  /** @returns whether the intent is news to be passed on. */
  handleLeaveIntent(message: LeaveIntentMessage, nowMs: number): boolean {
    const { registry, clocks } = this.#context;
    if (!this.#witness(message.lamportTime)) return false;
    const entry = registry.find(message.node);
    if (entry === undefined) return this.#buffer("leave", message, nowMs);
    if (message.lamportTime <= entry.statusTime) return false;
    if (message.node === this.#context.name && this.#context.state === "alive") {
      this.#context.report({ kind: "leave-refuted", lamportTime: message.lamportTime });
      this.announce(clocks.member.time, nowMs);
      return false;
    }
    const transition = registry.acceptLeave(entry, message.lamportTime, nowMs);
    if (transition === "left") this.#raise("member-leave", entry, nowMs, true);
    if (message.prune) this.#prune(entry, nowMs);
    return true;
  }

  /** @returns whether the intent is news to be passed on. */
  handleJoinIntent(message: JoinIntentMessage, nowMs: number): boolean {
    if (!this.#witness(message.lamportTime)) return false;
    const entry = this.#context.registry.find(message.node);
    if (entry === undefined) return this.#buffer("join", message, nowMs);
    if (message.lamportTime <= entry.statusTime) return false;
    this.#context.registry.acceptJoin(entry, message.lamportTime, nowMs);
    this.#damping.noteJoin(message.node, nowMs);
    return true;
  }

  /** Tells everybody that this member is here: on joining, and to refute a leave. */
  announce(lamportTime: LamportTime, nowMs: number): void {
    const { name, queues } = this.#context;
    const message: JoinIntentMessage = { kind: "join", lamportTime, node: name };
    this.handleJoinIntent(message, nowMs);
    queues.tellJoin(message, encodeSerfMessage(message));
  }

  /**
   * Repeats the last announcement, after a reconnect: who missed it goes on listing this member as
   * leaving or left. It gets no newer time, which would mean that this member has joined anew: a
   * flapping one reconnects all the time (`flap-damping.ts`).
   *
   * Deviation: the reference says nothing here.
   */
  announceAgain(nowMs: number): void {
    const { clocks, name, registry } = this.#context;
    const lastTime = registry.find(name)?.statusTime ?? 0n;
    this.announce(lastTime === 0n ? clocks.member.time : lastTime, nowMs);
  }

  /**
   * Another member's state lists this one as left: it missed that this one is back.
   *
   * Deviation: the reference answers only if the listed time is newer than its own, and a member
   * may stay `leaving` in somebody's table for ever. At most once per broadcast timeout.
   */
  reannounce(nowMs: number): void {
    const { state, options, clocks } = this.#context;
    if (state !== "alive" || nowMs - this.#lastReannouncedMs < options.broadcastTimeoutMs) return;
    this.#lastReannouncedMs = nowMs;
    this.announce(clocks.member.time, nowMs);
  }

  /**
   * Leave intent of this member's own making, about itself or about another.
   *
   * @returns the message to tell.
   */
  issueLeave(node: string, prune: boolean, nowMs: number): Uint8Array {
    const { member } = this.#context.clocks;
    const message: LeaveIntentMessage = { kind: "leave", lamportTime: member.time, node, prune };
    member.increment();
    this.handleLeaveIntent(message, nowMs);
    return encodeSerfMessage(message);
  }

  /** Removes a member for good and tells so. */
  erase(entry: RegistryEntry, nowMs: number, isForced: boolean): void {
    this.#damping.forget(entry.name);
    this.#context.registry.erase(entry);
    this.#erased(entry.name);
    this.#raise("member-reap", entry, nowMs, isForced);
  }

  /**
   * Takes back claims of leaving that did not come true.
   *
   * Deviation: the reference leaves such a member in `leaving` until it speaks for itself.
   */
  recoverStuckLeavers(nowMs: number): void {
    const { registry, options, swim, name } = this.#context;
    if (options.stuckLeavingMs === 0) return;
    for (const entry of registry.leaving) {
      if (entry.name === name || nowMs - entry.changedAtMs <= options.stuckLeavingMs) continue;
      const state = swim.member(entry.name)?.state;
      if (state !== "alive" && state !== "suspect") continue;
      registry.recover(entry, nowMs);
      this.#context.report({ kind: "leaving-recovered", member: entry.picture });
    }
  }

  /** Whether a member lives below and is shown as failed, since it flaps. */
  isHeld(name: string): boolean {
    return this.#damping.isHeld(name);
  }

  /** Forgets failures of long ago. */
  expireFlaps(nowMs: number): void {
    this.#damping.expire(nowMs);
  }

  /** Every member, failed and left ones included. */
  members(): readonly Member[] {
    return this.#context.registry.entries().map((entry) => entry.picture);
  }

  #handleJoined(member: SwimMember, nowMs: number): void {
    const { registry, options } = this.#context;
    const known = registry.find(member.name);
    if (known?.status === "failed" && this.#damping.holds(known, nowMs)) {
      registry.updated(member);
      return;
    }
    const hasFlapped =
      known?.status === "failed" && nowMs - known.changedAtMs < options.flapTimeoutMs;
    const entry = registry.joined(member, this.#intents.recent(member.name), nowMs);
    if (hasFlapped) this.#context.report({ kind: "member-flapped", member: entry.picture });
    this.#raise("member-join", entry, nowMs, false);
  }

  #handleDeparted(member: SwimMember, nowMs: number): void {
    const { registry } = this.#context;
    const hasSigned = member.state === "left";
    const transition = registry.departed(member, hasSigned, nowMs);
    const entry = registry.find(member.name);
    if (entry === undefined) return;
    if (entry.status === "left") this.#damping.forget(entry.name);
    else this.#damping.noteFailure(entry, nowMs);
    if (transition !== "ignored") {
      this.#raise(transition === "left" ? "member-leave" : "member-failed", entry, nowMs, false);
    }
    // Only who is leaving can be waited for, and who is leaving has left now.
    if (entry.isPrunePending) this.erase(entry, nowMs, true);
  }

  /** It has been well for long enough, or has joined again. */
  #release(name: string, nowMs: number): void {
    const { registry, swim } = this.#context;
    const member = swim.member(name);
    if (member === undefined || member.state === "dead" || member.state === "left") return;
    const entry = registry.joined(member, this.#intents.recent(name), nowMs);
    this.#raise("member-join", entry, nowMs, false);
  }

  #handleUpdated(member: SwimMember, nowMs: number): void {
    const entry = this.#context.registry.updated(member);
    // Who is shown as failed is told with its newest record once it is let go.
    if (entry === undefined || this.#damping.isHeld(member.name)) return;
    this.#raise("member-update", entry, nowMs, false);
  }

  /**
   * Deviation: the reference waits six seconds when the member is about to leave, and then forgets
   * it even if it lives, so that it vanishes until it dies and returns. Here the order waits for the
   * member to leave, and is void when the member refutes it.
   */
  #prune(entry: RegistryEntry, nowMs: number): void {
    // A failed member has left by the very order.
    const isGone = entry.status === "left" && !this.#damping.isHeld(entry.name);
    if (isGone) this.erase(entry, nowMs, true);
    else entry.isPrunePending = true;
  }

  #buffer(
    kind: "join" | "leave",
    message: JoinIntentMessage | LeaveIntentMessage,
    nowMs: number,
  ): boolean {
    const { lamportTime, node } = message;
    const { nameBytesLimit } = this.#context.options.swim;
    // SWIM admits no member of a longer name, so there is nothing to wait for. A text has at most
    // as many units as bytes.
    if (node.length > nameBytesLimit) {
      this.#context.report({
        kind: "message-rejected",
        code: "too-large",
        message: `an intent about a name of more than ${nameBytesLimit} bytes`,
      });
      return false;
    }
    const outcome = this.#intents.upsert(node, { kind, lamportTime }, nowMs);
    if (outcome === "full") this.#context.report({ kind: "intent-buffer-full", name: node });
    return outcome === "stored";
  }

  #witness(time: LamportTime): boolean {
    if (this.#context.clocks.member.witness(time) !== "refused") return true;
    this.#context.report({
      kind: "message-rejected",
      code: "clock-jump",
      message: `an intent claims Lamport time ${time}, too far ahead to be true`,
    });
    return false;
  }

  #raise(kind: MemberEventKind, entry: RegistryEntry, nowMs: number, isForced: boolean): void {
    const member = entry.picture;
    this.#context.report({ kind: "member-changed", change: CHANGE_OF[kind], member, isForced });
    this.#chain.raise({ kind, members: [member] }, nowMs);
  }
}
