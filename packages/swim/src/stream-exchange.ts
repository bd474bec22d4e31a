/**
 * One request over a connection of our own, and its reply if there is one.
 *
 * Source: wire specification §11; behaviour specification §15.
 */
import type { CoreContext } from "./core-context.ts";
import type { Endpoint, StreamFailure, StreamId } from "./protocol-core.ts";
import { SlicedReader } from "./sliced-reader.ts";
import type { StreamSession, StreamTable } from "./stream-table.ts";
import type { ExchangeFailureCode } from "./swim-report.ts";
import type { Timer } from "./timer-table.ts";
import {
  encodeStream,
  type PushPullMessage,
  type StreamMessage,
  type WireError,
} from "./wire/index.ts";

export interface ExchangeFailure {
  readonly code: ExchangeFailureCode;
  /** For people. */
  readonly message: string;
}

export interface ExchangeRequest {
  readonly target: Endpoint;
  /** Asked for once the connection stands, so that the state sent is fresh. */
  readonly message: () => StreamMessage;
  /** For dialling, and again for the reply. */
  readonly timeoutMs: number;
  /** End of everything, if earlier. */
  readonly deadlineMs?: number;
  readonly expectsReply: boolean;
  /** Called once, unless `failed` is. Without a reply expected: when the request was written. */
  readonly completed: (reply: StreamMessage | undefined, nowMs: number) => void;
  readonly failed: (failure: ExchangeFailure, nowMs: number) => void;
}

/** The dialling side of one connection. */
export class StreamExchange implements StreamSession {
  readonly #context: CoreContext;
  readonly #streams: StreamTable;
  readonly #request: ExchangeRequest;
  readonly #reader: SlicedReader;
  readonly #streamId: StreamId;
  readonly #timer: Timer;
  #writeTimer: Timer | undefined;
  #isSettled = false;

  constructor(context: CoreContext, streams: StreamTable, request: ExchangeRequest, nowMs: number) {
    this.#context = context;
    this.#streams = streams;
    this.#request = request;
    this.#reader = new SlicedReader(context, "dialler", request.target, {
      completed: (message, completedMs) => this.#complete(message, completedMs),
      rejected: (error, rejectedMs) => this.#fail(rejection(error), rejectedMs),
    });
    const dueMs = this.#dueMs(nowMs);
    this.#streamId = streams.open(request.target, dueMs - nowMs, this);
    this.#timer = context.timers.set(dueMs, (firedMs) => {
      this.#fail({ code: "timed-out", message: "no answer in time" }, firedMs);
    });
  }

  /** Ends the exchange; nobody is told. */
  cancel(): void {
    this.#settle(() => this.#streams.reset(this.#streamId));
  }

  handleOpened(nowMs: number): void {
    const message = this.#request.message();
    if (!isEncodedLater(message)) return this.#write(message, nowMs);
    const { timers } = this.#context;
    this.#writeTimer = timers.set(nowMs, (dueMs) => this.#write(message, dueMs));
  }

  #write(message: StreamMessage, nowMs: number): void {
    const { options, outbox, settings, timers } = this.#context;
    const compress = options.compress && isWorthCompressing(message);
    const bytes = encodeStream(message, settings, { role: "dialler", compress });
    outbox.writeStream(this.#streamId, bytes);
    if (this.#request.expectsReply) timers.move(this.#timer, this.#dueMs(nowMs));
    else this.#complete(undefined, nowMs);
  }

  handleData(bytes: Uint8Array, nowMs: number): void {
    this.#reader.push(bytes, nowMs);
  }

  handleEnded(nowMs: number): void {
    this.#reader.end(nowMs);
  }

  handleFailed(failure: StreamFailure, nowMs: number): void {
    this.#fail(failure, nowMs);
  }

  #dueMs(nowMs: number): number {
    const { deadlineMs = Infinity, timeoutMs } = this.#request;
    return Math.max(nowMs, Math.min(nowMs + timeoutMs, deadlineMs));
  }

  #complete(message: StreamMessage | undefined, nowMs: number): void {
    if (message?.kind === "error") {
      return this.#fail({ code: "remote-error", message: message.error }, nowMs);
    }
    this.#settle(() => {
      this.#streams.close(this.#streamId);
      this.#request.completed(message, nowMs);
    });
  }

  #fail(failure: ExchangeFailure, nowMs: number): void {
    this.#settle(() => {
      this.#streams.reset(this.#streamId);
      this.#request.failed(failure, nowMs);
    });
  }

  #settle(action: () => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#context.timers.cancel(this.#timer);
    this.#context.timers.cancel(this.#writeTimer);
    this.#reader.cancel();
    action();
  }
}

/** A state of more members is large. */
const LARGE_STATE_MEMBERS = 2_000;
/** What a member takes of a state, roughly. */
const MEMBER_BYTES = 128;
/** What one segment of TCP holds wherever there are no tunnels in tunnels. */
const SEGMENT_BYTES = 1_200;

/**
 * Whether a message is to be compressed where both sides compress.
 *
 * Deviation: the reference compresses everything it sends over TCP. LZW on the megabyte of ten
 * thousand members takes tens of milliseconds in which no ping is answered, for traffic that
 * happens once in minutes; and what a newcomer says fits into one segment either way.
 */
export function isWorthCompressing(message: StreamMessage): boolean {
  if (message.kind !== "push-pull") return true;
  const estimatedBytes = memberCount(message) * MEMBER_BYTES + message.userState.length;
  return estimatedBytes > SEGMENT_BYTES && !isLarge(message);
}

/** Whether a message takes so long to encode that this is done apart. */
function isLarge(message: PushPullMessage): boolean {
  return memberCount(message) > LARGE_STATE_MEMBERS;
}

function memberCount({ encodedNodes, nodes }: PushPullMessage): number {
  return nodes.length + (encodedNodes?.count ?? 0);
}

/**
 * Whether a message is encoded in a turn of its own: collecting a large state took its time, and pings
 * are answered first. One that was encoded as it was collected has nothing left to wait for.
 */
export function isEncodedLater(message: StreamMessage): boolean {
  if (message.kind !== "push-pull" || message.encodedNodes !== undefined) return false;
  return isLarge(message);
}

function rejection(error: WireError): ExchangeFailure {
  return { code: error.code === "empty" ? "closed" : "malformed", message: error.message };
}
