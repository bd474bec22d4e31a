/**
 * Reads the one message of a connection without stalling the event loop.
 *
 * A push/pull of ten thousand members takes tens of milliseconds to decode. It is decoded a slice
 * at a time, with a timer due at once in between, so that pings are answered meanwhile.
 */
import type { CoreContext } from "./core-context.ts";
import { KnownRecords } from "./known-record.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { Timer } from "./timer-table.ts";
import { StreamReader, WireError, type StreamMessage, type StreamRole } from "./wire/index.ts";

export interface ReaderOutcome {
  completed(message: StreamMessage, nowMs: number): void;
  rejected(error: WireError, nowMs: number): void;
}

/** A `StreamReader` that pauses; exactly one of the two outcomes is called, once. */
export class SlicedReader {
  readonly #context: CoreContext;
  readonly #remote: Endpoint;
  readonly #reader: StreamReader;
  readonly #outcome: ReaderOutcome;
  #timer: Timer | undefined;
  #hasEnded = false;
  #isSettled = false;

  constructor(context: CoreContext, role: StreamRole, remote: Endpoint, outcome: ReaderOutcome) {
    this.#context = context;
    this.#remote = remote;
    this.#reader = new StreamReader(context.settings, role, new KnownRecords(context));
    this.#outcome = outcome;
  }

  /** Bytes the envelopes of the message held. */
  get expandedBytes(): number {
    return this.#reader.expandedBytes;
  }

  push(bytes: Uint8Array, nowMs: number): void {
    const slice = this.#context.options.mergeSliceLimit;
    this.#attempt(() => this.#reader.push(bytes, slice), nowMs);
  }

  /** The other side has finished writing. */
  end(nowMs: number): void {
    this.#hasEnded = true;
    this.#attempt(() => {}, nowMs);
  }

  needsErrorReply(error: WireError): boolean {
    return this.#reader.needsErrorReply(error);
  }

  /** Nothing more is wanted. */
  cancel(): void {
    this.#isSettled = true;
    this.#context.timers.cancel(this.#timer);
  }

  #attempt(step: () => void, nowMs: number): void {
    if (this.#isSettled) return;
    try {
      step();
      const message = this.#reader.message();
      if (message !== undefined) {
        this.cancel();
        this.#reportRefused();
        this.#outcome.completed(message, nowMs);
      } else if (this.#reader.hasMore) {
        this.#continueSoon(nowMs);
      } else if (this.#hasEnded) {
        this.#reader.end();
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.cancel();
      this.#outcome.rejected(error, nowMs);
    }
  }

  #reportRefused(): void {
    const count = this.#reader.rejectedNodeCount;
    if (count === 0) return;
    this.#context.outbox.report({ kind: "members-refused", endpoint: this.#remote, count });
  }

  #continueSoon(nowMs: number): void {
    if (this.#timer?.isWaiting === true) return;
    const slice = this.#context.options.mergeSliceLimit;
    this.#timer = this.#context.timers.set(nowMs, (dueMs) => {
      this.#attempt(() => void this.#reader.advance(slice), dueMs);
    });
  }
}
