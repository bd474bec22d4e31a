/**
 * The answers of one query, as an asynchronous iteration.
 *
 * Answers are kept, so that each iteration begins with the first, however late it starts. Their
 * number is bounded by the core, which takes one ack and one answer from each member.
 */
import type { QueryHandle } from "../query.ts";
import type { LamportTime } from "../serf-event.ts";
import type { QueryAnswer, RunningQuery } from "./running-serf.ts";

/** A running query with everything it has heard so far. */
export class QueryAnswers implements RunningQuery {
  readonly #signal: AbortSignal | undefined;
  readonly #answers: QueryAnswer[] = [];
  #handle: QueryHandle | undefined;
  #close: () => void = () => undefined;
  #isEnded = false;
  /** Wakes the iterations that wait. */
  #wake: (() => void)[] = [];

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** @param close - ends the query in the core. */
  begin(handle: QueryHandle, close: () => void): void {
    this.#handle = handle;
    this.#close = close;
    if (!this.#isEnded) this.#signal?.addEventListener("abort", this.#abort, { once: true });
  }

  push(answer: QueryAnswer): void {
    this.#answers.push(answer);
    this.#wakeAll();
  }

  end(): void {
    this.#isEnded = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#wakeAll();
  }

  get id(): number {
    return this.#begun().id;
  }
  get lamportTime(): LamportTime {
    return this.#begun().lamportTime;
  }
  get deadlineMs(): number {
    return this.#begun().deadlineMs;
  }
  get expected(): readonly string[] {
    return this.#begun().expected;
  }

  missing(): readonly string[] {
    return this.#begun().missing();
  }

  close(): void {
    if (!this.#isEnded) this.#close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<QueryAnswer, void, undefined> {
    for (let index = 0; ; index += 1) {
      while (index >= this.#answers.length) {
        this.#signal?.throwIfAborted();
        if (this.#isEnded) return;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
      this.#signal?.throwIfAborted();
      const answer = this.#answers[index];
      if (answer !== undefined) yield answer;
    }
  }

  #begun(): QueryHandle {
    if (this.#handle === undefined) throw new Error("the query has not begun");
    return this.#handle;
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  readonly #abort = (): void => {
    this.close();
    this.#wakeAll();
  };
}
