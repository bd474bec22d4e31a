/**
 * Who waits for what: pairs everything an agent sends with the call or stream it belongs to.
 *
 * Bytes in, callbacks out; no socket, no clock. The protocol does not say how long a message is,
 * so what follows a header is known only from the call its number belongs to. A header that
 * belongs to nobody may have a body: a value that is no header is passed over, where the
 * reference's own client loses its place.
 *
 * Source: RPC specification §3, §4, §5 (which responses have a body) and §12.
 */
import { AUTHENTICATION_REQUIRED, isResponseHeader, responseHeader } from "../command.ts";
import { FrameSplitter, responseLimits } from "../frame-codec.ts";
import { decodeValue } from "../record-codec.ts";
import type { RpcError } from "./rpc-error.ts";

/** Refusals that come without the body the command has. Source: RPC specification §5. */
const bodilessRefusals: ReadonlySet<string> = new Set([
  AUTHENTICATION_REQUIRED,
  "Handshake required",
  "Unsupported command",
]);

/** A command that waits for its response. */
export interface PendingCall {
  readonly hasBody: boolean;
  /** @param body - absent if the command has none or was refused outright. */
  onReply(error: string, body: Uint8Array | undefined): void;
  onLost(error: RpcError): void;
}

/** A stream, monitor or query that was granted. */
export interface RecordSink {
  onRecord(body: Uint8Array): void;
  /** `undefined`: this side closed the connection. */
  onLost(error: RpcError | undefined): void;
}

type Expected =
  | { readonly kind: "header" }
  | { readonly kind: "body"; readonly call: PendingCall; readonly error: string }
  | { readonly kind: "record"; readonly sink: RecordSink };

const expectHeader: Expected = { kind: "header" };

export class CallTable {
  readonly #splitter = new FrameSplitter(responseLimits);
  readonly #calls = new Map<bigint, PendingCall>();
  readonly #sinks = new Map<bigint, RecordSink>();
  #expected: Expected = expectHeader;
  #lastSeq = 0n;

  get pendingCallCount(): number {
    return this.#calls.size;
  }

  /** Numbers go up from 1 and are never used again. */
  nextSeq(): bigint {
    this.#lastSeq += 1n;
    return this.#lastSeq;
  }

  expectReply(seq: bigint, call: PendingCall): void {
    this.#calls.set(seq, call);
  }

  /** Call it from `onReply`: records may follow in the same segment. */
  subscribe(seq: bigint, sink: RecordSink): void {
    this.#sinks.set(seq, sink);
  }

  /** Records that still come are passed over. */
  unsubscribe(seq: bigint): void {
    this.#sinks.delete(seq);
  }

  /** @throws {RpcWireError} if the bytes cannot be followed; the connection is of no more use. */
  handleBytes(segment: Uint8Array): void {
    this.#splitter.push(segment);
    for (;;) {
      const value = this.#splitter.next();
      if (value === undefined) return;
      this.#handleValue(value);
    }
  }

  /**
   * The connection is gone.
   *
   * @param fault - what calls fail with.
   * @param wasWanted - whether this side closed it: then streams just end.
   */
  close(fault: RpcError, { wasWanted }: { readonly wasWanted: boolean }): void {
    const calls = [...this.#calls.values()];
    const sinks = [...this.#sinks.values()];
    if (this.#expected.kind === "body") calls.push(this.#expected.call);
    this.#expected = expectHeader;
    this.#calls.clear();
    this.#sinks.clear();
    for (const call of calls) call.onLost(fault);
    for (const sink of sinks) sink.onLost(wasWanted ? undefined : fault);
  }

  #handleValue(value: Uint8Array): void {
    const expected = this.#expected;
    this.#expected = expectHeader;
    if (expected.kind === "body") expected.call.onReply(expected.error, value);
    else if (expected.kind === "record") expected.sink.onRecord(value);
    else if (isResponseHeader(value)) this.#handleHeader(value);
  }

  #handleHeader(value: Uint8Array): void {
    const { Seq: seq, Error: error } = decodeValue(responseHeader, value);
    const call = this.#calls.get(seq);
    if (call !== undefined) {
      this.#calls.delete(seq);
      if (call.hasBody && !bodilessRefusals.has(error)) {
        this.#expected = { kind: "body", call, error };
      } else {
        call.onReply(error, undefined);
      }
      return;
    }
    const sink = this.#sinks.get(seq);
    if (sink !== undefined) this.#expected = { kind: "record", sink };
  }
}
