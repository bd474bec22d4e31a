/**
 * Queries and their answers: the records behind the type bytes 4 and 5.
 *
 * Source: Serf specification §3.5, §3.7.
 */
import {
  encodeKey,
  MsgpackFields,
  WireError,
  type MsgpackReader,
  type MsgpackWriter,
} from "@x/swim/wire";
import type { QueryMessage, QueryResponseMessage } from "./message.ts";
import { readOptionalBytes } from "./optional-bytes.ts";
import { writeSignedInteger } from "./signed-integer.ts";

/**
 * Filters one query may carry. The reference has no limit; a query of its largest size (9216
 * bytes) has room for some hundreds of real filters, and each one may cost an expression.
 */
export const queryFilterCountLimit = 1024;

const keyAddress = encodeKey("Addr");
const keyFilters = encodeKey("Filters");
const keyFlags = encodeKey("Flags");
const keyFrom = encodeKey("From");
const keyId = encodeKey("ID");
const keyLamportTime = encodeKey("LTime");
const keyName = encodeKey("Name");
const keyPayload = encodeKey("Payload");
const keyPort = encodeKey("Port");
const keyRelayFactor = encodeKey("RelayFactor");
const keySourceNode = encodeKey("SourceNode");
const keyTimeout = encodeKey("Timeout");

const queryFields = new MsgpackFields([
  "LTime",
  "ID",
  "Addr",
  "Port",
  "SourceNode",
  "Filters",
  "Flags",
  "RelayFactor",
  "Timeout",
  "Name",
  "Payload",
]);
const responseFields = new MsgpackFields(["LTime", "ID", "From", "Flags", "Payload"]);

const maxUint32 = 0xffff_ffff;

/** Writes the record of a query. */
export function writeQuery(writer: MsgpackWriter, message: QueryMessage): void {
  writer.writeMapHeader(11);
  writer.writeKey(keyAddress);
  writer.writeRaw(message.address);
  writer.writeKey(keyFilters);
  writeFilters(writer, message.filters);
  writer.writeKey(keyFlags);
  writer.writeUnsigned(message.flags);
  writer.writeKey(keyId);
  writer.writeUnsigned(message.id);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyName);
  writer.writeString(message.name);
  writer.writeKey(keyPayload);
  writer.writeRaw(message.payload);
  writer.writeKey(keyPort);
  writer.writeUnsigned(message.port);
  writer.writeKey(keyRelayFactor);
  writer.writeUnsigned(message.relayFactor);
  writer.writeKey(keySourceNode);
  writer.writeString(message.sourceNode);
  writer.writeKey(keyTimeout);
  writeSignedInteger(writer, message.timeoutNs);
}

/** Reads the record of a query. @throws {WireError} and nothing else. */
export function readQuery(reader: MsgpackReader): QueryMessage {
  let lamportTime = 0n;
  let id = 0;
  let address: Uint8Array | undefined;
  let port = 0;
  let sourceNode = "";
  let filters: readonly Uint8Array[] | undefined;
  let flags = 0;
  let relayFactor = 0;
  let timeoutNs = 0n;
  let name = "";
  let payload: Uint8Array | undefined;
  const fieldReaders: readonly (() => void)[] = [
    () => (lamportTime = reader.readUnsigned64()),
    () => (id = reader.readUnsigned(maxUint32)),
    () => (address = readOptionalBytes(reader)),
    () => (port = reader.readUnsigned(0xffff)),
    () => (sourceNode = reader.readString()),
    () => (filters = readFilters(reader)),
    () => (flags = reader.readUnsigned(maxUint32)),
    () => (relayFactor = reader.readUnsigned(0xff)),
    () => (timeoutNs = reader.readSigned64()),
    () => (name = reader.readString()),
    () => (payload = readOptionalBytes(reader)),
  ];
  reader.readRecord(queryFields, (field) => fieldReaders[field]?.());
  return {
    kind: "query",
    lamportTime,
    id,
    address,
    port,
    sourceNode,
    filters,
    flags,
    relayFactor,
    timeoutNs,
    name,
    payload,
  };
}

/** Writes the record of a response or ack. */
export function writeQueryResponse(writer: MsgpackWriter, message: QueryResponseMessage): void {
  writer.writeMapHeader(5);
  writer.writeKey(keyFlags);
  writer.writeUnsigned(message.flags);
  writer.writeKey(keyFrom);
  writer.writeString(message.from);
  writer.writeKey(keyId);
  writer.writeUnsigned(message.id);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyPayload);
  writer.writeRaw(message.payload);
}

/** Reads the record of a response or ack. @throws {WireError} and nothing else. */
export function readQueryResponse(reader: MsgpackReader): QueryResponseMessage {
  let lamportTime = 0n;
  let id = 0;
  let from = "";
  let flags = 0;
  let payload: Uint8Array | undefined;
  reader.readRecord(responseFields, (field) => {
    if (field === 0) lamportTime = reader.readUnsigned64();
    else if (field === 1) id = reader.readUnsigned(maxUint32);
    else if (field === 2) from = reader.readString();
    else if (field === 3) flags = reader.readUnsigned(maxUint32);
    else payload = readOptionalBytes(reader);
  });
  return { kind: "query-response", lamportTime, id, from, flags, payload };
}

function writeFilters(writer: MsgpackWriter, filters: readonly Uint8Array[] | undefined): void {
  if (filters === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeArrayHeader(filters.length);
  for (const filter of filters) writer.writeRaw(filter);
}

function readFilters(reader: MsgpackReader): readonly Uint8Array[] | undefined {
  if (reader.takeNil()) return undefined;
  const count = reader.readArrayHeader();
  if (count > queryFilterCountLimit) {
    throw new WireError("too-many", `${count} filters, at most ${queryFilterCountLimit}`);
  }
  return Array.from({ length: count }, () => reader.readRaw().slice());
}
