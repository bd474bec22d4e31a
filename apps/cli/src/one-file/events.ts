/**
 * What the program as one file has in place of `node:events`: those members of the emitter that our
 * packages use. Loading Node's takes Bun a millisecond, for a start and for every command.
 *
 * Source: Node's documentation of events, for who is called and in which order.
 */

type Listener = (...words: never[]) => void;

/** Calls `listener` once; told apart by what it stands for. */
interface OnceListener extends Listener {
  readonly listener?: Listener;
}

export class EventEmitter {
  /** Replaced when they change, so that whoever is being called does not change who else is. */
  readonly #listeners = new Map<string, readonly OnceListener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#of(event), listener]);
    return this;
  }

  once(event: string, listener: Listener): this {
    const onceListener = (...words: never[]): void => {
      this.off(event, onceListener);
      listener(...words);
    };
    return this.on(event, Object.assign(onceListener, { listener }));
  }

  /** The last one added, if it was added several times. */
  off(event: string, listener: Listener): this {
    const listeners = this.#of(event);
    const index = listeners.findLastIndex(
      (each) => each === listener || each.listener === listener,
    );
    if (index >= 0) this.#listeners.set(event, listeners.toSpliced(index, 1));
    return this;
  }

  removeAllListeners(event: string): this {
    this.#listeners.delete(event);
    return this;
  }

  listenerCount(event: string): number {
    return this.#of(event).length;
  }

  /**
   * @returns whether anybody listens.
   * @throws the error of an `error` event nobody listens to.
   */
  emit(event: string, ...words: readonly unknown[]): boolean {
    const listeners = this.#of(event);
    if (listeners.length === 0 && event === "error") throw words[0] as Error;
    for (const listener of listeners) listener.apply(this, words as never[]);
    return listeners.length > 0;
  }

  #of(event: string): readonly OnceListener[] {
    return this.#listeners.get(event) ?? noListeners;
  }
}

const noListeners: readonly OnceListener[] = [];

/** Resolves with what comes with the next event; rejects with the next `error`. */
export function once(source: EventEmitter, event: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const onEvent = (...words: unknown[]): void => {
      source.off("error", onError);
      resolve(words);
    };
    const onError = (error: Error): void => {
      source.off(event, onEvent);
      reject(error);
    };
    source.once(event, onEvent);
    source.once("error", onError);
  });
}
