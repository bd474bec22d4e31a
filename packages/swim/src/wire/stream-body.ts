/**
 * The innermost form of a stream's message: type byte, records, and bytes whose number a record
 * tells. There is no length around the whole, so it is read piece by piece as it arrives.
 *
 * Nothing is allocated by an announced number; a record is decoded only once it is there in full,
 * and each byte is looked at once, however small the pieces are.
 *
 * Source: wire specification §10, §11, §13.
 */
import { WireError } from "./errors.ts";
import { MessageType, type StreamMessage } from "./message.ts";
import { decodeAck, decodePing } from "./message-codec.ts";
import { checkMessage } from "./message-rules.ts";
import { MsgpackFields } from "./msgpack-dialect.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackScanner } from "./msgpack-scanner.ts";
import { PushPullDraft, type KnownNodes } from "./push-pull-codec.ts";
import type { StreamBuffer } from "./stream-buffer.ts";
import { decodeName } from "./utf8.ts";
import type { WireLimits } from "./wire-limits.ts";

/** `dialler` opened the connection and sent the request; `acceptor` answers it. */
export type StreamRole = "dialler" | "acceptor";

const userFields = new MsgpackFields(["UserMsgLen"]);
const errorFields = new MsgpackFields(["Error"]);

/** What comes next in the body. */
type Phase = "type" | "ping" | "ack" | "error" | "user" | "user-payload" | "push-pull" | "complete";

/** Reads one message's body out of a buffer, as far as its bytes are there. */
export class StreamBodyReader {
  readonly #limits: WireLimits;
  readonly #role: StreamRole;
  readonly #known: KnownNodes | undefined;
  readonly #scanner = new MsgpackScanner();
  /** Bytes of the current record the scanner has seen. */
  #scannedBytes = 0;
  #phase: Phase = "type";
  #userBytes = 0;
  #pushPull: PushPullDraft | undefined;
  #message: StreamMessage | undefined;

  constructor(limits: WireLimits, role: StreamRole, known?: KnownNodes) {
    this.#limits = limits;
    this.#role = role;
    this.#known = known;
  }

  /** The message once it is complete. */
  get message(): StreamMessage | undefined {
    return this.#message;
  }

  /** Members of a push-pull left out because what they claim is impossible. */
  get rejectedNodeCount(): number {
    return this.#pushPull?.rejectedNodeCount ?? 0;
  }

  /**
   * Uses up as much of the buffer as makes sense.
   *
   * @param maxNodes - how many push-pull members are decoded at most.
   * @returns whether it stopped because of `maxNodes`: call again.
   * @throws {WireError} for anything but a well-formed body.
   */
  read(buffer: StreamBuffer, maxNodes: number): boolean {
    if (this.#phase === "type" && !this.#readType(buffer)) return false;
    if (this.#phase === "complete") return false;
    if (this.#phase === "user-payload") {
      this.#readUserPayload(buffer);
      return false;
    }
    if (this.#phase === "push-pull") return this.#readPushPull(buffer, maxNodes);
    const reader = this.#takeRecord(buffer);
    if (reader === undefined) return false;
    this.#readRecord(reader);
    if (this.#message === undefined) this.#readUserPayload(buffer);
    return false;
  }

  #readType(buffer: StreamBuffer): boolean {
    const type = buffer.at(0);
    if (type === undefined) return false;
    const phase = this.#role === "acceptor" ? requestPhases.get(type) : replyPhases.get(type);
    if (phase === undefined) {
      const isKnown = requestPhases.has(type) || replyPhases.has(type);
      throw new WireError(
        isKnown || type === MessageType.encrypt || type === MessageType.compress
          ? "misplaced-type"
          : "unknown-type",
        `a message of type ${type} cannot stand on this side of a stream`,
      );
    }
    buffer.discard(1);
    this.#phase = phase;
    if (phase === "push-pull") this.#pushPull = new PushPullDraft(this.#limits, this.#known);
    return true;
  }

  /** @returns a reader over the next record, which is used up; none while it is incomplete. */
  #takeRecord(buffer: StreamBuffer): MsgpackReader | undefined {
    const { bytes, start, end } = buffer;
    this.#scannedBytes = this.#scanner.scan(bytes, start + this.#scannedBytes, end) - start;
    if (this.#scannedBytes > this.#limits.recordBytes) {
      throw new WireError("too-large", `a record has more than ${this.#limits.recordBytes} bytes`);
    }
    if (!this.#scanner.isComplete) return undefined;
    const reader = new MsgpackReader(bytes, start, start + this.#scannedBytes);
    buffer.discard(this.#scannedBytes);
    this.#scanner.reset();
    this.#scannedBytes = 0;
    return reader;
  }

  #readRecord(reader: MsgpackReader): void {
    switch (this.#phase) {
      case "ping": {
        const ping = decodePing(reader);
        checkMessage(ping, this.#limits);
        this.#complete(ping);
        return;
      }
      case "ack":
        this.#complete(decodeAck(reader));
        return;
      case "error":
        this.#complete({ kind: "error", error: decodeErrorText(reader, this.#limits) });
        return;
      default:
        this.#userBytes = decodeUserLength(reader, this.#limits);
        this.#phase = "user-payload";
    }
  }

  #readUserPayload(buffer: StreamBuffer): void {
    if (buffer.length < this.#userBytes) return;
    this.#complete({ kind: "user", payload: buffer.view(this.#userBytes).slice() });
  }

  #readPushPull(buffer: StreamBuffer, maxNodes: number): boolean {
    const draft = this.#pushPull;
    if (draft === undefined) return false;
    draft.checkSize(buffer.length);
    let nodesLeft = maxNodes;
    while (draft.wantsRecord) {
      if (draft.hasHeader) {
        if (nodesLeft <= 0) return true;
        nodesLeft -= 1;
      }
      if (this.#scannedBytes === 0) {
        const quickBytes = draft.readQuickly(buffer.bytes, buffer.start, buffer.end);
        if (quickBytes > 0) {
          buffer.discard(quickBytes);
          continue;
        }
      }
      const before = buffer.length;
      const reader = this.#takeRecord(buffer);
      if (reader === undefined) return false;
      draft.readRecord(reader, before - buffer.length);
    }
    if (buffer.length >= draft.userStateBytes) {
      this.#complete(draft.finish(buffer.view(draft.userStateBytes).slice()));
    }
    return false;
  }

  #complete(message: StreamMessage): void {
    this.#phase = "complete";
    this.#message = message;
  }
}

/** What an acceptor may be asked. Source: wire specification §1. */
const requestPhases: ReadonlyMap<number, Phase> = new Map([
  [MessageType.ping, "ping"],
  [MessageType.pushPull, "push-pull"],
  [MessageType.user, "user"],
]);

/** What a dialler may be answered. Source: wire specification §1. */
const replyPhases: ReadonlyMap<number, Phase> = new Map([
  [MessageType.ack, "ack"],
  [MessageType.pushPull, "push-pull"],
  [MessageType.error, "error"],
]);

function decodeUserLength(reader: MsgpackReader, limits: WireLimits): number {
  let length = 0;
  reader.readRecord(userFields, () => {
    length = reader.readUnsigned(Number.MAX_SAFE_INTEGER);
  });
  if (length > limits.userMessageBytes) {
    throw new WireError(
      "too-large",
      `a user message has more than ${limits.userMessageBytes} bytes`,
    );
  }
  return length;
}

/** A longer text is cut: it is for people, and its beginning says what is wrong. */
function decodeErrorText(reader: MsgpackReader, limits: WireLimits): string {
  let text = "";
  reader.readRecord(errorFields, () => {
    const bytes = reader.readRaw();
    text = decodeName(bytes, 0, Math.min(bytes.length, limits.errorTextBytes));
  });
  return text;
}
