/**
 * Holds back the returns of a member that fails again and again.
 *
 * A member whose network flaps is found dead, refutes it, and is found dead again, for as long as the
 * network does. SWIM must follow every turn; users need not. Here a member that has failed by silence
 * several times in a short time, or once amid suspicions it survived, and comes back by a
 * refutation alone stays `failed` for the user until it has been well for a while: alive below, and
 * suspected by nobody. A join intent newer than the last failure ends that at once, since a process
 * that was started anew or told to join sends one and a flapping member does not.
 *
 * It is a local matter: nothing on the wire depends on it, and the layer below probes, tells and
 * believes the member as if nothing were. Where a third of the others flap, it is the network or we
 * ourselves, and nobody is held.
 *
 * Deviation: the reference shows every turn.
 *
 * Source: damping as in RFC 2439 §4, with the evidence of the failure detector in place of a decay.
 */
import type { RegistryEntry } from "./member-registry.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime } from "./serf-event.ts";
import type { Timer } from "./timer-queue.ts";

/** Of the other members so large a part may be held. */
const HELD_SHARE = 1 / 3;
/** So many suspicions survived weigh as much as a failure. */
const SUSPICIONS_PER_FAILURE = 2;

/** The failures and suspicions of one member that followed each other closely. */
interface Streak {
  failureCount: number;
  suspicionCount: number;
  /** It has failed, and is in trouble often enough to be held when it comes back. */
  isFlapping: boolean;
  /** When it failed or was suspected last, or was let go. */
  troubledMs: number;
  /** Lamport time of the last intent known at the last failure. */
  statusTime: LamportTime;
  /** It lives, and is shown as failed. */
  isHeld: boolean;
  /** Runs while it is well. */
  timer: Timer | undefined;
}

/** Who has failed how often of late, and who is held therefore. */
export class FlapDamping {
  readonly #context: SerfContext;
  readonly #released: (name: string, nowMs: number) => void;
  /** By name, the longest known first. */
  readonly #streaks = new Map<string, Streak>();
  readonly #held = new Set<string>();
  /** Streaks of members that flap. */
  #flappingCount = 0;

  /** @param released - this member counts as alive from now on. */
  constructor(context: SerfContext, released: (name: string, nowMs: number) => void) {
    this.#context = context;
    this.#released = released;
  }

  /** Members that live and are shown as failed. */
  get heldCount(): number {
    return this.#held.size;
  }

  /** Members whose failures are remembered; at most `flapMemberLimit`. */
  get rememberedCount(): number {
    return this.#streaks.size;
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  /** It is silent, and dead for the layer below. */
  noteFailure(entry: RegistryEntry, nowMs: number): void {
    const streak = this.#troubled(entry.name, nowMs);
    if (streak === undefined) return;
    this.#stopHolding(entry.name, streak);
    streak.failureCount += 1;
    streak.statusTime = entry.statusTime;
    this.#weigh(streak);
    if (!this.#isShareSmall()) this.#releaseAll(nowMs);
  }

  /** The layer below sees a failed member alive. @returns whether it stays failed for the user. */
  holds(entry: RegistryEntry, nowMs: number): boolean {
    const { flapStableMs, flapWindowMs } = this.#context.options;
    const streak = this.#streaks.get(entry.name);
    if (streak === undefined || !streak.isFlapping) return false;
    if (entry.statusTime > streak.statusTime || !this.#isShareSmall()) return false;
    // It was away for long: whatever that was, it is over.
    if (nowMs - streak.troubledMs > flapWindowMs) return false;
    streak.isHeld = true;
    this.#held.add(entry.name);
    this.#awaitStable(entry.name, streak, nowMs);
    const { failureCount } = streak;
    const member = entry.picture;
    this.#context.report({ kind: "flap-held", member, failureCount, stableMs: flapStableMs });
    return true;
  }

  /** Somebody suspects it. */
  noteSuspected(name: string): void {
    const streak = this.#streaks.get(name);
    if (streak !== undefined) this.#stopTimer(streak);
  }

  /** It has cleared itself of a suspicion. */
  noteRefuted(name: string, nowMs: number): void {
    const streak = this.#troubled(name, nowMs);
    if (streak === undefined) return;
    streak.suspicionCount += 1;
    if (streak.isHeld) this.#awaitStable(name, streak, nowMs);
  }

  /** From now on it has to stay well. */
  #awaitStable(name: string, streak: Streak, nowMs: number): void {
    const { options, timers } = this.#context;
    this.#stopTimer(streak);
    streak.timer = timers.schedule(nowMs + options.flapStableMs, (atMs) =>
      this.#release(name, streak, atMs),
    );
  }

  /** A join intent newer than any before: it was started anew, or told to join. */
  noteJoin(name: string, nowMs: number): void {
    const streak = this.#streaks.get(name);
    if (streak?.isHeld === true) this.#release(name, streak, nowMs);
  }

  /** It is of no interest any more, or has left by its own word. */
  forget(name: string): void {
    const streak = this.#streaks.get(name);
    if (streak === undefined) return;
    this.#stopHolding(name, streak);
    this.#remove(name, streak);
  }

  /** Forgets what is over. The owner calls it from time to time. */
  expire(nowMs: number): void {
    for (const [name, streak] of this.#streaks) {
      if (this.#isOver(streak, nowMs)) this.#remove(name, streak);
    }
  }

  #isOver(streak: Streak, nowMs: number): boolean {
    return !streak.isHeld && nowMs - streak.troubledMs > this.#context.options.flapWindowMs;
  }

  /** @returns the streak that goes on, or a new one; nothing when there is no room. */
  #troubled(name: string, nowMs: number): Streak | undefined {
    const { flapFailureLimit, flapMemberLimit } = this.#context.options;
    if (flapFailureLimit === 0) return undefined;
    const known = this.#streaks.get(name);
    if (known !== undefined && !this.#isOver(known, nowMs)) {
      known.troubledMs = nowMs;
      return known;
    }
    if (known !== undefined) this.#remove(name, known);
    if (this.#streaks.size >= flapMemberLimit) this.#makeRoom();
    if (this.#streaks.size >= flapMemberLimit) return undefined;
    const streak: Streak = {
      failureCount: 0,
      suspicionCount: 0,
      isFlapping: false,
      troubledMs: nowMs,
      statusTime: 0n,
      isHeld: false,
      timer: undefined,
    };
    this.#streaks.set(name, streak);
    return streak;
  }

  /** The longest known goes; who is held stays, or nobody would ever let it go. */
  #makeRoom(): void {
    for (const [name, streak] of this.#streaks) {
      if (!streak.isHeld) return this.#remove(name, streak);
    }
  }

  #remove(name: string, streak: Streak): void {
    this.#streaks.delete(name);
    if (streak.isFlapping) this.#flappingCount -= 1;
  }

  #weigh(streak: Streak): void {
    const { failureCount, suspicionCount } = streak;
    const weight = failureCount + suspicionCount / SUSPICIONS_PER_FAILURE;
    if (streak.isFlapping || weight < this.#context.options.flapFailureLimit) return;
    streak.isFlapping = true;
    this.#flappingCount += 1;
  }

  #isShareSmall(): boolean {
    const otherCount = this.#context.registry.size - 1;
    return this.#flappingCount <= Math.floor(otherCount * HELD_SHARE);
  }

  #releaseAll(nowMs: number): void {
    for (const [name, streak] of this.#streaks) {
      if (streak.isHeld) this.#release(name, streak, nowMs);
    }
  }

  #release(name: string, streak: Streak, nowMs: number): void {
    this.#stopHolding(name, streak);
    streak.troubledMs = nowMs;
    this.#released(name, nowMs);
  }

  #stopHolding(name: string, streak: Streak): void {
    this.#stopTimer(streak);
    streak.isHeld = false;
    this.#held.delete(name);
  }

  #stopTimer(streak: Streak): void {
    this.#context.timers.cancel(streak.timer);
    streak.timer = undefined;
  }
}
