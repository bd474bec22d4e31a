/**
 * Every deadline of one core, in one heap.
 *
 * A core has no clock: its driver asks `nextDueMs` and calls `runDue` in time. Timers due at the
 * same moment run in the order they were set, so that the same inputs give the same outputs.
 */

/** Cancelled, or run. */
const IDLE = -1;
/** Taken off the heap by `runDue`, about to run. */
const DUE = -2;

/** A deadline somebody waits for. The handle to cancel it. */
export class Timer {
  dueMs: number;
  /** Counts upwards over the life of the table; breaks ties. */
  order: number;
  readonly run: (nowMs: number) => void;
  /** Place in the heap, or why it has none. */
  heapIndex: number = IDLE;

  constructor(dueMs: number, order: number, run: (nowMs: number) => void) {
    this.dueMs = dueMs;
    this.order = order;
    this.run = run;
  }

  get isWaiting(): boolean {
    return this.heapIndex !== IDLE;
  }
}

/** A binary heap of timers: set, move and cancel in O(log n). */
export class TimerTable {
  readonly #heap: Timer[] = [];
  /** Taken off the heap by the `runDue` under way. */
  #due: Timer[] = [];
  #lastOrder = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When `runDue` wants to be called; `Infinity` when nothing waits. */
  get nextDueMs(): number {
    return this.#heap[0]?.dueMs ?? Infinity;
  }

  /** @param dueMs - in the past means "at the next `runDue`". */
  set(dueMs: number, run: (nowMs: number) => void): Timer {
    const timer = new Timer(dueMs, 0, run);
    this.move(timer, dueMs);
    return timer;
  }

  /** Gives a timer, waiting or not, a new deadline. */
  move(timer: Timer, dueMs: number): void {
    this.cancel(timer);
    timer.dueMs = dueMs;
    timer.order = this.#lastOrder += 1;
    timer.heapIndex = this.#heap.length;
    this.#heap.push(timer);
    this.#siftUp(timer);
  }

  /** Harmless when the timer has run or was cancelled. */
  cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    const index = timer.heapIndex;
    timer.heapIndex = IDLE;
    if (index < 0) return;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    last.heapIndex = index;
    this.#heap[index] = last;
    this.#siftUp(last);
    this.#siftDown(last);
  }

  /**
   * Runs what is due, earliest first. A timer set meanwhile waits for the next call even if it is
   * due already: one call does a bounded amount of work.
   */
  runDue(nowMs: number): void {
    const due: Timer[] = [];
    this.#due = due;
    for (;;) {
      const timer = this.#heap[0];
      if (timer === undefined || timer.dueMs > nowMs) break;
      this.cancel(timer);
      // Still cancellable by those that run before it.
      timer.heapIndex = DUE;
      due.push(timer);
    }
    for (const timer of due) {
      if (timer.heapIndex !== DUE) continue;
      timer.heapIndex = IDLE;
      timer.run(nowMs);
    }
    this.#due = [];
  }

  clear(): void {
    for (const timer of [...this.#heap, ...this.#due]) timer.heapIndex = IDLE;
    this.#heap.length = 0;
  }

  #siftUp(timer: Timer): void {
    let index = timer.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(timer, index);
  }

  #siftDown(timer: Timer): void {
    let index = timer.heapIndex;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child =
        right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(timer, index);
  }

  #place(timer: Timer, index: number): void {
    this.#heap[index] = timer;
    timer.heapIndex = index;
  }
}

function isBefore(first: Timer, second: Timer): boolean {
  return first.dueMs < second.dueMs || (first.dueMs === second.dueMs && first.order < second.order);
}
