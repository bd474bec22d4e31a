/**
 * The one shape of every protocol core: bytes, time and randomness come in, directives go out.
 *
 * A core never reads a clock, never opens a socket and never waits. A driver (real sockets in
 * `node/`, or a simulated network) feeds it and performs what it asks for. That is why thousands
 * of members can run in one process in virtual time with the very code that ships.
 *
 * Contract of a driver: after *every* call into a core, take its directives, perform them in
 * order, and arm one timer for `nextDeadlineMs()`.
 *
 * Read next: `directive.ts`.
 */
import type { Directive } from "./directive.ts";

/** An IP address and port a packet can be sent to. */
export interface Endpoint {
  /** IP address as text: dotted IPv4, or IPv6 without brackets (a zone may follow `%`). */
  readonly address: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** One received UDP packet. */
export interface Datagram {
  /** Owned by the core from here on: the driver never reuses the memory. */
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
}

/**
 * Names one TCP connection between a driver and its core.
 *
 * Cores number the streams they open with odd numbers, drivers number accepted ones with even
 * numbers, so that neither has to ask the other. A number is never used twice.
 */
export type StreamId = number;

/** Why a stream could not be opened, or broke. */
export interface StreamFailure {
  readonly code: "refused" | "timed-out" | "unreachable" | "reset" | "aborted";
  /** For people; callers branch on `code`. */
  readonly message: string;
}

/** Everything that can happen to a TCP connection. */
export type StreamEvent =
  | { readonly kind: "accepted"; readonly streamId: StreamId; readonly remote: Endpoint }
  | { readonly kind: "opened"; readonly streamId: StreamId }
  | { readonly kind: "data"; readonly streamId: StreamId; readonly bytes: Uint8Array }
  /** The other side has finished writing; ours may still write. */
  | { readonly kind: "ended"; readonly streamId: StreamId }
  /** The stream is gone; no further event carries its number. */
  | { readonly kind: "failed"; readonly streamId: StreamId; readonly failure: StreamFailure };

/** A datagram the operating system refused to send. */
export interface DatagramFailure {
  readonly target: Endpoint;
  readonly message: string;
}

/**
 * What a driver drives.
 *
 * No handle method ever throws because of something that came from the network.
 */
export interface ProtocolCore<Event, Report> {
  /** @param nowMs - monotonic milliseconds (fractions allowed), never less than in the call before. */
  handleDatagram(datagram: Datagram, nowMs: number): void;
  handleDatagramFailure(failure: DatagramFailure, nowMs: number): void;
  handleStream(event: StreamEvent, nowMs: number): void;
  /** Lets everything happen that is due at `nowMs`. Calling it early is harmless. */
  handleTimeout(nowMs: number): void;
  /** When `handleTimeout` wants to be called next, in monotonic milliseconds; `Infinity` when idle. */
  nextDeadlineMs(): number;
  /** Empties the outbox, in order. */
  takeDirectives(): readonly Directive<Event, Report>[];
}
