/**
 * Messages to bytes and back: the type byte and the msgpack body of each kind.
 *
 * Decoding has two steps. The first takes what the reference's codec takes and refuses what it
 * refuses; the second (`message-rules.ts`) refuses what no well-behaved member sends. What
 * `decodeMessage` returns can be trusted to be well-formed, not to be true.
 *
 * Source: wire specification §9, §10.
 */
import { WireError } from "./errors.ts";
import {
  MessageType,
  type AckMessage,
  type AliveMessage,
  type DatagramMessage,
  type DeadMessage,
  type IndirectPingMessage,
  type NackMessage,
  type PingMessage,
  type SuspectMessage,
} from "./message.ts";
import { checkMessage } from "./message-rules.ts";
import { encodeKey, MsgpackFields } from "./msgpack-dialect.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { copyOf, RecordLayout } from "./record-layout.ts";
import { decodeName } from "./utf8.ts";
import { defaultWireLimits, type WireLimits } from "./wire-limits.ts";

/** The field names of each kind, in the reference's declaration order. Source: wire specification §10. */
const pingFields = new MsgpackFields(["SeqNo", "Node", "SourceAddr", "SourcePort", "SourceNode"]);
const indirectPingFields = new MsgpackFields([
  "SeqNo",
  "Target",
  "Port",
  "Node",
  "Nack",
  "SourceAddr",
  "SourcePort",
  "SourceNode",
]);
const ackFields = new MsgpackFields(["SeqNo", "Payload"]);
const nackFields = new MsgpackFields(["SeqNo"]);
const claimFields = new MsgpackFields(["Incarnation", "Node", "From"]);
const aliveFields = new MsgpackFields(["Incarnation", "Node", "Addr", "Port", "Meta", "Vsn"]);

const key = {
  addr: encodeKey("Addr"),
  from: encodeKey("From"),
  incarnation: encodeKey("Incarnation"),
  meta: encodeKey("Meta"),
  nack: encodeKey("Nack"),
  node: encodeKey("Node"),
  payload: encodeKey("Payload"),
  port: encodeKey("Port"),
  seqNo: encodeKey("SeqNo"),
  sourceAddr: encodeKey("SourceAddr"),
  sourceNode: encodeKey("SourceNode"),
  sourcePort: encodeKey("SourcePort"),
  target: encodeKey("Target"),
  vsn: encodeKey("Vsn"),
} as const;

const maxUint16 = 0xffff;
const maxUint32 = 0xffff_ffff;

/** Written once, read by everyone: an absent byte string. */
const noBytes = new Uint8Array(0);

const writer = new MsgpackWriter();

/**
 * Encodes a message as it stands in a datagram: type byte and body. Streams have the same form
 * for ping and ack.
 *
 * @returns bytes that never change.
 * @throws {RangeError} for a number its field cannot hold.
 *
 * @example
 * encodeMessage({ kind: "nack", sequenceNumber: 5 }).length; // => 9
 */
export function encodeMessage(message: DatagramMessage): Uint8Array {
  // A call before this one may have thrown halfway.
  writer.reset();
  switch (message.kind) {
    case "ping":
      encodePing(message);
      break;
    case "indirect-ping":
      encodeIndirectPing(message);
      break;
    case "ack":
      writer.writeByte(MessageType.ack);
      writer.writeMapHeader(2);
      writer.writeKey(key.payload);
      writer.writeRaw(presentBytes(message.payload));
      writeNumber(key.seqNo, message.sequenceNumber, maxUint32);
      break;
    case "nack":
      writer.writeByte(MessageType.nack);
      writer.writeMapHeader(1);
      writeNumber(key.seqNo, message.sequenceNumber, maxUint32);
      break;
    case "suspect":
    case "dead":
      writer.writeByte(message.kind === "dead" ? MessageType.dead : MessageType.suspect);
      writer.writeMapHeader(3);
      writeText(key.from, message.from);
      writeNumber(key.incarnation, message.incarnation, maxUint32);
      writeText(key.node, message.node);
      break;
    case "alive":
      encodeAlive(message);
      break;
    case "user":
      writer.writeByte(MessageType.user);
      writer.writeBytes(message.payload);
      break;
  }
  return writer.finish();
}

function encodePing(message: PingMessage): void {
  const source = presentSource(message);
  writer.writeByte(MessageType.ping);
  writer.writeMapHeader(2 + source);
  writeText(key.node, message.node);
  writeNumber(key.seqNo, message.sequenceNumber, maxUint32);
  writeSource(message);
}

function encodeIndirectPing(message: IndirectPingMessage): void {
  const source = presentSource(message);
  writer.writeByte(MessageType.indirectPing);
  writer.writeMapHeader(5 + source);
  writer.writeKey(key.nack);
  writer.writeBoolean(message.wantsNack);
  writeText(key.node, message.node);
  writeNumber(key.port, message.port, maxUint16);
  writeNumber(key.seqNo, message.sequenceNumber, maxUint32);
  writeSource(message);
  writer.writeKey(key.target);
  writer.writeRaw(presentBytes(message.target));
}

function encodeAlive(message: AliveMessage): void {
  writer.writeByte(MessageType.alive);
  writer.writeMapHeader(6);
  writer.writeKey(key.addr);
  writer.writeRaw(presentBytes(message.address));
  writeNumber(key.incarnation, message.incarnation, maxUint32);
  writer.writeKey(key.meta);
  writer.writeRaw(presentBytes(message.meta));
  writeText(key.node, message.node);
  writeNumber(key.port, message.port, maxUint16);
  writer.writeKey(key.vsn);
  writer.writeRaw(presentBytes(message.versions));
}

/** How many of the optional source fields are written. */
function presentSource(message: PingMessage | IndirectPingMessage): number {
  return (
    ((message.sourceAddress?.length ?? 0) > 0 ? 1 : 0) +
    ((message.sourceNode ?? "") === "" ? 0 : 1) +
    ((message.sourcePort ?? 0) === 0 ? 0 : 1)
  );
}

function writeSource(message: PingMessage | IndirectPingMessage): void {
  const { sourceAddress, sourceNode, sourcePort } = message;
  if (sourceAddress !== undefined && sourceAddress.length > 0) {
    writer.writeKey(key.sourceAddr);
    writer.writeRaw(sourceAddress);
  }
  if (sourceNode !== undefined && sourceNode !== "") writeText(key.sourceNode, sourceNode);
  if (sourcePort !== undefined && sourcePort !== 0)
    writeNumber(key.sourcePort, sourcePort, maxUint16);
}

function writeText(name: Uint8Array, text: string): void {
  writer.writeKey(name);
  writer.writeString(text);
}

function writeNumber(name: Uint8Array, value: number, max: number): void {
  if (value > max) throw new RangeError(`a number of at most ${max} is needed, not ${value}`);
  writer.writeKey(name);
  writer.writeUnsigned(value);
}

/** Our messages know no difference between absent and empty; the reference writes nil for both. */
function presentBytes(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

/**
 * Decodes a message as it stands in a datagram, all envelopes removed.
 *
 * @param bytes - type byte and body; bytes after the body are ignored. A user message's payload
 *   is a view into them, everything else is copied out.
 * @throws {WireError} for anything but a well-formed message.
 */
export function decodeMessage(
  bytes: Uint8Array,
  limits: WireLimits = defaultWireLimits,
): DatagramMessage {
  const message = decodeBody(bytes);
  checkMessage(message, limits);
  return message;
}

/** The first step of `decodeMessage`: what the reference's codec would make of the bytes. */
export function decodeBody(bytes: Uint8Array): DatagramMessage {
  switch (bytes[0]) {
    case MessageType.ping:
      return decodePing(new MsgpackReader(bytes, 1));
    case MessageType.indirectPing:
      return decodeIndirectPing(new MsgpackReader(bytes, 1));
    case MessageType.ack:
      return decodeAck(new MsgpackReader(bytes, 1));
    case MessageType.nack:
      return decodeNack(new MsgpackReader(bytes, 1));
    case MessageType.suspect:
      return decodeClaim(new MsgpackReader(bytes, 1), "suspect");
    case MessageType.dead:
      return decodeClaim(new MsgpackReader(bytes, 1), "dead");
    case MessageType.alive:
      return decodeAlive(bytes);
    case MessageType.user:
      return { kind: "user", payload: bytes.subarray(1) };
    case undefined:
      throw new WireError("empty", "no type byte stands where a message should");
    default:
      throw new WireError("unknown-type", `no message has the type ${bytes[0]}`);
  }
}

/** A message while its fields come in. */
export type Draft<Message> = { -readonly [Field in keyof Message]: Message[Field] };

/** Reads the body of a ping, from where the reader stands. */
export function decodePing(reader: MsgpackReader): PingMessage {
  const draft: Draft<PingMessage> = { kind: "ping", sequenceNumber: 0, node: "" };
  reader.readRecord(pingFields, (index) => {
    if (index === 0) draft.sequenceNumber = reader.readUnsigned(maxUint32);
    else if (index === 1) draft.node = reader.readString();
    else readSourceField(reader, index - 2, draft);
  });
  return draft;
}

function decodeIndirectPing(reader: MsgpackReader): IndirectPingMessage {
  const draft: Draft<IndirectPingMessage> = {
    kind: "indirect-ping",
    sequenceNumber: 0,
    target: noBytes,
    port: 0,
    node: "",
    wantsNack: false,
  };
  reader.readRecord(indirectPingFields, (index) => {
    if (index === 0) draft.sequenceNumber = reader.readUnsigned(maxUint32);
    else if (index === 1) draft.target = reader.readRawCopy();
    else if (index === 2) draft.port = reader.readUnsigned(maxUint16);
    else if (index === 3) draft.node = reader.readString();
    else if (index === 4) draft.wantsNack = reader.readBoolean();
    else readSourceField(reader, index - 5, draft);
  });
  return draft;
}

function readSourceField(
  reader: MsgpackReader,
  index: number,
  draft: Draft<PingMessage> | Draft<IndirectPingMessage>,
): void {
  if (index === 0) {
    const address = reader.readRawCopy();
    if (address.length > 0) draft.sourceAddress = address;
    else delete draft.sourceAddress;
  } else if (index === 1) {
    draft.sourcePort = reader.readUnsigned(maxUint16);
  } else {
    draft.sourceNode = reader.readString();
  }
}

/** Reads the body of an ack, from where the reader stands. */
export function decodeAck(reader: MsgpackReader): AckMessage {
  const draft: Draft<AckMessage> = { kind: "ack", sequenceNumber: 0, payload: noBytes };
  reader.readRecord(ackFields, (index) => {
    if (index === 0) draft.sequenceNumber = reader.readUnsigned(maxUint32);
    else draft.payload = reader.readRawCopy();
  });
  return draft;
}

function decodeNack(reader: MsgpackReader): NackMessage {
  const draft: Draft<NackMessage> = { kind: "nack", sequenceNumber: 0 };
  reader.readRecord(nackFields, () => {
    draft.sequenceNumber = reader.readUnsigned(maxUint32);
  });
  return draft;
}

function decodeClaim(
  reader: MsgpackReader,
  kind: "suspect" | "dead",
): SuspectMessage | DeadMessage {
  const draft: Draft<SuspectMessage> | Draft<DeadMessage> =
    kind === "dead"
      ? { kind: "dead", incarnation: 0, node: "", from: "" }
      : { kind: "suspect", incarnation: 0, node: "", from: "" };
  reader.readRecord(claimFields, (index) => {
    if (index === 0) draft.incarnation = reader.readUnsigned(maxUint32);
    else if (index === 1) draft.node = reader.readString();
    else draft.from = reader.readString();
  });
  return draft;
}

/** There is one message at a time. */
const layout = new RecordLayout();

function decodeAlive(bytes: Uint8Array): AliveMessage {
  if (layout.readAlive(bytes, 1, bytes.length)) return aliveOf(layout);
  const reader = new MsgpackReader(bytes, 1);
  const draft: Draft<AliveMessage> = {
    kind: "alive",
    incarnation: 0,
    node: "",
    address: noBytes,
    port: 0,
    meta: noBytes,
    versions: noBytes,
  };
  reader.readRecord(aliveFields, (index) => {
    if (index === 0) draft.incarnation = reader.readUnsigned(maxUint32);
    else if (index === 1) draft.node = reader.readString();
    else if (index === 2) draft.address = reader.readRawCopy();
    else if (index === 3) draft.port = reader.readUnsigned(maxUint16);
    else if (index === 4) draft.meta = reader.readRawCopy();
    else draft.versions = readVersions(reader);
  });
  return draft;
}

/** The alive message `layout` lies over. */
function aliveOf(at: RecordLayout): AliveMessage {
  const { bytes } = at;
  return {
    kind: "alive",
    incarnation: at.incarnation,
    node: decodeName(bytes, at.nameStart, at.nameEnd),
    address: copyOf(bytes, at.addressStart, at.addressEnd),
    port: at.port,
    meta: copyOf(bytes, at.metaStart, at.metaEnd),
    versions: sharedVersions(bytes, at.versionsStart, at.versionsEnd),
  };
}

let recentVersions: Uint8Array = noBytes;

/** Nearly all members of a cluster have the same versions, so they share the memory of them. */
export function readVersions(reader: MsgpackReader): Uint8Array {
  recentVersions = reader.readRawCopy(recentVersions);
  return recentVersions;
}

/** As `readVersions`, by where the bytes lie. */
export function sharedVersions(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const recent = recentVersions;
  let index = 0;
  if (recent.length === end - start) {
    while (index < recent.length && recent[index] === bytes[start + index]) index += 1;
    if (index === recent.length) return recent;
  }
  recentVersions = copyOf(bytes, start, end);
  return recentVersions;
}
