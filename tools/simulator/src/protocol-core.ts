/**
 * The shape of what can be simulated: a protocol core without I/O.
 *
 * Declared here once more, at the smallest size the simulator needs, so that it imports no package
 * whose behaviour it judges. Structural typing joins the two.
 */

/** An IP address and port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** One received UDP packet. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
}

/** Names one connection between a member and its core: odd if the core dialled, even if accepted. */
export type StreamId = number;

/** Why a stream could not be opened, or broke. */
export interface StreamFailure {
  readonly code: "refused" | "timed-out" | "unreachable" | "reset" | "aborted";
  readonly message: string;
}

/** Everything that can happen to a TCP connection. */
export type StreamEvent =
  | { readonly kind: "accepted"; readonly streamId: StreamId; readonly remote: Endpoint }
  | { readonly kind: "opened"; readonly streamId: StreamId }
  | { readonly kind: "data"; readonly streamId: StreamId; readonly bytes: Uint8Array }
  | { readonly kind: "ended"; readonly streamId: StreamId }
  | { readonly kind: "failed"; readonly streamId: StreamId; readonly failure: StreamFailure };

/** A datagram the operating system refused to send. */
export interface DatagramFailure {
  readonly target: Endpoint;
  readonly message: string;
}

/** Everything a core may ask for. */
export type Directive<Event, Report> =
  | { readonly kind: "send-datagram"; readonly target: Endpoint; readonly bytes: Uint8Array }
  | {
      readonly kind: "open-stream";
      readonly streamId: StreamId;
      readonly target: Endpoint;
      readonly timeoutMs: number;
    }
  | { readonly kind: "write-stream"; readonly streamId: StreamId; readonly bytes: Uint8Array }
  | { readonly kind: "close-stream"; readonly streamId: StreamId }
  | { readonly kind: "reset-stream"; readonly streamId: StreamId }
  | { readonly kind: "emit"; readonly event: Event }
  | { readonly kind: "report"; readonly report: Report };

/** What the simulator drives, exactly as a driver with real sockets would. */
export interface SimulatedCore<Event, Report> {
  handleDatagram(datagram: Datagram, nowMs: number): void;
  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void;
  handleStream(event: StreamEvent, nowMs: number): void;
  handleTimeout(nowMs: number): void;
  nextDeadlineMs(): number;
  takeDirectives(): readonly Directive<Event, Report>[];
}
