/**
 * What a driver needs from the outside world: datagrams and streams on one address.
 *
 * `SocketTransport` is the implementation for real networks. Anything else that carries both (a
 * proxy, a tunnel, memory) can stand in for it, and then the whole of this package runs over it.
 * Every implementation passes one and the same test suite.
 *
 * Rules of an implementation: no method throws because of the network; failures and all other
 * news arrive through the handler, never from inside a method call of the driver; after
 * `closeStream`, `resetStream` or a `failed` event no event of that stream follows.
 */
import type {
  Datagram,
  DatagramFailure,
  Endpoint,
  StreamEvent,
  StreamId,
} from "../protocol-core.ts";

/** Where a transport tells what happens. Times are readings of `performance.now()`. */
export interface TransportHandler {
  /** @param receivedAtMs - taken when the packet was read, before anything was decoded. */
  handleDatagram(datagram: Datagram, receivedAtMs: number): void;
  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void;
  handleStream(event: StreamEvent, nowMs: number): void;
  handleTransportReport(report: TransportReport): void;
}

/** A fact about the sockets for the operator's log and counters. */
export type TransportReport =
  /** A connection was closed unread because a limit was reached. */
  | {
      readonly kind: "stream-refused";
      readonly remote: Endpoint;
      readonly reason: "inbound-stream-limit" | "inbound-stream-per-source-limit";
    }
  /** Accepting failed; the listener opens again after `retryMs`. */
  | { readonly kind: "accept-failed"; readonly message: string; readonly retryMs: number }
  /** The UDP socket itself failed. Datagrams keep flowing if the system lets them. */
  | { readonly kind: "datagram-socket-failed"; readonly message: string };

export interface Transport {
  /** The address bound, and the port of both datagrams and streams. */
  readonly localEndpoint: Endpoint;
  /** Begins to deliver. Called once; nothing is delivered before. */
  start(handler: TransportHandler): void;
  sendDatagram(target: Endpoint, bytes: Uint8Array): void;
  /** Answered by `opened` or `failed`. */
  openStream(streamId: StreamId, target: Endpoint, timeoutMs: number): void;
  /** Unknown numbers are ignored: the stream may have failed meanwhile. */
  writeStream(streamId: StreamId, bytes: Uint8Array): void;
  /** Flushes what was written, then closes both directions. */
  closeStream(streamId: StreamId): void;
  /** Drops the connection and everything unsent. */
  resetStream(streamId: StreamId): void;
  /** Stops delivering at once, lets closing streams flush for a moment, frees everything. Idempotent. */
  close(): Promise<void>;
}
