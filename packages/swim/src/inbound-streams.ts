/**
 * The accepting side of a connection: read one message, answer it if it wants an answer, close.
 *
 * Source: wire specification §11; behaviour specification §14, §15.
 */
import type { CoreContext } from "./core-context.ts";
import type { Endpoint, StreamFailure, StreamId } from "./protocol-core.ts";
import type { PushPull } from "./push-pull.ts";
import { SlicedReader } from "./sliced-reader.ts";
import { isEncodedLater, isWorthCompressing } from "./stream-exchange.ts";
import type { AcceptedSession, StreamTable } from "./stream-table.ts";
import type { SwimReport } from "./swim-report.ts";
import type { Timer } from "./timer-table.ts";
import {
  encodeStream,
  errorReply,
  type PingMessage,
  type StreamMessage,
  type WireError,
} from "./wire/index.ts";

type RejectionCode = Extract<SwimReport, { kind: "stream-rejected" }>["code"];

/** What an accepted connection may reach. */
export interface InboundParts {
  readonly streams: StreamTable;
  readonly pushPull: PushPull;
  readonly handleUserMessage: (payload: Uint8Array, nowMs: number) => void;
}

/** One accepted connection. */
export class InboundStream implements AcceptedSession {
  readonly #context: CoreContext;
  readonly #parts: InboundParts;
  readonly #streamId: StreamId;
  readonly #remote: Endpoint;
  readonly #reader: SlicedReader;
  readonly #timer: Timer;
  #replyTimer: Timer | undefined;

  constructor(
    context: CoreContext,
    parts: InboundParts,
    streamId: StreamId,
    remote: Endpoint,
    nowMs: number,
  ) {
    this.#context = context;
    this.#parts = parts;
    this.#streamId = streamId;
    this.#remote = remote;
    this.#reader = new SlicedReader(context, "acceptor", remote, {
      completed: (message, completedMs) => this.#answer(message, completedMs),
      rejected: (error) => this.#reject(error),
    });
    this.#timer = context.timers.set(nowMs + context.options.streamTimeoutMs, () => {
      this.#drop("timed-out", "no whole message in time");
    });
  }

  get expandedBytes(): number {
    return this.#reader.expandedBytes;
  }

  handleOpened(): void {
    // Accepted connections are open from the start.
  }

  handleData(bytes: Uint8Array, nowMs: number): void {
    this.#reader.push(bytes, nowMs);
  }

  handleEnded(nowMs: number): void {
    this.#reader.end(nowMs);
  }

  handleFailed(_failure: StreamFailure, _nowMs: number): void {
    // The dialler owes nothing: a connection that breaks before a message is none.
    this.#finish();
  }

  #answer(message: StreamMessage, nowMs: number): void {
    const { options } = this.#context;
    switch (message.kind) {
      case "ping":
        return this.#answerPing(message);
      case "push-pull": {
        const state = this.#parts.pushPull.accept(message, this.#remote, nowMs);
        if (state === undefined || !isEncodedLater(state)) return this.#reply(state);
        this.#replyTimer = this.#context.timers.set(nowMs, () => this.#reply(state));
        return;
      }
      case "user": {
        this.#close();
        // Source: behaviour specification §11: a user message of length 0 is not delivered.
        if (message.payload.length > 0) this.#parts.handleUserMessage(message.payload, nowMs);
        return;
      }
      case "ack":
      case "error":
        return this.#drop("misplaced-type", `${message.kind} is no request at ${options.name}`);
    }
  }

  #answerPing(message: PingMessage): void {
    const { name } = this.#context.options;
    if (message.node !== "" && message.node !== name) {
      return this.#drop("wrong-name", "a ping for another member");
    }
    const { sequenceNumber } = message;
    this.#reply({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) });
  }

  #reject(error: WireError): void {
    const needsReply = this.#reader.needsErrorReply(error);
    // A connection without one byte is a port check: nothing worth a line in the log.
    if (error.code === "empty" && !needsReply) return this.#close();
    const { code, message } = error;
    const remote = this.#remote;
    this.#context.outbox.report({ kind: "stream-rejected", remote, code, message });
    this.#reply(needsReply ? errorReply(error) : undefined);
  }

  #reply(message: StreamMessage | undefined): void {
    if (message === undefined) return this.#close();
    const { options, outbox, settings } = this.#context;
    const compress = options.compress && isWorthCompressing(message);
    const bytes = encodeStream(message, settings, { role: "acceptor", compress });
    outbox.writeStream(this.#streamId, bytes);
    this.#close();
  }

  #drop(code: RejectionCode, message: string): void {
    const remote = this.#remote;
    this.#context.outbox.report({ kind: "stream-rejected", remote, code, message });
    this.#close();
  }

  #close(): void {
    this.#finish();
    this.#parts.streams.close(this.#streamId);
  }

  #finish(): void {
    this.#reader.cancel();
    this.#context.timers.cancel(this.#timer);
    this.#context.timers.cancel(this.#replyTimer);
  }
}
