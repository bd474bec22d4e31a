/**
 * The connections of one core: who handles which, and how many may be open.
 *
 * Source: behaviour specification §14, §19.15; wire specification §13.
 */
import type { CoreContext } from "./core-context.ts";
import type { Endpoint, StreamEvent, StreamFailure, StreamId } from "./protocol-core.ts";

/** One end of one connection. */
export interface StreamSession {
  handleOpened(nowMs: number): void;
  handleData(bytes: Uint8Array, nowMs: number): void;
  /** The other side has finished writing. */
  handleEnded(nowMs: number): void;
  /** The connection is gone. */
  handleFailed(failure: StreamFailure, nowMs: number): void;
}

/** The session of a connection others dialled. */
export interface AcceptedSession extends StreamSession {
  /** Memory it holds beside the bytes that arrived: a small envelope may open to a large message. */
  readonly expandedBytes: number;
}

/** Makes the session of an accepted connection. */
export type AcceptSession = (
  streamId: StreamId,
  remote: Endpoint,
  nowMs: number,
) => AcceptedSession;

interface AcceptedStream {
  readonly remote: Endpoint;
  readonly session: AcceptedSession;
  arrivedBytes: number;
  /** What is counted of it. */
  heldBytes: number;
}

const TOO_MUCH: StreamFailure = { code: "aborted", message: "too much is held already" };

/** All sessions by stream. */
export class StreamTable {
  readonly #context: CoreContext;
  readonly #accept: AcceptSession;
  readonly #sessions = new Map<StreamId, StreamSession>();
  readonly #accepted = new Map<StreamId, AcceptedStream>();
  /** Accepted streams by address. */
  readonly #sourceCounts = new Map<string, number>();
  /** Received on accepted streams that are still open, and opened: what their readers may hold. */
  #heldBytes = 0;
  /** Cores count in odd numbers. */
  #nextStreamId: StreamId = 1;

  constructor(context: CoreContext, accept: AcceptSession) {
    this.#context = context;
    this.#accept = accept;
  }

  /** Dials. */
  open(target: Endpoint, timeoutMs: number, session: StreamSession): StreamId {
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    this.#sessions.set(streamId, session);
    this.#context.outbox.openStream(streamId, target, timeoutMs);
    return streamId;
  }

  /** Closes after what was written has been sent. Harmless when gone. */
  close(streamId: StreamId): void {
    if (this.#forget(streamId)) this.#context.outbox.closeStream(streamId);
  }

  /** Drops at once. Harmless when gone. */
  reset(streamId: StreamId): void {
    if (this.#forget(streamId)) this.#context.outbox.resetStream(streamId);
  }

  handle(event: StreamEvent, nowMs: number): void {
    if (event.kind === "accepted") return this.#add(event.streamId, event.remote, nowMs);
    const session = this.#sessions.get(event.streamId);
    // Events may still be under way for a stream we have closed.
    if (session === undefined) return;
    switch (event.kind) {
      case "opened":
        return session.handleOpened(nowMs);
      case "data":
        if (!this.#holds(event.streamId, event.bytes.length, nowMs)) return;
        session.handleData(event.bytes, nowMs);
        this.#holds(event.streamId, 0, nowMs);
        return;
      case "ended":
        return session.handleEnded(nowMs);
      case "failed":
        this.#forget(event.streamId);
        return session.handleFailed(event.failure, nowMs);
    }
  }

  /** Drops every connection; each session is told. */
  resetAll(nowMs: number): void {
    const failure = { code: "aborted", message: "this member shuts down" } as const;
    for (const [streamId, session] of Array.from(this.#sessions)) {
      this.reset(streamId);
      session.handleFailed(failure, nowMs);
    }
  }

  /** Counts what has arrived and what it opened to. @returns whether there is room for it. */
  #holds(streamId: StreamId, bytes: number, nowMs: number): boolean {
    const { options, outbox } = this.#context;
    const stream = this.#accepted.get(streamId);
    if (stream === undefined) return true;
    const { remote, session } = stream;
    stream.arrivedBytes += bytes;
    this.#heldBytes -= stream.heldBytes;
    stream.heldBytes = stream.arrivedBytes + session.expandedBytes;
    this.#heldBytes += stream.heldBytes;
    if (this.#heldBytes <= options.inboundStreamBytesLimit) return true;
    const message = `${this.#heldBytes} bytes are held on all connections`;
    outbox.report({ kind: "stream-rejected", remote, code: "limit-reached", message });
    this.reset(streamId);
    session.handleFailed(TOO_MUCH, nowMs);
    return false;
  }

  #add(streamId: StreamId, remote: Endpoint, nowMs: number): void {
    const { options, outbox } = this.#context;
    const sourceCount = this.#sourceCounts.get(remote.address) ?? 0;
    if (
      this.#accepted.size >= options.inboundStreamLimit ||
      sourceCount >= options.inboundStreamPerSourceLimit
    ) {
      const message = `${this.#accepted.size} connections are open, ${sourceCount} of them from there`;
      outbox.report({ kind: "stream-rejected", remote, code: "limit-reached", message });
      outbox.resetStream(streamId);
      return;
    }
    this.#sourceCounts.set(remote.address, sourceCount + 1);
    outbox.report({ kind: "stream-accepted", remote });
    const session = this.#accept(streamId, remote, nowMs);
    this.#accepted.set(streamId, { remote, session, arrivedBytes: 0, heldBytes: 0 });
    this.#sessions.set(streamId, session);
  }

  #forget(streamId: StreamId): boolean {
    const stream = this.#accepted.get(streamId);
    if (stream !== undefined) {
      const { address } = stream.remote;
      this.#accepted.delete(streamId);
      this.#heldBytes -= stream.heldBytes;
      const count = (this.#sourceCounts.get(address) ?? 1) - 1;
      if (count > 0) this.#sourceCounts.set(address, count);
      else this.#sourceCounts.delete(address);
    }
    return this.#sessions.delete(streamId);
  }
}
