/**
 * Serf messages to bytes and back: one type byte, then one msgpack record.
 *
 * This file dispatches by type byte and holds the small messages; the larger records have files
 * of their own. Encoding reproduces the reference byte for byte; decoding accepts all the forms
 * the reference accepts and throws nothing but `WireError`. Bytes after the first complete value
 * are ignored, as the reference ignores them (a relay forwards them).
 *
 * Whoever rebroadcasts must send the bytes received, not the message encoded anew, so that fields
 * unknown to this version survive. Decoded payloads and names are copies: a user may write into
 * them without touching the bytes that are told on.
 *
 * Read next: `query-codec.ts`, `push-pull-codec.ts`, `answer-codec.ts`, `relay-codec.ts`.
 *
 * Source: Serf specification §2, §3.
 */
import { encodeKey, MsgpackFields, MsgpackReader, MsgpackWriter, WireError } from "@x/swim/wire";
import {
  readConflictResponse,
  readKeyRequest,
  readKeyResponse,
  writeConflictResponse,
  writeKeyRequest,
  writeKeyResponse,
} from "./answer-codec.ts";
import {
  SerfMessageType,
  type ConflictResponseMessage,
  type JoinIntentMessage,
  type KeyRequestMessage,
  type KeyResponseMessage,
  type LeaveIntentMessage,
  type PushPullStateMessage,
  type QueryMessage,
  type QueryResponseMessage,
  type RelayMessage,
  type SerfMessage,
  type UserEventMessage,
} from "./message.ts";
import { readOptionalBytes } from "./optional-bytes.ts";
import {
  readPushPullState,
  readPushPullStateLazily,
  writePushPullState,
  type UnreadPushPullState,
} from "./push-pull-codec.ts";
import { readQuery, readQueryResponse, writeQuery, writeQueryResponse } from "./query-codec.ts";
import { readRelay, writeRelay } from "./relay-codec.ts";

/** What may arrive as a user message of SWIM. Source: Serf specification §3. */
export type ArrivingMessage =
  | LeaveIntentMessage
  | JoinIntentMessage
  | UserEventMessage
  | QueryMessage
  | QueryResponseMessage
  | RelayMessage;

const keyCoalesce = encodeKey("CC");
const keyLamportTime = encodeKey("LTime");
const keyName = encodeKey("Name");
const keyNode = encodeKey("Node");
const keyPayload = encodeKey("Payload");
const keyPrune = encodeKey("Prune");

const leaveFields = new MsgpackFields(["LTime", "Node", "Prune"]);
const joinFields = new MsgpackFields(["LTime", "Node"]);
const userEventFields = new MsgpackFields(["LTime", "Name", "Payload", "CC"]);

/** Encoding never re-enters, so one writer keeps its memory for all messages. */
const writer = new MsgpackWriter();

/**
 * The bytes of a message, type byte first, exactly as the reference writes them.
 *
 * @throws {RangeError} if a number does not fit its field; a caller's mistake.
 */
export function encodeSerfMessage(message: SerfMessage): Uint8Array {
  writer.reset();
  writeMessage(message);
  return writer.finish();
}

/**
 * Any message, whatever its type.
 *
 * @throws {WireError} `empty`, `unknown-type`, or what the record's codec says.
 */
export function decodeSerfMessage(bytes: Uint8Array): SerfMessage {
  const reader = new MsgpackReader(bytes, 1);
  switch (typeByteOf(bytes)) {
    case SerfMessageType.pushPull:
      return readPushPullState(reader);
    case SerfMessageType.conflictResponse:
      return readConflictResponse(reader);
    case SerfMessageType.keyRequest:
      return readKeyRequest(reader);
    case SerfMessageType.keyResponse:
      return readKeyResponse(reader);
    default:
      return decodeArrivingMessage(bytes);
  }
}

/**
 * A message that came as a user message: the state exchange and the answers that travel inside
 * other messages are refused before any of their bytes is looked at.
 *
 * @throws {WireError} `empty`, `unknown-type`, `misplaced-type`, or what the record's codec says.
 */
export function decodeArrivingMessage(bytes: Uint8Array): ArrivingMessage {
  const type = typeByteOf(bytes);
  const reader = new MsgpackReader(bytes, 1);
  switch (type) {
    case SerfMessageType.leave:
      return readLeaveIntent(reader);
    case SerfMessageType.join:
      return readJoinIntent(reader);
    case SerfMessageType.userEvent:
      return readUserEvent(reader);
    case SerfMessageType.query:
      return readQuery(reader);
    case SerfMessageType.queryResponse:
      return readQueryResponse(reader);
    case SerfMessageType.relay:
      return readRelay(reader, bytes);
    case SerfMessageType.pushPull:
    case SerfMessageType.conflictResponse:
    case SerfMessageType.keyRequest:
    case SerfMessageType.keyResponse:
      throw new WireError("misplaced-type", `a Serf message of type ${type} is no user message`);
    default:
      throw new WireError("unknown-type", `Serf message type ${type} is unknown`);
  }
}

/** @throws {WireError} as `decodeSerfMessage`; `misplaced-type` for any other message. */
export function decodePushPullState(bytes: Uint8Array): PushPullStateMessage {
  return readPushPullState(readerAfterType(bytes, SerfMessageType.pushPull));
}

/**
 * As `decodePushPullState`, but what it says of each member is decoded when it is asked for.
 *
 * @param bytes - must not change meanwhile.
 * @throws {WireError} as `decodeSerfMessage`; `misplaced-type` for any other message.
 */
export function decodePushPullStateLazily(bytes: Uint8Array): UnreadPushPullState {
  return readPushPullStateLazily(bytes, readerAfterType(bytes, SerfMessageType.pushPull));
}

/** @throws {WireError} as `decodeSerfMessage`; `misplaced-type` for any other message. */
export function decodeConflictResponse(bytes: Uint8Array): ConflictResponseMessage {
  return readConflictResponse(readerAfterType(bytes, SerfMessageType.conflictResponse));
}

/**
 * The payload of a key query.
 *
 * Deviation: the reference skips the type byte unseen and crashes when there is none; here it is
 * checked. Source: Serf specification §20 item 19.
 *
 * @throws {WireError} as `decodeSerfMessage`; `misplaced-type` for any other message.
 */
export function decodeKeyRequest(bytes: Uint8Array): KeyRequestMessage {
  return readKeyRequest(readerAfterType(bytes, SerfMessageType.keyRequest));
}

/** @throws {WireError} as `decodeSerfMessage`; `misplaced-type` for any other message. */
export function decodeKeyResponse(bytes: Uint8Array): KeyResponseMessage {
  return readKeyResponse(readerAfterType(bytes, SerfMessageType.keyResponse));
}

function typeByteOf(bytes: Uint8Array): number {
  const type = bytes[0];
  if (type === undefined) throw new WireError("empty", "a Serf message has at least a type byte");
  return type;
}

function readerAfterType(bytes: Uint8Array, wanted: number): MsgpackReader {
  const type = typeByteOf(bytes);
  if (type !== wanted) {
    throw new WireError("misplaced-type", `Serf message type ${type} stands where ${wanted} must`);
  }
  return new MsgpackReader(bytes, 1);
}

function writeMessage(message: SerfMessage): void {
  switch (message.kind) {
    case "leave":
      return writeLeaveIntent(message);
    case "join":
      return writeJoinIntent(message);
    case "user-event":
      return writeUserEvent(message);
    case "push-pull":
      writer.writeByte(SerfMessageType.pushPull);
      return writePushPullState(writer, message);
    case "query":
      writer.writeByte(SerfMessageType.query);
      return writeQuery(writer, message);
    case "query-response":
      writer.writeByte(SerfMessageType.queryResponse);
      return writeQueryResponse(writer, message);
    case "conflict-response":
      writer.writeByte(SerfMessageType.conflictResponse);
      return writeConflictResponse(writer, message);
    case "key-request":
      writer.writeByte(SerfMessageType.keyRequest);
      return writeKeyRequest(writer, message);
    case "key-response":
      writer.writeByte(SerfMessageType.keyResponse);
      return writeKeyResponse(writer, message);
    case "relay":
      writer.writeByte(SerfMessageType.relay);
      return writeRelay(writer, message);
  }
}

function writeLeaveIntent(message: LeaveIntentMessage): void {
  writer.writeByte(SerfMessageType.leave);
  writer.writeMapHeader(3);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyNode);
  writer.writeString(message.node);
  writer.writeKey(keyPrune);
  writer.writeBoolean(message.prune);
}

function readLeaveIntent(reader: MsgpackReader): LeaveIntentMessage {
  let lamportTime = 0n;
  let node = "";
  let prune = false;
  reader.readRecord(leaveFields, (field) => {
    if (field === 0) lamportTime = reader.readUnsigned64();
    else if (field === 1) node = reader.readString();
    else prune = reader.readBoolean();
  });
  return { kind: "leave", lamportTime, node, prune };
}

function writeJoinIntent(message: JoinIntentMessage): void {
  writer.writeByte(SerfMessageType.join);
  writer.writeMapHeader(2);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyNode);
  writer.writeString(message.node);
}

function readJoinIntent(reader: MsgpackReader): JoinIntentMessage {
  let lamportTime = 0n;
  let node = "";
  reader.readRecord(joinFields, (field) => {
    if (field === 0) lamportTime = reader.readUnsigned64();
    else node = reader.readString();
  });
  return { kind: "join", lamportTime, node };
}

function writeUserEvent(message: UserEventMessage): void {
  writer.writeByte(SerfMessageType.userEvent);
  writer.writeMapHeader(4);
  writer.writeKey(keyCoalesce);
  writer.writeBoolean(message.coalesce);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyName);
  writer.writeString(message.name);
  writer.writeKey(keyPayload);
  writer.writeRaw(message.payload);
}

function readUserEvent(reader: MsgpackReader): UserEventMessage {
  let lamportTime = 0n;
  let name = "";
  let payload: Uint8Array | undefined;
  let coalesce = false;
  reader.readRecord(userEventFields, (field) => {
    if (field === 0) lamportTime = reader.readUnsigned64();
    else if (field === 1) name = reader.readString();
    else if (field === 2) payload = readOptionalBytes(reader);
    else coalesce = reader.readBoolean();
  });
  return { kind: "user-event", lamportTime, name, payload, coalesce };
}
