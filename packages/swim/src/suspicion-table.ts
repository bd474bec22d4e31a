/**
 * The suspicions under way, each with its timer.
 *
 * Deviation: a member that is alone with a suspicion others could have confirmed does not declare the
 * suspect dead before it has told it for another while, once per probe interval. What was lost may have
 * been its accusations: the suspect has never heard of them, and everybody would believe the news of
 * its death.
 *
 * Deviation: a confirmation that comes late ends no suspicion on the spot: the suspect is told, and has
 * one probe interval more. Often it is the first accusation itself that has got through at last and
 * comes back from others, while the refutation, which can only follow it, is on its way.
 *
 * Read next: `suspicion.ts` for how long one lasts.
 */
import type { CoreContext } from "./core-context.ts";
import type { NameKey } from "./member-record.ts";
import { Suspicion, suspicionBounds } from "./suspicion.ts";
import type { Timer } from "./timer-table.ts";

/**
 * Stands in for the probe interval of a member that does not probe.
 *
 * Deviation: in the reference such a member believes every accusation at once.
 */
const UNPROBED_INTERVAL_MS = 1_000;

interface RunningSuspicion {
  readonly suspicion: Suspicion;
  readonly timer: Timer;
  /** Its timer fires first when one probe interval is left, or at once when less is. */
  isConfirmedAnew: boolean;
}

/** Where this member looks at suspects for itself. */
export interface SuspectLooks {
  /** A rumour made this member a suspect. */
  checkSuspect(row: number, accuser: string, nowMs: number): void;
  /** We alone suspect it, once per probe interval for a while; or somebody agrees too late. */
  lookAgain(row: number, isFirst: boolean, nowMs: number): void;
}

/** At most one per suspect; bounded by the member table. */
export class SuspicionTable {
  readonly #context: CoreContext;
  readonly #looks: () => SuspectLooks;
  readonly #timedOut: (row: number, nowMs: number) => void;
  /** By the number of the suspect's name. */
  readonly #running = new Map<number, RunningSuspicion>();

  /**
   * @param looks - not asked before the first suspicion.
   * @param timedOut - nobody refuted in time: the suspect of this row is dead.
   */
  constructor(
    context: CoreContext,
    looks: () => SuspectLooks,
    timedOut: (row: number, nowMs: number) => void,
  ) {
    this.#context = context;
    this.#looks = looks;
    this.#timedOut = timedOut;
  }

  has(key: NameKey): boolean {
    return this.#running.has(key.number);
  }

  start(key: NameKey, accuser: string, nowMs: number): void {
    const { options, table, timers } = this.#context;
    const bounds = suspicionBounds(table.size, { ...options, probeIntervalMs: this.#intervalMs });
    const suspicion = new Suspicion(bounds, accuser, nowMs);
    const timer = timers.set(suspicion.deadlineMs, (firedMs) => this.#fire(key, running, firedMs));
    const running: RunningSuspicion = { suspicion, timer, isConfirmedAnew: false };
    this.#running.set(key.number, running);
  }

  /** @returns whether the accuser is new and still needed; then the wait has become shorter. */
  confirm(key: NameKey, accuser: string): boolean {
    const running = this.#running.get(key.number);
    const beforeMs = running?.suspicion.deadlineMs ?? 0;
    if (running === undefined || !running.suspicion.confirm(accuser)) return false;
    if (running.suspicion.deadlineMs < beforeMs) running.isConfirmedAnew = true;
    this.#arm(running);
    return true;
  }

  /** We found nobody listening where the suspect should be. */
  noteRefusal(key: NameKey): void {
    const running = this.#running.get(key.number);
    if (running === undefined) return;
    running.suspicion.noteRefusal();
    this.#arm(running);
  }

  forget(key: NameKey): void {
    const running = this.#running.get(key.number);
    if (running === undefined) return;
    this.#context.timers.cancel(running.timer);
    this.#running.delete(key.number);
  }

  /** Whoever ends a suspicion otherwise forgets it: the suspect is still one, and there. */
  #fire(key: NameKey, running: RunningSuspicion, nowMs: number): void {
    const { outbox, table } = this.#context;
    const row = table.row(key);
    if (row === undefined || this.#waitsForAnswer(running, row, nowMs)) return;
    if (this.#looksAgain(running, row, nowMs)) return;
    this.#running.delete(key.number);
    const { confirmationCount } = running.suspicion;
    outbox.report({ kind: "suspicion-timed-out", name: key.name, confirmationCount });
    this.#timedOut(row, nowMs);
  }

  get #intervalMs(): number {
    return this.#context.options.probeIntervalMs || UNPROBED_INTERVAL_MS;
  }

  #arm({ isConfirmedAnew, suspicion, timer }: RunningSuspicion): void {
    const { deadlineMs } = suspicion;
    this.#context.timers.move(timer, isConfirmedAnew ? deadlineMs - this.#intervalMs : deadlineMs);
  }

  /** The first to fire after a confirmation: the suspect has an interval from here on. */
  #waitsForAnswer(running: RunningSuspicion, row: number, nowMs: number): boolean {
    if (!running.isConfirmedAnew) return false;
    running.isConfirmedAnew = false;
    const { suspicion } = running;
    const wasOver = suspicion.deadlineMs <= nowMs;
    suspicion.lastUntil(nowMs + this.#intervalMs);
    this.#arm(running);
    if (wasOver) this.#looks().lookAgain(row, false, nowMs);
    return true;
  }

  #looksAgain(running: RunningSuspicion, row: number, nowMs: number): boolean {
    const { suspicion } = running;
    if (!suspicion.isLonely) return false;
    const isFirst = !suspicion.isExtended;
    if (!suspicion.extend(this.#intervalMs)) return false;
    this.#arm(running);
    this.#looks().lookAgain(row, isFirst, nowMs);
    return true;
  }
}
