/**
 * A message on a stream, inside out: body, compression, encryption frame, label.
 *
 * `encodeStream` wraps, `StreamReader` unwraps. A connection carries one message each way and has
 * no length around it; the side that dials does not finish writing, so whoever waits for the end
 * waits for ever. Hence the reader takes bytes as they come and knows by itself when it is done.
 *
 * Source: wire specification §2, §3, §4.3, §7, §11, §13.
 */
import { CompressEnvelope, compressIfShorter } from "./compression.ts";
import { WireError } from "./errors.ts";
import { checkLabel, labelHeaderBytes, readLabel, writeLabelHeader } from "./label.ts";
import { MessageType, type ErrorMessage, type StreamMessage } from "./message.ts";
import { encodeMessage } from "./message-codec.ts";
import { encodeKey } from "./msgpack-dialect.ts";
import { MsgpackScanner } from "./msgpack-scanner.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { requiredAead, sealBytes, sealingKey, sealVersion, type PacketSettings } from "./packet.ts";
import { encodePushPull, type KnownNodes } from "./push-pull-codec.ts";
import { open, sealedBytes } from "./sealing.ts";
import { StreamBodyReader, type StreamRole } from "./stream-body.ts";
import { StreamBuffer } from "./stream-buffer.ts";
import { encodeName } from "./utf8.ts";

/** Type byte and length of an encryption frame. Source: wire specification §4.3. */
const frameHeaderBytes = 5;

/** Bytes expanded in the time in which one member is decoded, roughly. */
const expandedBytesPerNode = 512;

const errorKey = encodeKey("Error");
const userLengthKey = encodeKey("UserMsgLen");
const writer = new MsgpackWriter();

/** How a stream's message is wrapped. */
export interface EncodeStreamOptions {
  /** Only the dialler's message is preceded by the label. */
  readonly role: StreamRole;
  /** Compress if that makes the message shorter. */
  readonly compress: boolean;
}

/**
 * Wraps the one message we write to a connection.
 *
 * Deviation: the reference compresses even when the result is longer; receivers take both.
 *
 * @returns bytes that never change.
 * @throws {RangeError} for a number its field cannot hold, a user message or an error text above its limit.
 */
export function encodeStream(
  message: StreamMessage,
  settings: PacketSettings,
  options: EncodeStreamOptions,
): Uint8Array {
  let bytes = encodeStreamBody(message, settings);
  if (options.compress) bytes = compressIfShorter(bytes);
  const key = sealingKey(settings);
  if (key !== undefined) bytes = sealFrame(bytes, key, settings);
  if (options.role === "acceptor" || settings.label.length === 0) return bytes;
  const labelled = new Uint8Array(labelHeaderBytes(settings.label) + bytes.length);
  writeLabelHeader(settings.label, labelled);
  labelled.set(bytes, labelled.length - bytes.length);
  return labelled;
}

/** The innermost form: type byte and body. */
export function encodeStreamBody(message: StreamMessage, settings: PacketSettings): Uint8Array {
  const { userMessageBytes, errorTextBytes } = settings.limits;
  switch (message.kind) {
    case "ping":
    case "ack":
      return encodeMessage(message);
    case "push-pull":
      return encodePushPull(message, writer);
    case "user":
      if (message.payload.length > userMessageBytes) {
        throw new RangeError(
          `a user message has at most ${userMessageBytes} bytes, not ${message.payload.length}`,
        );
      }
      writer.reset();
      writer.writeByte(MessageType.user);
      writer.writeMapHeader(1);
      writer.writeKey(userLengthKey);
      writer.writeUnsigned(message.payload.length);
      writer.writeBytes(message.payload);
      return writer.finish();
    case "error":
      writer.reset();
      writer.writeByte(MessageType.error);
      writer.writeMapHeader(1);
      writer.writeKey(errorKey);
      writer.writeRaw(encodeName(message.error).subarray(0, errorTextBytes));
      return writer.finish();
  }
}

/** Seals what stands in an encryption frame. Source: wire specification §4.3. */
export function sealFrame(
  bytes: Uint8Array,
  key: Uint8Array,
  settings: PacketSettings,
): Uint8Array {
  const length = sealedBytes(sealVersion(settings), bytes.length);
  const header = Uint8Array.of(
    MessageType.encrypt,
    length >>> 24,
    length >>> 16,
    length >>> 8,
    length,
  );
  const payload = sealBytes(bytes, key, frameData(header, settings), settings);
  const frame = new Uint8Array(frameHeaderBytes + payload.length);
  frame.set(header);
  frame.set(payload, frameHeaderBytes);
  return frame;
}

/** What a frame's encryption is bound to: its header, and the label in both directions. */
function frameData(header: Uint8Array, settings: PacketSettings): Uint8Array {
  const data = new Uint8Array(frameHeaderBytes + settings.label.length);
  data.set(header);
  data.set(settings.label, frameHeaderBytes);
  return data;
}

/**
 * The reply an acceptor owes for `error`, if `StreamReader.needsErrorReply` says so.
 *
 * It tells what is wrong with the request and nothing about us.
 */
export function errorReply(error: WireError): ErrorMessage {
  return { kind: "error", error: error.message };
}

/** Where a reader stands: which envelope comes next. */
type Phase = "label" | "frame" | "compression" | "body";

/**
 * Reads the one message a connection carries towards us.
 *
 * @example
 * const reader = new StreamReader(settings, "acceptor");
 * reader.push(bytes);
 * const request = reader.message();
 */
export class StreamReader {
  readonly #settings: PacketSettings;
  readonly #role: StreamRole;
  readonly #buffer = new StreamBuffer();
  readonly #scanner = new MsgpackScanner();
  readonly #body: StreamBodyReader;
  #phase: Phase;
  /** Bytes of a compress envelope the scanner has seen, its type byte included. */
  #scannedBytes = 1;
  /** The compress envelope while it is being opened. */
  #envelope: CompressEnvelope | undefined;
  /** Whether the buffer holds all there will be: an envelope was opened, or the stream has ended. */
  #isWhole = false;
  #expandedBytes = 0;
  #hasMore = false;
  #failure: WireError | undefined;
  #needsErrorReply = false;

  /**
   * @param role - which side we are: an acceptor reads a request, a dialler reads the reply.
   * @param known - which members of a push-pull need not be decoded; none.
   */
  constructor(settings: PacketSettings, role: StreamRole, known?: KnownNodes) {
    this.#settings = settings;
    this.#role = role;
    // An acceptor never sends its label, so a dialler does not look for one.
    this.#phase = role === "acceptor" ? "label" : "frame";
    this.#body = new StreamBodyReader(settings.limits, role, known);
  }

  /**
   * Takes bytes in; they are copied. What follows a complete message is ignored.
   *
   * @param maxNodes - how many push-pull members are decoded now at most, and of a compressed
   *   message as much is expanded as takes that time; the rest waits for `advance`.
   * @throws {WireError} once the bytes cannot become a message, and at every call from then on.
   */
  push(bytes: Uint8Array, maxNodes: number = Infinity): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#body.message !== undefined || this.#isWhole) return;
    this.#buffer.append(bytes);
    this.#run(maxNodes);
  }

  /** Whether bytes that are here wait to be decoded by `advance`. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /**
   * Goes on decoding what `push` left, so that a large push-pull does not hold up everything else.
   *
   * @returns whether there is still more to decode.
   * @throws {WireError} as `push`.
   */
  advance(maxNodes: number): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#hasMore) this.#run(maxNodes);
    return this.#hasMore;
  }

  /**
   * Tells that the other side has finished writing.
   *
   * @throws {WireError} if the message is incomplete: `truncated`, or `empty` if not even its first
   *   byte has come. While `hasMore`, that shows only in `advance`.
   */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#body.message !== undefined) return;
    const isEmpty =
      this.#buffer.length === 0 && (this.#phase === "label" || this.#phase === "frame");
    this.#isWhole = true;
    if (this.#hasMore) return;
    this.#failure = isEmpty
      ? new WireError("empty", "the stream ended before a message began")
      : endedEarly();
    throw this.#failure;
  }

  /** The message once it is complete. */
  message(): StreamMessage | undefined {
    return this.#body.message;
  }

  /**
   * Push-pull members that were left out because what they claim is impossible; the message is
   * good for all others (wire specification §13).
   */
  get rejectedNodeCount(): number {
    return this.#body.rejectedNodeCount;
  }

  /** Bytes the envelopes opened so far held: memory that what arrived does not show. */
  get expandedBytes(): number {
    return this.#expandedBytes;
  }

  /**
   * Whether `error`, thrown by this reader, is answered before the connection is closed: only a
   * request's envelopes are worth an answer, and none is given before the label is right.
   *
   * Source: wire specification §11.4.
   */
  needsErrorReply(error: WireError): boolean {
    return this.#needsErrorReply && error === this.#failure;
  }

  #run(maxNodes: number): void {
    try {
      const isOpen = this.#unwrap(maxNodes);
      this.#hasMore =
        this.#envelope !== undefined || (isOpen && this.#body.read(this.#buffer, maxNodes));
      if (this.#body.message !== undefined) this.#buffer.release();
      else if (this.#isWhole && !this.#hasMore) throw endedEarly();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#failure = error;
      this.#hasMore = false;
      this.#needsErrorReply =
        this.#role === "acceptor" && (this.#phase === "frame" || this.#phase === "compression");
      this.#buffer.release();
      throw error;
    }
  }

  /** @returns whether all envelopes are opened. */
  #unwrap(maxNodes: number): boolean {
    if (this.#phase === "label" && !this.#readLabel()) return false;
    if (this.#phase === "frame" && !this.#readFrame()) return false;
    return this.#phase === "body" || this.#readCompression(maxNodes);
  }

  #readLabel(): boolean {
    const first = this.#buffer.at(0);
    if (first === undefined) return false;
    const { label: configured, skipInboundLabelCheck } = this.#settings;
    const hasHeader = first === MessageType.labelHeader;
    const length = hasHeader ? this.#buffer.at(1) : 0;
    const headerBytes = hasHeader ? 2 + (length ?? 0) : 0;
    if (length === undefined || this.#buffer.length < headerBytes) return false;
    const label = readLabel(this.#buffer.view(Math.max(1, headerBytes)));
    checkLabel(label, configured, { isCheckedElsewhere: skipInboundLabelCheck });
    this.#buffer.discard(headerBytes);
    this.#phase = "frame";
    return true;
  }

  #readFrame(): boolean {
    const first = this.#buffer.at(0);
    if (first === undefined) return false;
    const { keyring, limits } = this.#settings;
    if (first !== MessageType.encrypt) {
      if (keyring !== undefined && !keyring.isEmpty && this.#settings.verifyIncoming) {
        throw new WireError(
          "not-encrypted",
          "encryption is required here, but the message is plain",
        );
      }
      this.#phase = "compression";
      return true;
    }
    if (keyring === undefined || keyring.isEmpty) {
      throw new WireError(
        "no-key",
        "the message is encrypted, but encryption is not configured here",
      );
    }
    if (this.#buffer.length < frameHeaderBytes) return false;
    const header = this.#buffer.view(frameHeaderBytes);
    const [, a = 0, b = 0, c = 0, d = 0] = header;
    const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (length > limits.frameBytes) {
      throw new WireError(
        "too-large",
        `an encrypted message has more than ${limits.frameBytes} bytes`,
      );
    }
    if (this.#buffer.length < frameHeaderBytes + length) return false;
    const payload = this.#buffer.view(frameHeaderBytes + length).subarray(frameHeaderBytes);
    const data = frameData(header, this.#settings);
    this.#holdWhole(open(payload, keyring, data, requiredAead(this.#settings)));
    this.#phase = "compression";
    return true;
  }

  #readCompression(maxNodes: number): boolean {
    const { limits } = this.#settings;
    if (this.#envelope === undefined && this.#buffer.at(0) === MessageType.compress) {
      const { bytes, start, end } = this.#buffer;
      this.#scannedBytes = this.#scanner.scan(bytes, start + this.#scannedBytes, end) - start;
      if (this.#scannedBytes > limits.frameBytes) {
        throw new WireError(
          "too-large",
          `a compressed message has more than ${limits.frameBytes} bytes`,
        );
      }
      if (!this.#scanner.isComplete) return false;
      const envelope = this.#buffer.view(this.#scannedBytes);
      this.#envelope = new CompressEnvelope(envelope, limits.decompressedBytes);
      this.#isWhole = true;
    }
    if (this.#envelope !== undefined) {
      const before = this.#envelope.expandedBytes;
      const content = this.#envelope.advance(maxNodes * expandedBytesPerNode);
      this.#expandedBytes += this.#envelope.expandedBytes - before;
      if (content === undefined) return false;
      this.#envelope = undefined;
      this.#buffer.replace(content);
    }
    this.#phase = "body";
    return true;
  }

  /** From here on the buffer holds what an envelope held, and more will not come. */
  #holdWhole(content: Uint8Array): void {
    this.#buffer.replace(content);
    this.#isWhole = true;
    this.#expandedBytes += content.length;
  }
}

function endedEarly(): WireError {
  return new WireError("truncated", "the bytes end inside a message");
}
