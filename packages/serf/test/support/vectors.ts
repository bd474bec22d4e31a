/** The vectors recorded from the reference, and their values in our shapes. */
import { readFileSync } from "node:fs";
import type { QueryFilter } from "../../src/wire/filter-codec.ts";
import type { MemberRecord, RecentUserEvents, SerfMessage } from "../../src/wire/message.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonRecord = { readonly [key: string]: Json };

export interface VectorCase {
  readonly name: string;
  readonly op?: string;
  readonly input: JsonRecord;
  readonly output?: Json;
  readonly error?: string | null;
  readonly bytes: string;
  readonly decoded?: Json;
}

export function readVectors(file: string): readonly VectorCase[] {
  return JSON.parse(readVectorFile(file).toString("utf8")) as readonly VectorCase[];
}

export function readVectorFile(file: string): Buffer {
  return readFileSync(new URL(`../vectors/${file}`, import.meta.url));
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function record(value: Json | undefined): JsonRecord {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`not a record: ${JSON.stringify(value)}`);
  }
  return value as JsonRecord;
}

/** A byte string of a vector: hex, null for nil, or a description. */
export function bytesOf(value: Json | undefined): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return fromHex(value);
  const { repeat, times } = record(value);
  return new Uint8Array(Buffer.from(String(repeat).repeat(Number(times)), "utf8"));
}

/** A text of a vector; one that is not UTF-8 is given as hex. */
export function textOf(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  const { hex, repeat, times } = record(value);
  if (hex === undefined) return String(repeat).repeat(Number(times));
  return Array.from(fromHex(String(hex)), (byte) =>
    String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte),
  ).join("");
}

function listOf<Item>(
  value: Json | undefined,
  item: (value: Json) => Item,
): readonly Item[] | undefined {
  return Array.isArray(value) ? (value as readonly Json[]).map(item) : undefined;
}

function mapOf<Item>(
  value: Json | undefined,
  item: (value: Json) => Item,
): ReadonlyMap<string, Item> | undefined {
  if (value === null || value === undefined) return undefined;
  return new Map(Object.entries(record(value)).map(([key, entry]) => [key, item(entry)]));
}

function time(value: Json | undefined): bigint {
  return BigInt(String(value ?? 0));
}

/** A message from the body of a vector. */
export function messageOf(type: string, json: Json): SerfMessage {
  const body = type === "conflictResponse" || type === "member" ? {} : record(json);
  switch (type) {
    case "leave":
      return {
        kind: "leave",
        lamportTime: time(body["LTime"]),
        node: textOf(body["Node"]),
        prune: body["Prune"] === true,
      };
    case "join":
      return { kind: "join", lamportTime: time(body["LTime"]), node: textOf(body["Node"]) };
    case "userEvent":
      return {
        kind: "user-event",
        lamportTime: time(body["LTime"]),
        name: textOf(body["Name"]),
        payload: bytesOf(body["Payload"]),
        coalesce: body["CC"] === true,
      };
    case "pushPull":
      return {
        kind: "push-pull",
        lamportTime: time(body["LTime"]),
        statusTimes: mapOf(body["StatusLTimes"], time),
        leftMembers: listOf(body["LeftMembers"], textOf),
        eventLamportTime: time(body["EventLTime"]),
        events: listOf(body["Events"], slotOf),
        queryLamportTime: time(body["QueryLTime"]),
      };
    case "query":
      return queryOf(body);
    case "queryResponse":
      return {
        kind: "query-response",
        lamportTime: time(body["LTime"]),
        id: Number(body["ID"]),
        from: textOf(body["From"]),
        flags: Number(body["Flags"]),
        payload: bytesOf(body["Payload"]),
      };
    case "member":
    case "conflictResponse":
      return {
        kind: "conflict-response",
        member: json === null ? undefined : memberOf(record(json)),
      };
    case "keyRequest":
      return { kind: "key-request", key: bytesOf(body["Key"]) };
    case "keyResponse":
      return {
        kind: "key-response",
        result: body["Result"] === true,
        message: textOf(body["Message"]),
        keys: listOf(body["Keys"], textOf),
        primaryKey: textOf(body["PrimaryKey"]),
      };
    default:
      throw new TypeError(`no message type ${type}`);
  }
}

function queryOf(body: JsonRecord): SerfMessage {
  return {
    kind: "query",
    lamportTime: time(body["LTime"]),
    id: Number(body["ID"]),
    address: bytesOf(body["Addr"]),
    port: Number(body["Port"]),
    sourceNode: textOf(body["SourceNode"]),
    filters: listOf(body["Filters"], (filter) => bytesOf(filter) ?? new Uint8Array()),
    flags: Number(body["Flags"]),
    relayFactor: Number(body["RelayFactor"]),
    timeoutNs: time(body["Timeout"]),
    name: textOf(body["Name"]),
    payload: bytesOf(body["Payload"]),
  };
}

function slotOf(value: Json): RecentUserEvents | undefined {
  if (value === null) return undefined;
  const slot = record(value);
  const events = listOf(slot["Events"], (event) => ({
    name: textOf(record(event)["Name"]),
    payload: bytesOf(record(event)["Payload"]),
  }));
  return { lamportTime: time(slot["LTime"]), events };
}

function memberOf(body: JsonRecord): MemberRecord {
  return {
    name: textOf(body["Name"]),
    address: bytesOf(body["Addr"]),
    port: Number(body["Port"]),
    tags: mapOf(body["Tags"], textOf),
    status: Number(body["Status"]),
    protocolMin: Number(body["ProtocolMin"]),
    protocolMax: Number(body["ProtocolMax"]),
    protocolCurrent: Number(body["ProtocolCur"]),
    delegateMin: Number(body["DelegateMin"]),
    delegateMax: Number(body["DelegateMax"]),
    delegateCurrent: Number(body["DelegateCur"]),
  };
}

/** A relay from its header, around bytes already encoded. */
export function relayOf(header: JsonRecord, inner: Uint8Array): SerfMessage {
  const address = record(header["DestAddr"]);
  return {
    kind: "relay",
    address: bytesOf(address["IP"]),
    port: Number(address["Port"]),
    zone: textOf(address["Zone"]),
    node: textOf(header["DestName"]),
    inner,
  };
}

export function filterOf(type: Json | undefined, body: Json): QueryFilter {
  if (type === 0) return { kind: "node", names: listOf(body, textOf) ?? [] };
  return {
    kind: "tag",
    tag: textOf(record(body)["Tag"]),
    expression: textOf(record(body)["Expr"]),
  };
}
