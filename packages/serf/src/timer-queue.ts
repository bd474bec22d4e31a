/**
 * What shall happen later, soonest first.
 *
 * A binary heap: scheduling costs O(log n). A cancelled timer stays in the heap until its time has
 * come or until cancelled ones are the majority, so cancelling costs next to nothing and the heap
 * never holds more than twice the live timers.
 */

/** A scheduled action; keep it to cancel. */
export interface Timer {
  readonly atMs: number;
}

interface HeapTimer extends Timer {
  /** `undefined` once run or cancelled. */
  action: ((nowMs: number) => void) | undefined;
  isOnHeap: boolean;
  /** Among equal times, first scheduled runs first. */
  readonly order: number;
}

/** Below this many cancelled timers, sweeping is not worth a pass. */
const SWEEP_MINIMUM = 64;

/** Actions ordered by time. It never looks at a clock: its owner says what time it is. */
export class TimerQueue {
  #heap: HeapTimer[] = [];
  /** Taken off the heap by the `runDue` under way, and yet to run; the soonest last. */
  #due: HeapTimer[] = [];
  /** Of those on the heap. */
  #cancelledCount = 0;
  #nextOrder = 0;

  /** Live timers. */
  get size(): number {
    const dueCount = this.#due.filter(({ action }) => action !== undefined).length;
    return this.#heap.length - this.#cancelledCount + dueCount;
  }

  /**
   * @param atMs - monotonic milliseconds; a time in the past means "at the next occasion".
   * @throws {RangeError} if `atMs` is not a number; `Infinity` never runs.
   */
  schedule(atMs: number, action: (nowMs: number) => void): Timer {
    if (Number.isNaN(atMs)) throw new RangeError("atMs must be a number, got NaN");
    const timer: HeapTimer = { atMs, action, isOnHeap: true, order: this.#nextOrder };
    this.#nextOrder += 1;
    this.#push(timer);
    return timer;
  }

  /** Harmless for `undefined`, for a timer that has run, and for one cancelled before. */
  cancel(timer: Timer | undefined): void {
    if (timer === undefined) return;
    const own = timer as HeapTimer;
    if (own.action === undefined) return;
    own.action = undefined;
    if (!own.isOnHeap) return;
    this.#cancelledCount += 1;
    if (this.#cancelledCount >= SWEEP_MINIMUM && this.#cancelledCount * 2 > this.#heap.length) {
      this.#sweep();
    }
  }

  /** When the soonest live timer is due; `Infinity` when there is none. */
  nextDeadlineMs(): number {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return Infinity;
      if (first.action !== undefined) return first.atMs;
      this.#removeFirst();
      this.#cancelledCount -= 1;
    }
  }

  /**
   * Runs what is due. What an action schedules for now or earlier runs at the next call, so that a
   * call always ends.
   */
  runDue(nowMs: number): void {
    while (this.nextDeadlineMs() <= nowMs) {
      const timer = this.#removeFirst();
      if (timer !== undefined) this.#due.push(timer);
    }
    this.#due.reverse();
    try {
      for (let timer = this.#due.pop(); timer !== undefined; timer = this.#due.pop()) {
        const { action } = timer;
        timer.action = undefined;
        action?.(nowMs);
      }
    } finally {
      // An action threw: what is left is due again.
      for (const timer of this.#due.splice(0)) {
        if (timer.action !== undefined) this.#push(timer);
      }
    }
  }

  /** Forgets everything, the timers due now included. */
  clear(): void {
    for (const timer of [...this.#heap, ...this.#due]) timer.action = undefined;
    this.#heap = [];
    this.#cancelledCount = 0;
  }

  #sweep(): void {
    const live = this.#heap.filter((timer) => timer.action !== undefined);
    live.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    // A sorted array is a heap.
    this.#heap = live;
    this.#cancelledCount = 0;
  }

  #push(timer: HeapTimer): void {
    timer.isOnHeap = true;
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
  }

  #removeFirst(): HeapTimer | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first !== undefined) first.isOnHeap = false;
    if (first === undefined || last === undefined || last === first) return first;
    this.#heap[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const a = this.#heap[left];
      if (a === undefined) return;
      const b = this.#heap[left + 1];
      const smaller = b !== undefined && isBefore(b, a) ? left + 1 : left;
      if (!this.#swapIfBefore(smaller, index)) return;
      index = smaller;
    }
  }

  #swapIfBefore(child: number, parent: number): boolean {
    const a = this.#heap[child];
    const b = this.#heap[parent];
    if (a === undefined || b === undefined || !isBefore(a, b)) return false;
    this.#heap[child] = b;
    this.#heap[parent] = a;
    return true;
  }
}

function isBefore(a: HeapTimer, b: HeapTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
