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

/** Makes the session of an accepted connection. */
export type AcceptSession = (streamId: StreamId, remote: Endpoint, nowMs: number) => StreamSession;

interface AcceptedStream {
  readonly remote: Endpoint;
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
  /** Received on accepted streams that are still open: what their readers may hold. */
  #heldBytes = 0;
  /** Cores count in odd numbers. */
  #nextStreamId: StreamId = 1;

  constructor(context: CoreContext, accept: AcceptSession) {
    this.#context = context;
    this.#accept = accept;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Connections accepted and still open. */
  get acceptedCount(): number {
    return this.#accepted.size;
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
        if (!this.#holds(event.streamId, event.bytes.length)) {
          this.reset(event.streamId);
          return session.handleFailed(TOO_MUCH, nowMs);
        }
        return session.handleData(event.bytes, nowMs);
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

  /** Counts what has arrived. @returns whether there is room for it. */
  #holds(streamId: StreamId, bytes: number): boolean {
    const { options, outbox } = this.#context;
    const stream = this.#accepted.get(streamId);
    if (stream === undefined) return true;
    stream.heldBytes += bytes;
    this.#heldBytes += bytes;
    if (this.#heldBytes <= options.inboundStreamBytesLimit) return true;
    const message = `${this.#heldBytes} bytes are held on all connections`;
    const { remote } = stream;
    outbox.report({ kind: "stream-rejected", remote, code: "limit-reached", message });
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
    this.#accepted.set(streamId, { remote, heldBytes: 0 });
    this.#sourceCounts.set(remote.address, sourceCount + 1);
    outbox.report({ kind: "stream-accepted", remote });
    this.#sessions.set(streamId, this.#accept(streamId, remote, nowMs));
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
