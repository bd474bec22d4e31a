/**
 * Holds events back until the snapshot's lines about them are in its file, so that a member killed
 * at any moment never hears an event a second time after its restart.
 *
 * Written, not synced: what the system has taken survives the process, and a loss of power is not
 * worth a sync per event. Events that arrive during a write share the next one, so the cost is one
 * write per batch however fast they come.
 *
 * The file is never worth more than the events. One that cannot be written has nothing to wait for;
 * one that hangs holds events up to a time and a number, then they go out all the same, in order.
 *
 * Deviation: the reference delivers first and writes within 500 ms, and after a kill in between
 * repeats the event.
 */

/** What the gate must know of the snapshot. */
export interface DeliveryRecord {
  /** Nothing recorded is on its way to the file. */
  readonly isSettled: boolean;
  /** Resolves when all recorded so far is in the file, or never will be. Never rejects. */
  written(): Promise<void>;
}

/** Options of a `DeliveryGate`. */
export interface DeliveryGateOptions<Event> {
  readonly record: DeliveryRecord;
  readonly deliver: (event: Event) => void;
  /** Told when held events go out although their lines are not written, and why. */
  readonly onImpatience?: (message: string) => void;
  /** Most events held. Default 8,192. */
  readonly heldLimit?: number;
  /** Longest that events are held, in milliseconds. Default 1,000. */
  readonly patienceMs?: number;
}

const DEFAULT_HELD_LIMIT = 8_192;
const DEFAULT_PATIENCE_MS = 1_000;

/** See the head of this file. */
export class DeliveryGate<Event> {
  readonly #record: DeliveryRecord;
  readonly #deliver: (event: Event) => void;
  readonly #onImpatience: (message: string) => void;
  readonly #heldLimit: number;
  readonly #patienceMs: number;
  /** Waiting for the write under way. */
  #covered: Event[] = [];
  /** Come since that write began: waiting for the next. */
  #held: Event[] = [];
  #isWaiting = false;
  /** The file hangs: until the write under way ends, nothing is held. */
  #isImpatient = false;
  #isReleasing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DeliveryGateOptions<Event>) {
    this.#record = options.record;
    this.#deliver = options.deliver;
    this.#onImpatience = options.onImpatience ?? (() => undefined);
    this.#heldLimit = options.heldLimit ?? DEFAULT_HELD_LIMIT;
    this.#patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  /** Delivers the event: at once if nothing is to be written, else as soon as it is. */
  push(event: Event): void {
    const isFree = this.#isImpatient || (!this.#isWaiting && this.#record.isSettled);
    if (isFree && !this.#isReleasing) {
      this.#tell(event);
      return;
    }
    this.#held.push(event);
    if (this.#isReleasing) return;
    if (!this.#isWaiting) void this.#awaitWrites();
    else if (this.#held.length + this.#covered.length >= this.#heldLimit) {
      this.#losePatience(`${this.#heldLimit} events wait for it`);
    }
  }

  /** Delivers what is held, in order, and what its delivery causes. */
  release(): void {
    this.#disarm();
    this.#isReleasing = true;
    this.#tellCovered();
    // The iteration also meets what is pushed meanwhile.
    for (const event of this.#held) this.#tell(event);
    this.#held = [];
    this.#isReleasing = false;
  }

  async #awaitWrites(): Promise<void> {
    this.#isWaiting = true;
    while (this.#held.length > 0) {
      this.#covered = this.#held;
      this.#held = [];
      this.#arm();
      await this.#record.written();
      this.#disarm();
      this.#isImpatient = false;
      this.#tellCovered();
    }
    this.#isWaiting = false;
  }

  #tellCovered(): void {
    const covered = this.#covered;
    this.#covered = [];
    for (const event of covered) this.#tell(event);
  }

  #tell(event: Event): void {
    try {
      this.#deliver(event);
    } catch (error) {
      // The others must still be delivered, and the defect must still be seen.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #arm(): void {
    this.#timer ??= setTimeout(
      () => this.#losePatience(`events waited for it for ${this.#patienceMs} ms`),
      this.#patienceMs,
    );
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #losePatience(reason: string): void {
    this.#isImpatient = true;
    this.#onImpatience(`${reason}: they are delivered before it is written`);
    this.release();
  }
}
