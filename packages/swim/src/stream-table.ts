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

/** All sessions by stream. */
export class StreamTable {
  readonly #context: CoreContext;
  readonly #accept: AcceptSession;
  readonly #sessions = new Map<StreamId, StreamSession>();
  /** Address of the other side by accepted stream. */
  readonly #sources = new Map<StreamId, string>();
  /** Accepted streams by address. */
  readonly #sourceCounts = new Map<string, number>();
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
    return this.#sources.size;
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
    if (event.kind === "accepted") return this.#accepted(event.streamId, event.remote, nowMs);
    const session = this.#sessions.get(event.streamId);
    // Events may still be under way for a stream we have closed.
    if (session === undefined) return;
    switch (event.kind) {
      case "opened":
        return session.handleOpened(nowMs);
      case "data":
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

  #accepted(streamId: StreamId, remote: Endpoint, nowMs: number): void {
    const { options, outbox } = this.#context;
    const sourceCount = this.#sourceCounts.get(remote.address) ?? 0;
    if (
      this.#sources.size >= options.inboundStreamLimit ||
      sourceCount >= options.inboundStreamPerSourceLimit
    ) {
      const message = `${this.#sources.size} connections are open, ${sourceCount} of them from there`;
      outbox.report({ kind: "stream-rejected", remote, code: "limit-reached", message });
      outbox.resetStream(streamId);
      return;
    }
    this.#sources.set(streamId, remote.address);
    this.#sourceCounts.set(remote.address, sourceCount + 1);
    outbox.report({ kind: "stream-accepted", remote });
    this.#sessions.set(streamId, this.#accept(streamId, remote, nowMs));
  }

  #forget(streamId: StreamId): boolean {
    const source = this.#sources.get(streamId);
    if (source !== undefined) {
      this.#sources.delete(streamId);
      const count = (this.#sourceCounts.get(source) ?? 1) - 1;
      if (count > 0) this.#sourceCounts.set(source, count);
      else this.#sourceCounts.delete(source);
    }
    return this.#sessions.delete(streamId);
  }
}
