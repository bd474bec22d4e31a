/**
 * Hands events from a producer that never waits to readers that may.
 *
 * Every reader has its own bounded queue, so a slow one neither slows the others nor grows without
 * end: what does not fit is dropped, counted, and told in its place by an `overflow` item. Order is
 * kept, and nothing is lost silently.
 */

/** Stands where events are missing. */
export interface Overflow {
  readonly kind: "overflow";
  /** How many events were dropped at this place, at least 1. */
  readonly droppedCount: number;
}

/** How one reader wants to read. */
export interface SubscribeOptions {
  /** Aborting frees the queue and makes the iteration throw `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Most events waiting for this reader. Default: the buffer's. */
  readonly bufferLimit?: number;
}

/** How many events wait for one reader unless told otherwise. */
const DEFAULT_BUFFER_LIMIT = 1_024;

/**
 * @example
 * const buffer = new EventBuffer<string>();
 * const reader = buffer.subscribe();
 * buffer.push("joined");
 * for await (const event of reader) console.log(event);
 */
export class EventBuffer<Event> {
  readonly #bufferLimit: number;
  readonly #readers = new Set<Reader<Event>>();
  #isClosed = false;

  /** @throws {RangeError} if the limit is not a whole number of at least 1. */
  constructor(options: { readonly bufferLimit?: number } = {}) {
    this.#bufferLimit = checkedLimit(options.bufferLimit ?? DEFAULT_BUFFER_LIMIT);
  }

  /** Readers subscribed now. */
  get readerCount(): number {
    return this.#readers.size;
  }

  /** Gives the event to every reader. Never throws, never waits; without readers it is gone. */
  push(event: Event): void {
    for (const reader of this.#readers) reader.push(event);
  }

  /**
   * Begins to collect now, not at the first read: no event between the two is missed.
   *
   * The queue is freed when the loop is left, when the signal aborts, or when the buffer closes
   * and the rest has been read.
   *
   * @throws {RangeError} if the limit is not a whole number of at least 1.
   */
  subscribe(options: SubscribeOptions = {}): AsyncIterableIterator<Event | Overflow> {
    const limit = checkedLimit(options.bufferLimit ?? this.#bufferLimit);
    const reader = new Reader<Event>(limit, options.signal, () => this.#readers.delete(reader));
    if (this.#isClosed) reader.end();
    else if (options.signal?.aborted !== true) this.#readers.add(reader);
    return reader;
  }

  /** No event follows; readers get what is waiting and then end. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}

function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`bufferLimit is ${limit}: give a whole number of at least 1`);
  }
  return limit;
}

interface Waiter<Event> {
  readonly resolve: (result: IteratorResult<Event | Overflow>) => void;
  readonly reject: (reason: unknown) => void;
}

/** One reader's queue. `next` may be called many times ahead; the answers keep their order. */
class Reader<Event> implements AsyncIterableIterator<Event | Overflow> {
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  readonly #leave: () => void;
  /** Taken from `#head`; the part before it is already read. */
  #items: (Event | OpenOverflow)[] = [];
  #head = 0;
  readonly #waiters: Waiter<Event>[] = [];
  #isEnded = false;

  constructor(limit: number, signal: AbortSignal | undefined, leave: () => void) {
    this.#limit = limit;
    this.#signal = signal;
    this.#leave = leave;
    if (signal?.aborted === true) this.#isEnded = true;
    else signal?.addEventListener("abort", this.#abort, { once: true });
  }

  push(event: Event): void {
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: event });
      return;
    }
    const last = this.#items.at(-1);
    if (this.#items.length - this.#head < this.#limit) this.#items.push(event);
    else if (last instanceof OpenOverflow) last.droppedCount += 1;
    else this.#items.push(new OpenOverflow());
  }

  end(): void {
    this.#isEnded = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Event | Overflow>> {
    if (this.#signal?.aborted === true) return Promise.reject(this.#signal.reason);
    const item = this.#take();
    if (item instanceof OpenOverflow) {
      const value: Overflow = { kind: "overflow", droppedCount: item.droppedCount };
      return Promise.resolve({ done: false, value });
    }
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Called by `break` and `return` in a `for await`. */
  return(): Promise<IteratorResult<Event | Overflow>> {
    this.#clear();
    this.end();
    this.#leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Event | OpenOverflow | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    // Cut off what is read in large pieces only, so that taking stays cheap on average.
    if (this.#head === this.#items.length) this.#clear();
    else if (this.#head >= 1_024 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  readonly #abort = (): void => {
    this.#clear();
    this.#isEnded = true;
    this.#leave();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#signal?.reason);
  };
}

/** An overflow that may still grow. A class of its own, so that no event can be mistaken for it. */
class OpenOverflow {
  droppedCount = 1;
}
