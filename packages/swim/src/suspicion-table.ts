/**
 * The suspicions under way, each with its timer.
 *
 * Deviation: a member that is alone with a suspicion others could have confirmed does not declare the
 * suspect dead before it has told it for another while, once per probe interval. What was lost may have
 * been its accusations: the suspect has never heard of them, and everybody would believe the news of
 * its death.
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
}

/** Where this member looks at suspects for itself. */
export interface SuspectLooks {
  /** A rumour made this member a suspect. */
  checkSuspect(row: number, accuser: string, nowMs: number): void;
  /** We alone suspect it; asked once per probe interval for a while. */
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
    const probeIntervalMs = options.probeIntervalMs || UNPROBED_INTERVAL_MS;
    const bounds = suspicionBounds(table.size, { ...options, probeIntervalMs });
    const suspicion = new Suspicion(bounds, accuser, nowMs);
    const timer: Timer = timers.set(suspicion.deadlineMs, (firedMs) => {
      this.#fire(key, { suspicion, timer }, firedMs);
    });
    this.#running.set(key.number, { suspicion, timer });
  }

  /** @returns whether the accuser is new and still needed; then the wait has become shorter. */
  confirm(key: NameKey, accuser: string): boolean {
    const running = this.#running.get(key.number);
    if (running === undefined || !running.suspicion.confirm(accuser)) return false;
    this.#context.timers.move(running.timer, running.suspicion.deadlineMs);
    return true;
  }

  /** We found nobody listening where the suspect should be. */
  noteRefusal(key: NameKey): void {
    const running = this.#running.get(key.number);
    if (running === undefined) return;
    running.suspicion.noteRefusal();
    this.#context.timers.move(running.timer, running.suspicion.deadlineMs);
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
    if (row === undefined || this.#looksAgain(running, row, nowMs)) return;
    this.#running.delete(key.number);
    const { confirmationCount } = running.suspicion;
    outbox.report({ kind: "suspicion-timed-out", name: key.name, confirmationCount });
    this.#timedOut(row, nowMs);
  }

  #looksAgain({ suspicion, timer }: RunningSuspicion, row: number, nowMs: number): boolean {
    const { options, timers } = this.#context;
    if (!suspicion.isLonely) return false;
    const isFirst = !suspicion.isExtended;
    if (!suspicion.extend(options.probeIntervalMs || UNPROBED_INTERVAL_MS)) return false;
    timers.move(timer, suspicion.deadlineMs);
    this.#looks().lookAgain(row, isFirst, nowMs);
    return true;
  }
}
