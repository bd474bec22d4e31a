/**
 * Drives one `RpcConnection` on a socket: bytes in, frames out, commands to the agent.
 *
 * Frames are taken from the connection only while the socket has room, so a client that does not
 * read costs the socket's buffer and its bounded queues, and after `writeTimeoutMs` nothing.
 */
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { RunningQuery } from "@x/serf/node";
import { errnoText } from "../../config/config-file.ts";
import { joinHostPort } from "../../config/host-port.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import type { AuthGate } from "./auth-gate.ts";
import type { PublishedEvent } from "./event-stream.ts";
import type { QueryStream } from "./query-stream.ts";
import type { QueryRequest } from "../command.ts";
import { joinFrames } from "../frame-codec.ts";
import { runRequest, startQuery, toErrorText } from "./request-runner.ts";
import type { RequestOutcome, RequestPorts } from "./request-runner.ts";
import { RpcConnection } from "./rpc-connection.ts";
import type { ConnectionDirective } from "./connection-directive.ts";

/** Bytes handed to the socket and not yet taken by the kernel at which frames stay where they are. */
const SOCKET_BYTES_LIMIT = 64 * 1024;
/**
 * Time between the last answer to a query and `done`. The reference says `done` at the deadline,
 * long after, and its command line relies on it: when the two come together it may stop before it
 * has printed all answers.
 */
const DONE_GAP_MS = 200;
/** Published records after which a client's socket is filled without waiting for more. */
const RECORDS_A_WRITE = 64;
/**
 * Commands after which their answers are written although more wait: a client that has some can go
 * on working while the agent does. Measured with 500 events in flight, medians of three: a write for
 * each answer takes 1.3 times the processor time and two thirds of the rate; above 32 the
 * differences are smaller than the noise.
 */
const COMMANDS_A_WRITE = 32;
/** Longer frames are written in pieces, so that progress within one is seen. */
const PIECE_BYTES = 64 * 1024;

export interface ClientLinkOptions {
  readonly socket: Socket;
  readonly client: string;
  readonly auth: AuthGate;
  readonly limits: ConnectionLimits;
  /** A client that takes no byte for this long is cut off. Milliseconds. */
  readonly writeTimeoutMs: number;
  readonly ports: RequestPorts;
  readonly now: () => number;
  readonly onClosed: (link: ClientLink) => void;
}

export class ClientLink {
  /** Resolves when the socket is gone and the owner was told. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #client: string;
  readonly #connection: RpcConnection;
  readonly #ports: RequestPorts;
  readonly #writeTimeoutMs: number;
  readonly #now: () => number;
  readonly #runningQueries = new Set<RunningQuery>();
  readonly #waiting = new Set<() => boolean>();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Infinity;
  #lastProgressMs: number;
  #isSettling = false;
  #isSettleDue = false;
  #publishedCount = 0;
  #isEnding = false;
  #isClosed = false;

  constructor(options: ClientLinkOptions) {
    const { socket, ports, now } = options;
    this.#socket = socket;
    this.#client = options.client;
    this.#ports = ports;
    this.#writeTimeoutMs = options.writeTimeoutMs;
    this.#now = now;
    this.#lastProgressMs = now();
    this.#connection = new RpcConnection({
      client: options.client,
      auth: options.auth,
      limits: options.limits,
      recentLogLines: () => ports.backend.recentLogLines(),
      nowMs: now(),
    });
    socket.on("data", (segment: Buffer) => {
      this.#connection.handleBytes(segment, this.#now());
      this.#settle();
    });
    socket.on("end", () => {
      this.#connection.handleEnd();
      this.#settle();
    });
    // A socket that has been reset no longer knows where it was.
    const local = joinHostPort(socket.localAddress ?? "", socket.localPort ?? 0);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const { syscall = "read" } = error;
      const path = `${syscall} tcp ${local}->${options.client}`;
      this.#connection.handleFailure(`${path}: ${syscall}: ${errnoText(error)}`);
      this.#settle();
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#abandon();
        options.onClosed(this);
        resolve();
      });
    });
    this.#armTimer();
  }

  get droppedRecordCount(): number {
    return this.#connection.droppedRecordCount;
  }

  publishEvent(published: PublishedEvent): void {
    if (!this.#connection.hasEventStreams) return;
    this.#connection.publishEvent(published);
    this.#settleSoon();
  }

  publishLog(entry: { readonly line: string }): void {
    if (!this.#connection.hasMonitor) return;
    this.#connection.publishLog(entry.line);
    this.#settleSoon();
  }

  /** Resolves once every response is in the kernel's hands, the socket is gone, or time is up. */
  async flush(timeoutMs: number): Promise<void> {
    const isFlushed = (): boolean =>
      this.#isClosed || (!this.#connection.hasUnsentReplies && this.#socket.writableLength === 0);
    if (isFlushed()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.add(() => {
        if (!isFlushed()) return false;
        clearTimeout(timer);
        resolve();
        return true;
      });
    });
  }

  /** Ends the connection after what was already written; at once if the client does not read. */
  close(): void {
    if (this.#isClosed) return;
    this.#connection.abandon();
    this.#endSocket();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Records of one turn of the event loop go out together, in one write. But a burst must not fill
   * the queues of a client whose socket has room.
   */
  #settleSoon(): void {
    this.#publishedCount += 1;
    if (this.#publishedCount >= RECORDS_A_WRITE) {
      this.#settle();
    } else if (!this.#isSettleDue) {
      this.#isSettleDue = true;
      setImmediate(() => {
        this.#isSettleDue = false;
        this.#settle();
      });
    }
  }

  /** Everything that follows from new input, from a reply, or from room in the socket. */
  #settle(): void {
    // Carrying out a directive may log, and a line logged comes back here through a monitor.
    if (this.#isSettling || this.#isClosed) return;
    this.#isSettling = true;
    this.#publishedCount = 0;
    let isBusy = true;
    while (isBusy) {
      this.#performSome();
      // What many commands answered goes out in one write: a write is dearer than most commands.
      const hasSent = this.#pump();
      this.#connection.advance(this.#now());
      isBusy = hasSent || this.#connection.hasDirectives;
    }
    this.#isSettling = false;
    if (this.#isEnding && !this.#connection.hasUnsentReplies) this.#endSocket();
    this.#steerInput();
    for (const check of this.#waiting) {
      if (check()) this.#waiting.delete(check);
    }
    this.#armTimer();
  }

  /** What can be read and answered, until limits say stop or a write is worth its cost. */
  #performSome(): void {
    for (let count = 0; count < COMMANDS_A_WRITE; count += 1) {
      const directives = this.#connection.takeDirectives();
      if (directives.length === 0) return;
      for (const directive of directives) this.#perform(directive);
      this.#connection.advance(this.#now());
    }
  }

  #perform(directive: ConnectionDirective): void {
    switch (directive.kind) {
      case "run":
        this.#answer(directive.seq, runRequest(this.#ports, directive.request));
        return;
      case "respond":
        this.#answer(directive.seq, this.#respond(directive));
        return;
      case "query":
        this.#query(directive.seq, directive.request, directive.stream);
        return;
      case "close":
        if (directive.when === "now") this.#socket.destroy();
        else this.#isEnding = true;
        return;
      case "log":
        this.#ports.backend.log(directive.level, directive.text);
        return;
      case "count-command":
        this.#ports.backend.count("agent.ipc.command");
        return;
    }
  }

  /** At once if it is known at once, so that such commands are answered in order. */
  #answer(seq: bigint, outcome: RequestOutcome | Promise<RequestOutcome>): void {
    if (!(outcome instanceof Promise)) {
      this.#connection.reply(seq, outcome.error, outcome.body);
      return;
    }
    void outcome.then(({ error, body }) => {
      this.#connection.reply(seq, error, body);
      this.#settle();
    });
  }

  #respond(directive: Extract<ConnectionDirective, { kind: "respond" }>): RequestOutcome {
    try {
      this.#ports.backend.respond(directive.event, directive.payload);
      return { error: "" };
    } catch (error) {
      return { error: toErrorText(error) };
    }
  }

  #query(seq: bigint, request: QueryRequest, stream: QueryStream): void {
    try {
      const running = startQuery(this.#ports.backend, request);
      this.#connection.reply(seq, "");
      this.#connection.openQuery(stream);
      void this.#relayAnswers(running, stream);
    } catch (error) {
      this.#connection.forgetQuery(stream);
      this.#connection.reply(seq, toErrorText(error));
    }
  }

  async #relayAnswers(running: RunningQuery, stream: QueryStream): Promise<void> {
    this.#runningQueries.add(running);
    let lastAnswerMs = -Infinity;
    try {
      for await (const answer of running) {
        if (!this.#connection.awaitsAnswers(stream)) break;
        stream.offer(answer);
        lastAnswerMs = this.#now();
        this.#settleSoon();
        if (stream.isFull) await this.#roomIn(stream);
      }
    } catch (error) {
      this.#ports.backend.log("ERR", `agent.ipc: query failed: ${toErrorText(error)}`);
    }
    running.close();
    this.#runningQueries.delete(running);
    const gapMs = lastAnswerMs + DONE_GAP_MS - this.#now();
    if (gapMs > 0) await delay(gapMs);
    stream.end();
    this.#settle();
  }

  #roomIn(stream: QueryStream): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(() => {
        if (stream.isFull && this.#connection.awaitsAnswers(stream)) return false;
        resolve();
        return true;
      });
    });
  }

  /** @returns whether anything was written. */
  #pump(): boolean {
    let hasSent = false;
    while (this.#socket.writable) {
      const roomBytes = SOCKET_BYTES_LIMIT - this.#socket.writableLength;
      const frames = this.#takeFrames(roomBytes);
      if (frames.length === 0) break;
      this.#write(joinFrames(frames));
      hasSent = true;
    }
    return hasSent;
  }

  /** Frames as long as there is room for a byte; the last may take more. */
  #takeFrames(roomBytes: number): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let left = roomBytes; left > 0; left -= frames.at(-1)?.length ?? 0) {
      const frame = this.#connection.takeFrame(this.#now());
      if (frame === undefined) break;
      frames.push(frame);
    }
    return frames;
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength === 0) this.#lastProgressMs = this.#now();
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#socket.write(bytes.subarray(at, at + PIECE_BYTES), () => {
        this.#lastProgressMs = this.#now();
        this.#settle();
      });
    }
  }

  #steerInput(): void {
    if (this.#isEnding || this.#isClosed) return;
    if (!this.#connection.wantsInput) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Half-closes, then waits for the client to do the same, but not for ever. */
  #endSocket(): void {
    this.#isEnding = true;
    if (this.#socket.writableEnded) return;
    this.#socket.end();
    this.#socket.resume();
    // Whatever the client still sends is of no interest; without a reader its end is never seen.
    this.#socket.removeAllListeners("data");
    this.#socket.on("data", () => {});
    this.#lastProgressMs = this.#now();
    this.#armTimer();
  }

  /** One timer for the connection's deadline and the writer's; re-armed only to come earlier. */
  #armTimer(): void {
    if (this.#isClosed) return;
    const dueMs = Math.min(this.#connection.nextDeadlineMs(), this.#writeDeadlineMs());
    if (dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    // After a stall of the whole process what came or went meanwhile is seen first: timers run
    // before input and output, immediates after.
    this.#timer = setTimeout(
      () => setImmediate(() => this.#handleTimer()),
      Math.max(0, Math.ceil(dueMs - this.#now())),
    );
  }

  #writeDeadlineMs(): number {
    const isWaiting = this.#isEnding || this.#socket.writableLength > 0;
    return isWaiting ? this.#lastProgressMs + this.#writeTimeoutMs : Infinity;
  }

  #handleTimer(): void {
    if (this.#isClosed) return;
    this.#timerDueMs = Infinity;
    const nowMs = this.#now();
    if (this.#writeDeadlineMs() <= nowMs) {
      const why = this.#isEnding ? "it does not close" : "it does not read";
      this.#ports.backend.log("WARN", `agent.ipc: Closing client: ${this.#client}: ${why}`);
      this.#socket.destroy();
      return;
    }
    this.#connection.handleTimeout(nowMs);
    this.#settle();
    this.#armTimer();
  }

  #abandon(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection.abandon();
    for (const running of this.#runningQueries) running.close();
    for (const check of this.#waiting) check();
    this.#waiting.clear();
  }
}
