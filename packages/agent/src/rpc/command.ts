/**
 * The vocabulary of the protocol: every command with the body of its request and of its response.
 *
 * Names of fields are the wire's; they and their order are the contract with every client ever
 * written. `server/` and `client/` translate from and to the shapes programs hold.
 *
 * Source: RPC specification §5 to §8.
 */
import { MsgpackReader } from "./msgpack-reader.ts";
import * as codec from "./record-codec.ts";
import type { Codec } from "./record-codec.ts";

/** The only version there is. Source: RPC specification §1. */
export const IPC_VERSION = 1;

/** The one refusal after which clients expect no body. Source: RPC specification §11 item 2. */
export const AUTHENTICATION_REQUIRED = "Authentication required";

export interface RequestHeader {
  readonly Command: string;
  /** Chosen by the client, unsigned 64 bits. */
  readonly Seq: bigint;
}

export interface ResponseHeader {
  readonly Seq: bigint;
  /** Empty means success. */
  readonly Error: string;
}

export interface HandshakeRequest {
  readonly Version: number;
}
export interface AuthRequest {
  readonly AuthKey: string;
}
export interface EventRequest {
  readonly Name: string;
  readonly Payload: Uint8Array | null;
  readonly Coalesce: boolean;
}
export interface ForceLeaveRequest {
  readonly Node: string;
  readonly Prune: boolean;
}
export interface JoinRequest {
  readonly Existing: readonly string[];
  readonly Replay: boolean;
}
export interface JoinResponse {
  readonly Num: number;
}
export interface MembersFilteredRequest {
  readonly Tags: Readonly<Record<string, string>>;
  readonly Status: string;
  readonly Name: string;
}
export interface MembersResponse {
  readonly Members: readonly WireMember[];
}
export interface TagsRequest {
  readonly Tags: Readonly<Record<string, string>>;
  readonly DeleteTags: readonly string[];
}
export interface StreamRequest {
  readonly Type: string;
}
export interface MonitorRequest {
  readonly LogLevel: string;
}
export interface StopRequest {
  readonly Stop: bigint;
}
export interface QueryRequest {
  readonly FilterNodes: readonly string[];
  readonly FilterTags: Readonly<Record<string, string>>;
  readonly RequestAck: boolean;
  readonly RelayFactor: number;
  /** Nanoseconds; 0 is the agent's default. */
  readonly Timeout: bigint;
  readonly Name: string;
  readonly Payload: Uint8Array | null;
}
export interface RespondRequest {
  readonly ID: bigint;
  readonly Payload: Uint8Array | null;
}
export interface KeyRequest {
  readonly Key: string;
}
export interface KeysResponse {
  readonly Messages: Readonly<Record<string, string>>;
  /** Base64 key → how many members hold it; null unless keys were listed. */
  readonly Keys: Readonly<Record<string, number>> | null;
  readonly NumNodes: number;
  readonly NumErr: number;
  readonly NumResp: number;
}
export interface CoordinateRequest {
  readonly Node: string;
}
export interface WireCoordinate {
  readonly Vec: readonly number[] | null;
  readonly Error: number;
  readonly Adjustment: number;
  readonly Height: number;
}
export interface CoordinateResponse {
  readonly Coord: WireCoordinate;
  /** Whether the member's coordinate is known. */
  readonly Ok: boolean;
}
export type StatsResponse = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface WireMember {
  readonly Name: string;
  /** Raw IP, 4 or 16 bytes. */
  readonly Addr: Uint8Array;
  readonly Port: number;
  readonly Tags: Readonly<Record<string, string>>;
  readonly Status: string;
  readonly ProtocolMin: number;
  readonly ProtocolMax: number;
  readonly ProtocolCur: number;
  readonly DelegateMin: number;
  readonly DelegateMax: number;
  readonly DelegateCur: number;
}

/** One record of an event stream. Source: RPC specification §6. */
export interface MemberEventRecord {
  readonly Event: string;
  readonly Members: readonly WireMember[];
}
export interface UserEventRecord {
  readonly Event: string;
  readonly LTime: bigint;
  readonly Name: string;
  readonly Payload: Uint8Array | null;
  readonly Coalesce: boolean;
}
export interface QueryEventRecord {
  readonly Event: string;
  /** Counted per connection; what `respond` refers to. */
  readonly ID: bigint;
  readonly LTime: bigint;
  readonly Name: string;
  readonly Payload: Uint8Array | null;
}
/** One record of a monitor. Source: RPC specification §7. */
export interface LogRecord {
  readonly Log: string;
}
/** One record of a query. Source: RPC specification §8. */
export interface QueryRecord {
  /** `ack`, `response` or `done`. */
  readonly Type: string;
  readonly From: string;
  readonly Payload: Uint8Array | null;
}

const payload = codec.nullable(codec.bytes);

export const requestHeader: Codec<RequestHeader> = codec.record<RequestHeader>({
  Command: codec.text,
  Seq: codec.uint64,
});
export const responseHeader: Codec<ResponseHeader> = codec.record<ResponseHeader>({
  Seq: codec.uint64,
  Error: codec.text,
});

const member: Codec<WireMember> = codec.record<WireMember>({
  Name: codec.text,
  Addr: codec.bytes,
  Port: codec.uint16,
  Tags: codec.textMap(codec.text),
  Status: codec.text,
  ProtocolMin: codec.uint8,
  ProtocolMax: codec.uint8,
  ProtocolCur: codec.uint8,
  DelegateMin: codec.uint8,
  DelegateMax: codec.uint8,
  DelegateCur: codec.uint8,
});
const membersResponse = codec.record<MembersResponse>({ Members: codec.list(member) });
const keyRequest = codec.record<KeyRequest>({ Key: codec.text });
const keysResponse = codec.record<KeysResponse>({
  Messages: codec.textMap(codec.text),
  Keys: codec.nullable(codec.textMap(codec.int53)),
  NumNodes: codec.int53,
  NumErr: codec.int53,
  NumResp: codec.int53,
});

export const memberEventRecord: Codec<MemberEventRecord> = codec.record<MemberEventRecord>({
  Event: codec.text,
  Members: codec.list(member),
});
export const userEventRecord: Codec<UserEventRecord> = codec.record<UserEventRecord>({
  Event: codec.text,
  LTime: codec.uint64,
  Name: codec.text,
  Payload: payload,
  Coalesce: codec.boolean,
});
export const queryEventRecord: Codec<QueryEventRecord> = codec.record<QueryEventRecord>({
  Event: codec.text,
  ID: codec.uint64,
  LTime: codec.uint64,
  Name: codec.text,
  Payload: payload,
});
/** Only the field that tells which of the three a record is. */
export const eventKind: Codec<{ readonly Event: string }> = codec.record({ Event: codec.text });
export const logRecord: Codec<LogRecord> = codec.record<LogRecord>({ Log: codec.text });
export const queryRecord: Codec<QueryRecord> = codec.record<QueryRecord>({
  Type: codec.text,
  From: codec.text,
  Payload: payload,
});

/** What a command's request and response carry; null means no body at all. */
export interface CommandBodies {
  readonly handshake: { readonly request: HandshakeRequest; readonly response: null };
  readonly auth: { readonly request: AuthRequest; readonly response: null };
  readonly event: { readonly request: EventRequest; readonly response: null };
  readonly "force-leave": { readonly request: ForceLeaveRequest; readonly response: null };
  readonly join: { readonly request: JoinRequest; readonly response: JoinResponse };
  readonly members: { readonly request: null; readonly response: MembersResponse };
  readonly "members-filtered": {
    readonly request: MembersFilteredRequest;
    readonly response: MembersResponse;
  };
  readonly tags: { readonly request: TagsRequest; readonly response: null };
  readonly stream: { readonly request: StreamRequest; readonly response: null };
  readonly monitor: { readonly request: MonitorRequest; readonly response: null };
  readonly stop: { readonly request: StopRequest; readonly response: null };
  readonly leave: { readonly request: null; readonly response: null };
  readonly query: { readonly request: QueryRequest; readonly response: null };
  readonly respond: { readonly request: RespondRequest; readonly response: null };
  readonly "install-key": { readonly request: KeyRequest; readonly response: KeysResponse };
  readonly "use-key": { readonly request: KeyRequest; readonly response: KeysResponse };
  readonly "remove-key": { readonly request: KeyRequest; readonly response: KeysResponse };
  readonly "list-keys": { readonly request: null; readonly response: KeysResponse };
  readonly stats: { readonly request: null; readonly response: StatsResponse };
  readonly "get-coordinate": {
    readonly request: CoordinateRequest;
    readonly response: CoordinateResponse;
  };
}

export type CommandName = keyof CommandBodies;
export type RequestBody<C extends CommandName> = CommandBodies[C]["request"];
export type ResponseBody<C extends CommandName> = CommandBodies[C]["response"];

/** A request with its body, discriminated by `command`. */
export type Request = {
  readonly [C in CommandName]: { readonly command: C; readonly body: RequestBody<C> };
}[CommandName];

interface CommandCodecs<C extends CommandName> {
  readonly request: RequestBody<C> extends null ? null : Codec<RequestBody<C>>;
  readonly response: ResponseBody<C> extends null ? null : Codec<ResponseBody<C>>;
}

/** How the bodies of each command are read and written. */
export const commandCodecs: { readonly [C in CommandName]: CommandCodecs<C> } = {
  handshake: { request: codec.record<HandshakeRequest>({ Version: codec.int32 }), response: null },
  auth: { request: codec.record<AuthRequest>({ AuthKey: codec.text }), response: null },
  event: {
    request: codec.record<EventRequest>({
      Name: codec.text,
      Payload: payload,
      Coalesce: codec.boolean,
    }),
    response: null,
  },
  "force-leave": {
    request: codec.record<ForceLeaveRequest>({ Node: codec.text, Prune: codec.boolean }),
    response: null,
  },
  join: {
    request: codec.record<JoinRequest>({
      Existing: codec.list(codec.text),
      Replay: codec.boolean,
    }),
    response: codec.record<JoinResponse>({ Num: codec.int32 }),
  },
  members: { request: null, response: membersResponse },
  "members-filtered": {
    request: codec.record<MembersFilteredRequest>({
      Tags: codec.textMap(codec.text),
      Status: codec.text,
      Name: codec.text,
    }),
    response: membersResponse,
  },
  tags: {
    request: codec.record<TagsRequest>({
      Tags: codec.textMap(codec.text),
      DeleteTags: codec.list(codec.text),
    }),
    response: null,
  },
  stream: { request: codec.record<StreamRequest>({ Type: codec.text }), response: null },
  monitor: { request: codec.record<MonitorRequest>({ LogLevel: codec.text }), response: null },
  stop: { request: codec.record<StopRequest>({ Stop: codec.uint64 }), response: null },
  leave: { request: null, response: null },
  query: {
    request: codec.record<QueryRequest>({
      FilterNodes: codec.list(codec.text),
      FilterTags: codec.textMap(codec.text),
      RequestAck: codec.boolean,
      RelayFactor: codec.uint8,
      Timeout: codec.int64,
      Name: codec.text,
      Payload: payload,
    }),
    response: null,
  },
  respond: {
    request: codec.record<RespondRequest>({ ID: codec.uint64, Payload: payload }),
    response: null,
  },
  "install-key": { request: keyRequest, response: keysResponse },
  "use-key": { request: keyRequest, response: keysResponse },
  "remove-key": { request: keyRequest, response: keysResponse },
  "list-keys": { request: null, response: keysResponse },
  stats: { request: null, response: codec.textMap(codec.textMap(codec.text)) },
  "get-coordinate": {
    request: codec.record<CoordinateRequest>({ Node: codec.text }),
    response: codec.record<CoordinateResponse>({
      Coord: codec.record<WireCoordinate>({
        Vec: codec.nullable(codec.list(codec.float64)),
        Error: codec.float64,
        Adjustment: codec.float64,
        Height: codec.float64,
      }),
      Ok: codec.boolean,
    }),
  },
};

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commandCodecs, name);
}

/**
 * Reads a request header, which need not repeat what has not changed: both reference sides keep
 * the previous value of a missing key.
 *
 * Source: RPC specification §2, last rule.
 *
 * @returns `namesNothing` for a map that has neither key: a body nobody expected (§11 item 3).
 * @throws {RpcWireError} if the value is no header.
 */
export function decodeRequestHeader(
  value: Uint8Array,
  previous: RequestHeader,
): RequestHeader & { readonly namesNothing: boolean } {
  const reader = new MsgpackReader(value);
  if (reader.takeNil()) return { Command: "", Seq: 0n, namesNothing: false };
  let { Command, Seq } = previous;
  const { kind, count } = reader.readContainer();
  let namesNothing = kind === "map";
  for (let index = 0; index < count; index += 1) {
    const name = kind === "list" ? positionalHeader[index] : reader.readKey();
    if (name === "Command") Command = codec.text.decode(reader);
    else if (name === "Seq") Seq = codec.uint64.decode(reader);
    else {
      reader.skip();
      continue;
    }
    namesNothing = false;
  }
  return { Command, Seq, namesNothing };
}

const positionalHeader: readonly string[] = ["Command", "Seq"];

/** Whether a value is a response header, and not a body that follows an unexpected one. */
export function isResponseHeader(value: Uint8Array): boolean {
  const reader = new MsgpackReader(value);
  if (reader.takeNil()) return false;
  const { kind, count } = reader.readContainer();
  if (kind === "list") return true;
  for (let index = 0; index < count; index += 1) {
    const name = reader.readKey();
    if (name === "Seq" || name === "Error") return true;
    reader.skip();
  }
  return false;
}
