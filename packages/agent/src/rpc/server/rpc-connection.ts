/**
 * One client's session as a state machine: bytes and time in, frames and directives out.
 *
 * It knows the protocol: framing, the order of handshake and authentication, which commands
 * exist, what opens and ends a stream, who may be answered. It opens no socket, reads no clock
 * and cannot be made to throw by the peer. What only the agent can do leaves as a `run`, `respond`
 * or `query` directive and comes back through `reply`; nothing more is read until the driver has
 * taken the directive, so commands that are answered at once are answered in order.
 *
 * Source: RPC specification §3 to §11. Read next: `client-link.ts`, which drives it on a socket.
 */
import type { LogLevel } from "../../log/log-level.ts";
import {
  AUTHENTICATION_REQUIRED,
  IPC_VERSION,
  commandCodecs,
  decodeRequestHeader,
  isCommandName,
} from "../command.ts";
import type { CommandName, QueryRequest, Request, RequestHeader } from "../command.ts";
import { FrameSplitter, requestLimits } from "../frame-codec.ts";
import { decodeValue } from "../record-codec.ts";
import type { Codec } from "../record-codec.ts";
import { RpcWireError } from "../wire-error.ts";
import type { AuthGate } from "./auth-gate.ts";
import type { ConnectionDirective } from "./connection-directive.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { ConnectionOutbox } from "./connection-outbox.ts";
import { ConnectionStreams } from "./connection-streams.ts";
import type { PublishedEvent } from "./event-stream.ts";
import type { QueryStream } from "./query-stream.ts";

const WRONG_KEY = "Invalid authentication token";

export interface RpcConnectionOptions {
  /** How the client is called in the log: `ip:port`. */
  readonly client: string;
  readonly auth: AuthGate;
  readonly limits: ConnectionLimits;
  readonly recentLogLines: () => readonly string[];
  readonly nowMs: number;
}

export class RpcConnection {
  readonly #client: string;
  readonly #auth: AuthGate;
  readonly #limits: ConnectionLimits;
  readonly #splitter = new FrameSplitter(requestLimits);
  readonly #outbox = new ConnectionOutbox();
  readonly #streams: ConnectionStreams;
  #directives: ConnectionDirective[] = [];
  #header: RequestHeader = { Command: "", Seq: 0n };
  /** The command whose body is the next value; `refused` is one whose body is passed over. */
  #bodyOf: CommandName | "refused" | undefined;
  #isShaken = false;
  #isAuthenticated: boolean;
  #isAwaitingDriver = false;
  #isClosing = false;
  #hasInputEnded = false;
  #inFlightCount = 0;
  #heldRefusal: { readonly seq: bigint; readonly untilMs: number } | undefined;
  #openDeadlineMs: number;
  #messageDeadlineMs = Infinity;

  constructor(options: RpcConnectionOptions) {
    this.#client = options.client;
    this.#auth = options.auth;
    this.#limits = options.limits;
    this.#streams = new ConnectionStreams({
      outbox: this.#outbox,
      limits: options.limits,
      recentLogLines: options.recentLogLines,
      onDropping: (what) => this.#log("WARN", `Dropping ${what} to ipc.client: ${this.#client}`),
    });
    this.#isAuthenticated = !options.auth.isRequired;
    this.#openDeadlineMs = options.nowMs + options.limits.openTimeoutMs;
  }

  /** Records of streams and monitors this client did not get because it read too slowly. */
  get droppedRecordCount(): number {
    return this.#streams.droppedRecordCount;
  }

  /** Whether more bytes are welcome. While false, leave them in the socket. */
  get wantsInput(): boolean {
    return (
      !this.#isClosing &&
      !this.#hasInputEnded &&
      this.#heldRefusal === undefined &&
      this.#inFlightCount < this.#limits.inFlightLimit &&
      this.#outbox.unsentBytes < this.#limits.unsentBytesLimit
    );
  }

  get hasDirectives(): boolean {
    return this.#directives.length > 0;
  }

  /** Whether a response waits to be taken. */
  get hasUnsentReplies(): boolean {
    return this.#outbox.hasReplies;
  }

  handleBytes(segment: Uint8Array, nowMs: number): void {
    if (this.#isClosing) return;
    this.#splitter.push(segment);
    this.advance(nowMs);
  }

  /**
   * The client sends no more. What it asked before is still answered. As in the reference, a header
   * cut short is not worth a line of the log, a request without its body is.
   */
  handleEnd(): void {
    if (this.#isClosing || this.#hasInputEnded) return;
    if (this.#isAtBody) this.#logRefusal("EOF");
    this.#finish();
  }

  /** The connection broke. @param why - in the words of the reference's platform. */
  handleFailure(why: string): void {
    if (this.#isClosing) return;
    if (!this.#hasInputEnded) this.#logRefusal(why);
    this.#close("now");
  }

  /** Reads on, as far as limits allow; call it after `takeDirectives` and after frames were taken. */
  advance(nowMs: number): void {
    while (this.wantsInput && !this.#isAwaitingDriver) {
      try {
        const value = this.#splitter.next();
        if (value === undefined) break;
        this.#messageDeadlineMs = Infinity;
        this.#handleValue(value, nowMs);
      } catch (error) {
        if (!(error instanceof RpcWireError)) throw error;
        this.#logRefusal(error.message);
        this.#finish();
      }
    }
    this.#watchMessage(nowMs);
  }

  handleTimeout(nowMs: number): void {
    if (this.#isClosing) return;
    const held = this.#heldRefusal;
    if (held !== undefined && held.untilMs <= nowMs) {
      this.#heldRefusal = undefined;
      this.#outbox.addReply(held.seq, WRONG_KEY);
      this.#closeIfDone();
      this.advance(nowMs);
    }
    if (this.#openDeadlineMs <= nowMs) {
      this.#log("WARN", `Closing client without handshake or authentication: ${this.#client}`);
      this.#close("now");
    } else if (this.#messageDeadlineMs <= nowMs) {
      this.#log("WARN", `Closing client in the middle of a message: ${this.#client}`);
      this.#close("now");
    }
  }

  nextDeadlineMs(): number {
    if (this.#isClosing) return Infinity;
    const heldUntilMs = this.#heldRefusal?.untilMs ?? Infinity;
    return Math.min(this.#openDeadlineMs, this.#messageDeadlineMs, heldUntilMs);
  }

  takeDirectives(): readonly ConnectionDirective[] {
    const directives = this.#directives;
    this.#directives = [];
    this.#isAwaitingDriver = false;
    return directives;
  }

  /** The next frame to send; header and body in one piece. */
  takeFrame(nowMs: number): Uint8Array | undefined {
    const frame = this.#outbox.takeFrame(nowMs);
    this.#streams.forgetEndedQueries();
    return frame;
  }

  /** Answers a directive. An empty error is success. */
  reply(seq: bigint, error: string, body?: Uint8Array): void {
    this.#inFlightCount -= 1;
    if (this.#isClosing) return;
    this.#outbox.addReply(seq, error, body);
    this.#closeIfDone();
  }

  /** The query is under way: from now on its answers are sent. Call it after the reply. */
  openQuery(stream: QueryStream): void {
    this.#streams.openQuery(stream);
  }

  /** The query was refused and has no answers. */
  forgetQuery(stream: QueryStream): void {
    this.#streams.forgetQuery(stream);
  }

  /** Whether the client still waits for the answers of a query. */
  awaitsAnswers(stream: QueryStream): boolean {
    return this.#streams.hasQuery(stream);
  }

  get hasEventStreams(): boolean {
    return this.#streams.hasEventStreams;
  }

  get hasMonitor(): boolean {
    return this.#streams.hasMonitor;
  }

  publishEvent(published: PublishedEvent): void {
    this.#streams.publishEvent(published);
  }

  publishLog(line: string): void {
    this.#streams.publishLog(line);
  }

  /** Forgets everything: the socket is gone. */
  abandon(): void {
    this.#isClosing = true;
    this.#streams.close();
  }

  #handleValue(value: Uint8Array, nowMs: number): void {
    const command = this.#bodyOf;
    if (command === undefined) {
      this.#handleHeader(value, nowMs);
      return;
    }
    const request = command === "refused" ? undefined : decodeRequest(command, value);
    this.#bodyOf = undefined;
    if (request !== undefined) this.#handleRequest(request, nowMs);
  }

  #handleHeader(value: Uint8Array, nowMs: number): void {
    const header = decodeRequestHeader(value, this.#header);
    // A body nobody expected, as sloppy clients send after `members`. The reference runs the
    // previous command again; ignoring it is the compatible improvement of §11 item 3.
    if (header.namesNothing && this.#isShaken) return;
    this.#header = { Command: header.Command, Seq: header.Seq };
    const { Command: name, Seq: seq } = header;
    if (!this.#isShaken && name !== "handshake") {
      this.#log("ERR", "Failed to evaluate request: Handshake required");
      this.#outbox.addReply(seq, "Handshake required");
      this.#finish();
      return;
    }
    this.#directives.push({ kind: "count-command" });
    const isKnown = isCommandName(name);
    if (!this.#isAuthenticated && name !== "handshake" && name !== "auth") {
      this.#log("WARN", "Client sending commands before auth");
      this.#outbox.addReply(seq, AUTHENTICATION_REQUIRED);
      if (isKnown && commandCodecs[name].request !== null) this.#bodyOf = "refused";
      return;
    }
    if (!isKnown) {
      this.#log("ERR", `Failed to evaluate request: command '${printable(name)}' not recognized`);
      this.#outbox.addReply(seq, "Unsupported command");
      this.#finish();
      return;
    }
    if (commandCodecs[name].request !== null) this.#bodyOf = name;
    else this.#handleRequest({ command: name, body: null } as Request, nowMs);
  }

  #handleRequest(request: Request, nowMs: number): void {
    const seq = this.#header.Seq;
    switch (request.command) {
      case "handshake":
        this.#outbox.addReply(seq, this.#shake(request.body.Version));
        return;
      case "auth":
        this.#authenticate(seq, request.body.AuthKey, nowMs);
        return;
      case "stream":
        this.#streams.openStream(seq, request.body.Type);
        return;
      case "monitor":
        this.#streams.openMonitor(seq, request.body.LogLevel);
        return;
      case "stop":
        this.#streams.stop(seq, request.body.Stop);
        return;
      case "respond":
        this.#respond(seq, request.body.ID, request.body.Payload ?? new Uint8Array(), nowMs);
        return;
      case "query":
        this.#startQuery(seq, request.body);
        return;
      default:
        this.#handOver({ kind: "run", seq, request });
    }
  }

  #shake(version: number): string {
    if (version !== IPC_VERSION) return "Unsupported IPC version";
    if (this.#isShaken) return "Handshake already performed";
    this.#isShaken = true;
    if (this.#isAuthenticated) this.#openDeadlineMs = Infinity;
    return "";
  }

  #authenticate(seq: bigint, authKey: string, nowMs: number): void {
    if (this.#auth.accepts(authKey)) {
      this.#isAuthenticated = true;
      this.#openDeadlineMs = Infinity;
      this.#outbox.addReply(seq, "");
      return;
    }
    const delayMs = this.#auth.failureDelayMs(nowMs);
    if (delayMs > 0) this.#heldRefusal = { seq, untilMs: nowMs + delayMs };
    else this.#outbox.addReply(seq, WRONG_KEY);
  }

  #respond(seq: bigint, id: bigint, payload: Uint8Array, nowMs: number): void {
    const event = this.#streams.findPendingQuery(id, nowMs);
    if (event === undefined) this.#outbox.addReply(seq, "No pending queries matching ID");
    else this.#handOver({ kind: "respond", seq, event, payload });
  }

  #startQuery(seq: bigint, request: QueryRequest): void {
    const stream = this.#streams.prepareQuery(seq);
    if (stream !== undefined) this.#handOver({ kind: "query", seq, request, stream });
  }

  #handOver(directive: ConnectionDirective): void {
    this.#directives.push(directive);
    this.#inFlightCount += 1;
    this.#isAwaitingDriver = true;
  }

  get #isAtBody(): boolean {
    return this.#bodyOf !== undefined && this.#bodyOf !== "refused";
  }

  #logRefusal(why: string): void {
    const what = this.#isAtBody
      ? "Failed to evaluate request: decode failed"
      : "failed to decode request header";
    this.#log("ERR", `${what}: ${why}`);
  }

  /** A message that has begun must come to its end; a client at rest may stay. */
  #watchMessage(nowMs: number): void {
    const isMidMessage = this.#splitter.isMidValue || this.#bodyOf !== undefined;
    if (!isMidMessage || !this.wantsInput) this.#messageDeadlineMs = Infinity;
    else if (this.#messageDeadlineMs === Infinity) {
      this.#messageDeadlineMs = nowMs + this.#limits.messageTimeoutMs;
    }
  }

  /** Reads no more; closes once everything asked before is answered. */
  #finish(): void {
    this.#hasInputEnded = true;
    this.#streams.close();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    const isIdle = this.#inFlightCount === 0 && this.#heldRefusal === undefined;
    if (this.#hasInputEnded && isIdle) this.#close("flushed");
  }

  #close(when: "flushed" | "now"): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#streams.close();
    this.#directives.push({ kind: "close", when });
  }

  #log(level: LogLevel, text: string): void {
    const prefix = "agent.ipc: ";
    this.#directives.push({ kind: "log", level, text: prefix + text });
  }
}

function decodeRequest(command: CommandName, value: Uint8Array): Request {
  // The table pairs each command with the codec of its body, which the type cannot follow.
  const codec = commandCodecs[command].request as Codec<unknown>;
  return { command, body: decodeValue(codec, value) } as Request;
}

/** A command's name comes from anyone: it is shortened, and stays on one line of the log. */
function printable(name: string): string {
  return name.slice(0, 64).replaceAll(/\p{Cc}/gu, "?");
}
