/**
 * What travels inside the payloads of internal queries and of their answers: the records behind
 * the type bytes 6 (conflict response), 7 (key request) and 8 (key response).
 *
 * Source: Serf specification §3.8, §3.9.
 */
import {
  encodeKey,
  MsgpackFields,
  WireError,
  type MsgpackReader,
  type MsgpackWriter,
} from "@x/swim/wire";
import type {
  ConflictResponseMessage,
  KeyRequestMessage,
  KeyResponseMessage,
  MemberRecord,
} from "./message.ts";
import { readOptionalBytes } from "./optional-bytes.ts";
import { writeSignedInteger } from "./signed-integer.ts";

/** Most keys a key response may list; one that fits a datagram holds fewer than 3,000. */
export const keyCountLimit = 4096;

/** Most tags a member record may hold: metadata of 512 bytes has room for 256 empty ones. */
export const tagCountLimit = 4096;

const keyAddress = encodeKey("Addr");
const keyDelegateCurrent = encodeKey("DelegateCur");
const keyDelegateMax = encodeKey("DelegateMax");
const keyDelegateMin = encodeKey("DelegateMin");
const keyKey = encodeKey("Key");
const keyKeys = encodeKey("Keys");
const keyMessage = encodeKey("Message");
const keyName = encodeKey("Name");
const keyPort = encodeKey("Port");
const keyPrimaryKey = encodeKey("PrimaryKey");
const keyProtocolCurrent = encodeKey("ProtocolCur");
const keyProtocolMax = encodeKey("ProtocolMax");
const keyProtocolMin = encodeKey("ProtocolMin");
const keyResult = encodeKey("Result");
const keyStatus = encodeKey("Status");
const keyTags = encodeKey("Tags");

const memberFields = new MsgpackFields([
  "Name",
  "Addr",
  "Port",
  "Tags",
  "Status",
  "ProtocolMin",
  "ProtocolMax",
  "ProtocolCur",
  "DelegateMin",
  "DelegateMax",
  "DelegateCur",
]);
const keyRequestFields = new MsgpackFields(["Key"]);
const keyResponseFields = new MsgpackFields(["Result", "Message", "Keys", "PrimaryKey"]);

/** Writes the record of a conflict response, or nil. */
export function writeConflictResponse(
  writer: MsgpackWriter,
  message: ConflictResponseMessage,
): void {
  const { member } = message;
  if (member === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeMapHeader(11);
  writer.writeKey(keyAddress);
  writer.writeRaw(member.address);
  writer.writeKey(keyDelegateCurrent);
  writer.writeUnsigned(member.delegateCurrent);
  writer.writeKey(keyDelegateMax);
  writer.writeUnsigned(member.delegateMax);
  writer.writeKey(keyDelegateMin);
  writer.writeUnsigned(member.delegateMin);
  writer.writeKey(keyName);
  writer.writeString(member.name);
  writer.writeKey(keyPort);
  writer.writeUnsigned(member.port);
  writer.writeKey(keyProtocolCurrent);
  writer.writeUnsigned(member.protocolCurrent);
  writer.writeKey(keyProtocolMax);
  writer.writeUnsigned(member.protocolMax);
  writer.writeKey(keyProtocolMin);
  writer.writeUnsigned(member.protocolMin);
  writer.writeKey(keyStatus);
  writeSignedInteger(writer, member.status);
  writer.writeKey(keyTags);
  writeTagMap(writer, member.tags);
}

/** Reads the record of a conflict response. @throws {WireError} and nothing else. */
export function readConflictResponse(reader: MsgpackReader): ConflictResponseMessage {
  if (reader.takeNil()) return { kind: "conflict-response", member: undefined };
  return { kind: "conflict-response", member: readMember(reader) };
}

/** Writes the record of a key request. */
export function writeKeyRequest(writer: MsgpackWriter, message: KeyRequestMessage): void {
  writer.writeMapHeader(1);
  writer.writeKey(keyKey);
  writer.writeRaw(message.key);
}

/** Reads the record of a key request. @throws {WireError} and nothing else. */
export function readKeyRequest(reader: MsgpackReader): KeyRequestMessage {
  let key: Uint8Array | undefined;
  reader.readRecord(keyRequestFields, () => {
    key = readOptionalBytes(reader);
  });
  return { kind: "key-request", key };
}

/** Writes the record of a key response. */
export function writeKeyResponse(writer: MsgpackWriter, message: KeyResponseMessage): void {
  writer.writeMapHeader(4);
  writer.writeKey(keyKeys);
  if (message.keys === undefined) {
    writer.writeNil();
  } else {
    writer.writeArrayHeader(message.keys.length);
    for (const key of message.keys) writer.writeString(key);
  }
  writer.writeKey(keyMessage);
  writer.writeString(message.message);
  writer.writeKey(keyPrimaryKey);
  writer.writeString(message.primaryKey);
  writer.writeKey(keyResult);
  writer.writeBoolean(message.result);
}

/** Reads the record of a key response. @throws {WireError} and nothing else. */
export function readKeyResponse(reader: MsgpackReader): KeyResponseMessage {
  let result = false;
  let message = "";
  let keys: readonly string[] | undefined;
  let primaryKey = "";
  reader.readRecord(keyResponseFields, (field) => {
    if (field === 0) result = reader.readBoolean();
    else if (field === 1) message = reader.readString();
    else if (field === 2) keys = readKeys(reader);
    else primaryKey = reader.readString();
  });
  return { kind: "key-response", result, message, keys, primaryKey };
}

function readKeys(reader: MsgpackReader): readonly string[] | undefined {
  if (reader.takeNil()) return undefined;
  const count = reader.readArrayHeader();
  if (count > keyCountLimit) {
    throw new WireError("too-many", `${count} keys, at most ${keyCountLimit}`);
  }
  return Array.from({ length: count }, () => reader.readString());
}

function readMember(reader: MsgpackReader): MemberRecord {
  let name = "";
  let address: Uint8Array | undefined;
  let tags: ReadonlyMap<string, string> | undefined;
  /** Port, status, then the six versions, by field number. */
  const numbers = new Map<number, number>();
  reader.readRecord(memberFields, (field) => {
    if (field === 0) name = reader.readString();
    else if (field === 1) address = readOptionalBytes(reader);
    else if (field === 2) numbers.set(field, reader.readUnsigned(0xffff));
    else if (field === 3) tags = readTagMap(reader);
    else if (field === 4) numbers.set(field, reader.readSigned(-0x8000_0000, 0x7fff_ffff));
    else numbers.set(field, reader.readUnsigned(0xff));
  });
  return {
    name,
    address,
    port: numbers.get(2) ?? 0,
    tags,
    status: numbers.get(4) ?? 0,
    protocolMin: numbers.get(5) ?? 0,
    protocolMax: numbers.get(6) ?? 0,
    protocolCurrent: numbers.get(7) ?? 0,
    delegateMin: numbers.get(8) ?? 0,
    delegateMax: numbers.get(9) ?? 0,
    delegateCurrent: numbers.get(10) ?? 0,
  };
}

function writeTagMap(writer: MsgpackWriter, tags: ReadonlyMap<string, string> | undefined): void {
  if (tags === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeMapHeader(tags.size);
  for (const [tag, value] of tags) {
    writer.writeString(tag);
    writer.writeString(value);
  }
}

function readTagMap(reader: MsgpackReader): ReadonlyMap<string, string> | undefined {
  if (reader.takeNil()) return undefined;
  const count = reader.readMapHeader();
  if (count > tagCountLimit) {
    throw new WireError("too-many", `${count} tags, at most ${tagCountLimit}`);
  }
  const tags = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const tag = reader.readString();
    tags.set(tag, reader.takeNil() ? "" : reader.readString());
  }
  return tags;
}
