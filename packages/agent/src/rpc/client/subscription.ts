/**
 * What comes over a stream, a monitor or a query, as an async iterable with a bounded queue.
 *
 * A connection carries everything its client asked for, so a slow reader of one stream must not
 * hold up the rest: what does not fit into its queue is dropped, and counted.
 */

export interface SubscriptionOptions {
  /** Items that wait for the reader; further ones are dropped. */
  readonly bufferLimit: number;
  /** It ends, whoever ended it. Called once. */
  readonly onEnd: () => void;
  /** This side ended it: the other is to be told. Called at most once, after `onEnd`. */
  readonly onClose: () => void;
}

interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

type Ending = { readonly kind: "done" } | { readonly kind: "failed"; readonly reason: unknown };

/**
 * Iterate it; leaving the loop closes it. Iterating ends when the query is over or either side
 * closes the subscription, and throws when the agent refuses it or the connection is lost.
 */
export class Subscription<Item> implements AsyncIterable<Item>, AsyncDisposable {
  /** Resolves when the agent has granted the subscription; rejects with what iterating throws. */
  readonly ready: Promise<void>;
  readonly #bufferLimit: number;
  readonly #onEnd: () => void;
  readonly #onClose: () => void;
  #queue: Item[] = [];
  readonly #readers: Reader<Item>[] = [];
  #ending: Ending | undefined;
  #droppedCount = 0;
  #resolveReady: () => void = () => {};
  #rejectReady: (reason: unknown) => void = () => {};

  constructor(options: SubscriptionOptions) {
    this.#bufferLimit = options.bufferLimit;
    this.#onEnd = options.onEnd;
    this.#onClose = options.onClose;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Whoever iterates sees the same failure: not waiting for `ready` is no mistake.
    this.ready.catch(() => {});
  }

  /** Items this subscription lost because they were read too slowly. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Asks for no more and forgets what waits. Harmless when repeated. */
  close(): void {
    this.#queue = [];
    if (this.#ending !== undefined) return;
    this.end();
    this.#onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  [Symbol.asyncIterator](): AsyncIterator<Item, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** Whether nothing will be added any more; what waits may still be read. */
  get isEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** For the client: the agent has granted it. */
  grant(): void {
    this.#resolveReady();
  }

  /** For the client: here is an item. */
  push(item: Item): void {
    if (this.#ending !== undefined) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) reader.resolve({ done: false, value: item });
    else if (this.#queue.length < this.#bufferLimit) this.#queue.push(item);
    else this.#droppedCount += 1;
  }

  /** For the client: nothing more comes; what waits may still be read. */
  end(): void {
    if (this.#ending !== undefined) return;
    this.#ending = { kind: "done" };
    this.#onEnd();
    this.#resolveReady();
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
  }

  /** For the client: it broke; what waits may still be read. */
  fail(reason: unknown): void {
    if (this.#ending !== undefined) return;
    this.#rejectReady(reason);
    const [reader, ...others] = this.#readers.splice(0);
    this.#ending = { kind: reader === undefined ? "failed" : "done", reason };
    this.#onEnd();
    reader?.reject(reason);
    for (const other of others) other.resolve({ done: true, value: undefined });
  }

  /** For the client: the caller's signal was aborted. */
  abort(reason: unknown): void {
    this.#queue = [];
    if (this.#ending !== undefined) return;
    this.fail(reason);
    this.#onClose();
  }

  #next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.#queue.shift();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    const ending = this.#ending;
    if (ending === undefined) {
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    }
    // A failure is thrown once; an iterator that has thrown is at its end.
    this.#ending = { kind: "done" };
    if (ending.kind === "failed") return Promise.reject(ending.reason);
    return Promise.resolve({ done: true, value: undefined });
  }
}
