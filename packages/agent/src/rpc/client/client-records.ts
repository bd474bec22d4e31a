/** What a program gets from the client, and how it is read off the wire's records. */
import type { Coordinate } from "@x/vivaldi";
import { eventKind, memberEventRecord, queryEventRecord, userEventRecord } from "../command.ts";
import type {
  CoordinateResponse,
  KeysResponse,
  MembersResponse,
  QueryRecord,
  WireMember,
} from "../command.ts";
import { decodeValue } from "../record-codec.ts";
import { addressText } from "./address-text.ts";

/** A member as an agent tells of it. */
export interface RpcMember {
  readonly name: string;
  /** The IP address as text; an IPv4-mapped IPv6 address as the IPv4 address it is. */
  readonly address: string;
  /** As announced: 4 or 16 bytes. */
  readonly addressBytes: Uint8Array;
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
  /** `none`, `alive`, `leaving`, `left` or `failed`. */
  readonly status: string;
  /** `protocol*` are SWIM's versions, `delegate*` Serf's. */
  readonly versions: {
    readonly protocolMin: number;
    readonly protocolMax: number;
    readonly protocolCurrent: number;
    readonly delegateMin: number;
    readonly delegateMax: number;
    readonly delegateCurrent: number;
  };
}

export type RpcMemberEventKind =
  "member-join" | "member-leave" | "member-failed" | "member-update" | "member-reap";

/** One event of a stream. */
export type RpcEvent =
  | { readonly kind: RpcMemberEventKind; readonly members: readonly RpcMember[] }
  | {
      readonly kind: "user";
      readonly lamportTime: bigint;
      readonly name: string;
      readonly payload: Uint8Array;
      readonly coalesce: boolean;
    }
  | {
      readonly kind: "query";
      /** What `respond` wants; it holds on this connection only. */
      readonly id: bigint;
      readonly lamportTime: bigint;
      readonly name: string;
      readonly payload: Uint8Array;
    };

/** What a member says to a query. */
export type RpcAnswer =
  | { readonly kind: "ack"; readonly from: string }
  | { readonly kind: "response"; readonly from: string; readonly payload: Uint8Array };

/** How the cluster took a key command. */
export interface RpcKeyOutcome {
  /** The agent's text, such as `2/3 nodes reported failure`; absent when all went well. */
  readonly error?: string;
  /** Member → what it had to say: errors and notices. */
  readonly messages: Readonly<Record<string, string>>;
  /** Base64 key → how many members hold it; empty unless keys were listed. */
  readonly keys: Readonly<Record<string, number>>;
  readonly memberCount: number;
  readonly errorCount: number;
  readonly responseCount: number;
}

export function toRpcMember(member: WireMember): RpcMember {
  return {
    name: member.Name,
    address: addressText(member.Addr),
    addressBytes: member.Addr,
    port: member.Port,
    tags: member.Tags,
    status: member.Status,
    versions: {
      protocolMin: member.ProtocolMin,
      protocolMax: member.ProtocolMax,
      protocolCurrent: member.ProtocolCur,
      delegateMin: member.DelegateMin,
      delegateMax: member.DelegateMax,
      delegateCurrent: member.DelegateCur,
    },
  };
}

export function toRpcMembers(response: MembersResponse): readonly RpcMember[] {
  return response.Members.map(toRpcMember);
}

export function toKeyOutcome(error: string, response: KeysResponse): RpcKeyOutcome {
  return {
    ...(error === "" ? {} : { error }),
    messages: response.Messages,
    keys: response.Keys ?? {},
    memberCount: response.NumNodes,
    errorCount: response.NumErr,
    responseCount: response.NumResp,
  };
}

/** @returns `undefined` if the agent does not know the member's coordinate. */
export function toCoordinate(response: CoordinateResponse): Coordinate | undefined {
  if (!response.Ok) return undefined;
  const { Vec, Error: error, Adjustment, Height } = response.Coord;
  return { vector: Vec ?? [], error, adjustment: Adjustment, height: Height };
}

const memberEventKinds: ReadonlySet<string> = new Set<RpcMemberEventKind>([
  "member-join",
  "member-leave",
  "member-failed",
  "member-update",
  "member-reap",
]);

function isMemberEventKind(kind: string): kind is RpcMemberEventKind {
  return memberEventKinds.has(kind);
}

/**
 * @returns `undefined` for a kind of event that this version does not know.
 * @throws {RpcWireError} if the bytes are no record.
 */
export function decodeEvent(body: Uint8Array): RpcEvent | undefined {
  const { Event: kind } = decodeValue(eventKind, body);
  if (kind === "user") {
    const { LTime, Name, Payload, Coalesce } = decodeValue(userEventRecord, body);
    const payload = Payload ?? new Uint8Array();
    return { kind, lamportTime: LTime, name: Name, payload, coalesce: Coalesce };
  }
  if (kind === "query") {
    const { ID, LTime, Name, Payload } = decodeValue(queryEventRecord, body);
    const payload = Payload ?? new Uint8Array();
    return { kind, id: ID, lamportTime: LTime, name: Name, payload };
  }
  if (!isMemberEventKind(kind)) return undefined;
  return { kind, members: decodeValue(memberEventRecord, body).Members.map(toRpcMember) };
}

/** @returns `undefined` for a record that says nothing: the reference sends nameless ones. */
export function toAnswer(record: QueryRecord): RpcAnswer | undefined {
  const { Type: kind, From: from, Payload: payload } = record;
  if (from === "") return undefined;
  if (kind === "ack") return { kind, from };
  if (kind === "response") return { kind, from, payload: payload ?? new Uint8Array() };
  return undefined;
}
