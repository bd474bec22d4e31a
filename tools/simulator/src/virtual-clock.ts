/**
 * Time that jumps: from one thing that happens to the next.
 *
 * A 4-ary heap with its keys in typed arrays, because a cluster of ten thousand keeps tens of
 * thousands of packets in flight and each costs one insertion and one removal. Things due at the
 * same moment happen in the order they were scheduled, so that a run is the same every time.
 */

/** Something that will happen. Scheduled at most once at a time; may be used again afterwards. */
export interface TimedEvent {
  /** Place in the heap, or -1. Kept by the clock; start it at -1 and leave it alone. */
  heapIndex: number;
  fire(nowMs: number): void;
}

/** The time of a simulation, and all that is due. */
export class VirtualClock {
  #nowMs = 0;
  #size = 0;
  #nextTurn = 0;
  #dueMs = new Float64Array(1024);
  #turns = new Float64Array(1024);
  readonly #events: TimedEvent[] = [];

  /** Milliseconds since the simulation began; fractions occur. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many things are due some time. */
  get size(): number {
    return this.#size;
  }

  /** When the next thing is due; `Infinity` if nothing is. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : (this.#dueMs[0] as number);
  }

  /**
   * Lets `event` happen at `atMs`, now if that is past, never if it is `Infinity`; what it was
   * scheduled for before is forgotten. O(log n).
   *
   * @throws {RangeError} if `atMs` is not a number.
   */
  schedule(event: TimedEvent, atMs: number): void {
    if (Number.isNaN(atMs)) throw new RangeError("atMs must be a number, got NaN");
    if (event.heapIndex >= 0) this.cancel(event);
    if (atMs === Infinity) return;
    if (this.#size === this.#dueMs.length) this.#grow();
    const index = this.#size;
    this.#size += 1;
    this.#nextTurn += 1;
    this.#rise(index, event, atMs > this.#nowMs ? atMs : this.#nowMs, this.#nextTurn);
  }

  /** Lets `event` not happen. Harmless if it is not scheduled. O(log n). */
  cancel(event: TimedEvent): void {
    const index = event.heapIndex;
    if (index < 0) return;
    event.heapIndex = -1;
    const last = this.#size - 1;
    this.#size = last;
    const moved = this.#events[last] as TimedEvent;
    this.#events.pop();
    if (index === last) return;
    const dueMs = this.#dueMs[last] as number;
    const turn = this.#turns[last] as number;
    if (index > 0 && this.#isBefore(dueMs, turn, (index - 1) >> 2)) {
      this.#rise(index, moved, dueMs, turn);
    } else {
      this.#sink(index, moved, dueMs, turn);
    }
  }

  /** Runs `action` at `atMs`; for what happens rarely. Returns what cancels it. */
  at(atMs: number, action: (nowMs: number) => void): TimedEvent {
    const event: TimedEvent = { heapIndex: -1, fire: action };
    this.schedule(event, atMs);
    return event;
  }

  /** Jumps to the next thing and lets it happen. Returns false if nothing is due. */
  fireNext(): boolean {
    if (this.#size === 0) return false;
    const event = this.#events[0] as TimedEvent;
    this.#nowMs = this.#dueMs[0] as number;
    this.cancel(event);
    event.fire(this.#nowMs);
    return true;
  }

  /** Lets time pass without anything happening. @throws {RangeError} if something would be missed. */
  advanceTo(nowMs: number): void {
    if (!(nowMs >= this.#nowMs && nowMs <= this.nextMs)) {
      throw new RangeError(`cannot advance from ${this.#nowMs} to ${nowMs}, due at ${this.nextMs}`);
    }
    this.#nowMs = nowMs;
  }

  #isBefore(dueMs: number, turn: number, index: number): boolean {
    const otherMs = this.#dueMs[index] as number;
    return dueMs === otherMs ? turn < (this.#turns[index] as number) : dueMs < otherMs;
  }

  #rise(start: number, event: TimedEvent, dueMs: number, turn: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#isBefore(dueMs, turn, parent)) break;
      this.#move(parent, index);
      index = parent;
    }
    this.#place(index, event, dueMs, turn);
  }

  #sink(start: number, event: TimedEvent, dueMs: number, turn: number): void {
    let index = start;
    for (;;) {
      const first = index * 4 + 1;
      if (first >= this.#size) break;
      const end = first + 4 < this.#size ? first + 4 : this.#size;
      let least = first;
      for (let child = first + 1; child < end; child += 1) {
        if (this.#isBefore(this.#dueMs[child] as number, this.#turns[child] as number, least)) {
          least = child;
        }
      }
      if (this.#isBefore(dueMs, turn, least)) break;
      this.#move(least, index);
      index = least;
    }
    this.#place(index, event, dueMs, turn);
  }

  #move(from: number, to: number): void {
    this.#place(
      to,
      this.#events[from] as TimedEvent,
      this.#dueMs[from] as number,
      this.#turns[from] as number,
    );
  }

  #place(index: number, event: TimedEvent, dueMs: number, turn: number): void {
    this.#events[index] = event;
    this.#dueMs[index] = dueMs;
    this.#turns[index] = turn;
    event.heapIndex = index;
  }

  #grow(): void {
    const dueMs = new Float64Array(this.#dueMs.length * 2);
    dueMs.set(this.#dueMs);
    this.#dueMs = dueMs;
    const turns = new Float64Array(this.#turns.length * 2);
    turns.set(this.#turns);
    this.#turns = turns;
  }
}
