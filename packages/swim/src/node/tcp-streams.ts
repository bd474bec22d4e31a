/**
 * The TCP connections of one member: accepted with even numbers, dialled with the core's odd ones.
 *
 * Protocol deadlines are the core's. What is decided here is what only the owner of the sockets
 * can: how many connections may stand open, how much may wait to be written, and that a closed
 * connection is gone for good even if the other side never answers.
 */
import { connect, isIP, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Endpoint, StreamEvent, StreamFailure, StreamId } from "../protocol-core.ts";
import { plainAddress } from "./plain-address.ts";
import { dialTimeout, endpointText, streamFailure, type StreamPhase } from "./stream-failure.ts";
import type { TransportReport } from "./transport.ts";

/** What may stand open and wait. */
export interface TcpStreamLimits {
  /** Accepted connections open at the same time. Default 1,024. */
  readonly inboundStreamLimit: number;
  /** The same, from one IP address. Default 256. */
  readonly inboundStreamPerSourceLimit: number;
  /** Bytes one stream may have waiting for the network; more resets it. Default 48 MiB, two of the longest frames. */
  readonly streamWriteLimitBytes: number;
  /** The same, over all streams. Default 256 MiB. */
  readonly totalWriteLimitBytes: number;
  /** How long a closed stream may take to flush. Default 10 s. */
  readonly flushTimeoutMs: number;
  /** After flushing, how long to wait for the other side to close as well. Default 1 s. */
  readonly lingerMs: number;
}

export const defaultTcpStreamLimits: TcpStreamLimits = {
  inboundStreamLimit: 1_024,
  inboundStreamPerSourceLimit: 256,
  streamWriteLimitBytes: 48 * 1024 * 1024,
  totalWriteLimitBytes: 256 * 1024 * 1024,
  flushTimeoutMs: 10_000,
  lingerMs: 1_000,
};

export interface TcpStreamHandler {
  handleStream(event: StreamEvent, nowMs: number): void;
  handleTransportReport(report: TransportReport): void;
}

interface Stream {
  readonly id: StreamId;
  readonly socket: Socket;
  readonly remote: Endpoint;
  /** Key of the per-source count; absent for streams we dialled. */
  readonly source?: string;
  phase: StreamPhase;
  /** Closing streams tell nothing any more. */
  isClosing: boolean;
  hasRemoteEnded: boolean;
  /** Dial timeout, later flush or linger timeout. */
  timer: NodeJS.Timeout | undefined;
}

/** Longest wait of a Node timer. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

export class TcpStreams {
  readonly #handler: TcpStreamHandler;
  readonly #limits: TcpStreamLimits;
  readonly #streams = new Map<StreamId, Stream>();
  readonly #inboundBySource = new Map<string, number>();
  #inboundCount = 0;
  /** Streams that are gone and whose failure is told at the next turn of the event loop. */
  readonly #failing = new Set<StreamId>();
  #nextAcceptedId = 2;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(handler: TcpStreamHandler, limits: Partial<TcpStreamLimits> = {}) {
    this.#handler = handler;
    this.#limits = { ...defaultTcpStreamLimits, ...limits };
  }

  /** Connections whose socket still exists, closing ones included. */
  get openCount(): number {
    return this.#streams.size;
  }

  /** Takes a connection the listener accepted, or refuses it at a limit. */
  accept(socket: Socket): void {
    const remote = {
      address: plainAddress(socket.remoteAddress ?? ""),
      port: socket.remotePort ?? 0,
    };
    const reason = this.#refusal(socket, remote);
    if (reason !== undefined) {
      socket.on("error", ignoreError);
      socket.resetAndDestroy();
      if (reason !== "gone") {
        this.#handler.handleTransportReport({ kind: "stream-refused", remote, reason });
      }
      return;
    }
    const id = this.#nextAcceptedId;
    this.#nextAcceptedId += 2;
    this.#inboundCount += 1;
    this.#inboundBySource.set(remote.address, (this.#inboundBySource.get(remote.address) ?? 0) + 1);
    const stream = this.#add({ id, socket, remote, source: remote.address, phase: "read" });
    this.#tell({ kind: "accepted", streamId: id, remote });
    // Only now may data flow: the core must hear of the stream first.
    this.#listen(stream);
  }

  /** Dials an IP address. Answered by `opened` or `failed`. */
  open(id: StreamId, target: Endpoint, timeoutMs: number): void {
    if (this.#isClosed) return;
    if (isIP(target.address) === 0 || !(target.port >= 1 && target.port <= 65_535)) {
      this.#failLater(id, {
        code: "unreachable",
        message: `dial tcp ${endpointText(target)}: not an address to connect to`,
      });
      return;
    }
    const socket = connect({
      host: target.address,
      port: target.port,
      allowHalfOpen: true,
      noDelay: true,
    });
    const stream = this.#add({ id, socket, remote: target, phase: "dial" });
    stream.timer = setTimeout(
      () => this.#fail(stream, dialTimeout(target)),
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    socket.once("connect", () => {
      clearTimeout(stream.timer);
      stream.phase = "read";
      if (!stream.isClosing) this.#tell({ kind: "opened", streamId: id });
    });
    this.#listen(stream);
  }

  /** Queues bytes. A stream whose reader is too slow to stay within the limits is reset. */
  write(id: StreamId, bytes: Uint8Array): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.isClosing || bytes.length === 0) return;
    const waitingBytes = stream.socket.writableLength + bytes.length;
    if (
      waitingBytes > this.#limits.streamWriteLimitBytes ||
      this.#totalWaitingBytes() + bytes.length > this.#limits.totalWriteLimitBytes
    ) {
      const message = `write tcp ${endpointText(stream.remote)}: ${waitingBytes} bytes would wait, which is above the limit`;
      this.#discard(stream);
      this.#failLater(id, { code: "aborted", message });
      return;
    }
    stream.socket.write(bytes);
  }

  /** Flushes, closes both directions, and makes sure that the socket goes away. */
  end(id: StreamId): void {
    this.#failing.delete(id);
    const stream = this.#streams.get(id);
    if (stream === undefined || stream.isClosing) return;
    stream.isClosing = true;
    const { socket } = stream;
    clearTimeout(stream.timer);
    stream.timer = setTimeout(() => this.#discard(stream), this.#limits.flushTimeoutMs);
    // Read on and throw away: a socket closed with unread bytes resets the connection, and the
    // other side could lose the answer it has not read yet.
    socket.resume();
    socket.end(() => {
      if (stream.hasRemoteEnded) {
        this.#discard(stream);
        return;
      }
      clearTimeout(stream.timer);
      stream.timer = setTimeout(() => this.#discard(stream), this.#limits.lingerMs);
    });
  }

  /** Drops the connection. */
  reset(id: StreamId): void {
    this.#failing.delete(id);
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#discard(stream);
  }

  /** Ends everything; streams that are closing may flush for `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    for (const stream of this.#streams.values()) {
      if (!stream.isClosing) this.#discard(stream);
    }
    if (this.#streams.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const stream of this.#streams.values()) this.#discard(stream);
      }, graceMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #refusal(socket: Socket, remote: Endpoint): RefusalReason | undefined {
    // The other side may be gone before we look; then its address is unknown.
    if (this.#isClosed || socket.remoteAddress === undefined) return "gone";
    if (this.#inboundCount >= this.#limits.inboundStreamLimit) return "inbound-stream-limit";
    const fromSource = this.#inboundBySource.get(remote.address) ?? 0;
    if (fromSource >= this.#limits.inboundStreamPerSourceLimit) {
      return "inbound-stream-per-source-limit";
    }
    return undefined;
  }

  #add(fields: Pick<Stream, "id" | "socket" | "remote" | "source" | "phase">): Stream {
    const stream: Stream = { ...fields, isClosing: false, hasRemoteEnded: false, timer: undefined };
    this.#streams.set(stream.id, stream);
    return stream;
  }

  #listen(stream: Stream): void {
    const { socket, id } = stream;
    socket.on("data", (bytes: Buffer) => {
      if (!stream.isClosing) this.#tell({ kind: "data", streamId: id, bytes });
    });
    socket.on("end", () => {
      stream.hasRemoteEnded = true;
      if (!stream.isClosing) this.#tell({ kind: "ended", streamId: id });
      else if (socket.writableFinished) this.#discard(stream);
    });
    socket.on("error", (error) =>
      this.#fail(stream, streamFailure(error, stream.phase, stream.remote)),
    );
    socket.on("close", () => {
      const message = `${stream.phase} tcp ${endpointText(stream.remote)}: connection closed`;
      this.#fail(stream, { code: "reset", message });
    });
  }

  /** Removes the stream and tells the core, unless it has closed it itself. */
  #fail(stream: Stream, failure: StreamFailure): void {
    if (!this.#streams.has(stream.id)) return;
    const isUnexpected = !stream.isClosing;
    this.#discard(stream);
    if (isUnexpected) this.#tell({ kind: "failed", streamId: stream.id, failure });
  }

  /** Not at once: a driver is never called back from inside its own call. */
  #failLater(streamId: StreamId, failure: StreamFailure): void {
    this.#failing.add(streamId);
    setImmediate(() => {
      // The core may have closed it in the meantime, and then wants to hear no more of it.
      if (this.#failing.delete(streamId)) this.#tell({ kind: "failed", streamId, failure });
    });
  }

  /** The one place where a stream ends: every count, timer and socket is released here. */
  #discard(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    stream.isClosing = true;
    clearTimeout(stream.timer);
    if (stream.source !== undefined) {
      this.#inboundCount -= 1;
      const left = (this.#inboundBySource.get(stream.source) ?? 1) - 1;
      if (left === 0) this.#inboundBySource.delete(stream.source);
      else this.#inboundBySource.set(stream.source, left);
    }
    const { socket } = stream;
    // What the dying socket still has to say concerns nobody, but an unheard error would throw.
    socket.removeAllListeners();
    socket.on("error", ignoreError);
    if (socket.writableFinished || socket.connecting) socket.destroy();
    else socket.resetAndDestroy();
    if (this.#streams.size === 0) this.#drained?.();
  }

  #totalWaitingBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams.values()) bytes += stream.socket.writableLength;
    return bytes;
  }

  #tell(event: StreamEvent): void {
    if (!this.#isClosed) this.#handler.handleStream(event, performance.now());
  }
}

type RefusalReason = Extract<TransportReport, { kind: "stream-refused" }>["reason"] | "gone";

function ignoreError(): void {
  // Deliberately empty: the stream was given up before, and its end has been told.
}
