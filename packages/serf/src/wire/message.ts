/**
 * What Serf members tell each other, decoded and validated.
 *
 * Names are text decoded from raw bytes without loss (`utf8.ts` of `@x/swim/wire`): they are
 * compared byte for byte, and a peer may send any bytes. Lamport times are bigints because they
 * are full unsigned 64-bit numbers. On the wire nil and empty differ, and a rewritten message must
 * keep what it was, so a nil byte string or list is `undefined` here.
 *
 * Read next: `message-codec.ts`.
 *
 * Source: Serf specification §3.
 */
import type { LamportTime } from "../serf-event.ts";

/** The first byte of every Serf message. Source: Serf specification §3. */
export const SerfMessageType = {
  leave: 0,
  join: 1,
  pushPull: 2,
  userEvent: 3,
  query: 4,
  queryResponse: 5,
  conflictResponse: 6,
  keyRequest: 7,
  keyResponse: 8,
  relay: 9,
} as const;

/** "`node` is leaving", told by itself or by a force-leave. */
export interface LeaveIntentMessage {
  readonly kind: "leave";
  readonly lamportTime: LamportTime;
  readonly node: string;
  /** Forget the member at once; `false` from peers older than 2019. */
  readonly prune: boolean;
}

/** "`node` is here and wants to stay." */
export interface JoinIntentMessage {
  readonly kind: "join";
  readonly lamportTime: LamportTime;
  readonly node: string;
}

/** One user event as kept in the ring of recent ones; the coalesce flag is not kept. */
export interface RecentUserEvent {
  readonly name: string;
  /** `undefined` = nil. */
  readonly payload: Uint8Array | undefined;
}

/** All user events of one Lamport time. */
export interface RecentUserEvents {
  readonly lamportTime: LamportTime;
  /** `undefined` = nil. */
  readonly events: readonly RecentUserEvent[] | undefined;
}

/** The state two members exchange whole, carried as SWIM's user state. */
export interface PushPullStateMessage {
  readonly kind: "push-pull";
  readonly lamportTime: LamportTime;
  /** Every member of the sender's table and the time of the last intent it accepted about it. */
  readonly statusTimes: ReadonlyMap<string, LamportTime> | undefined;
  readonly leftMembers: readonly string[] | undefined;
  readonly eventLamportTime: LamportTime;
  /** One slot per ring position, `undefined` when empty; receivers ignore the position. */
  readonly events: readonly (RecentUserEvents | undefined)[] | undefined;
  readonly queryLamportTime: LamportTime;
}

export interface UserEventMessage {
  readonly kind: "user-event";
  readonly lamportTime: LamportTime;
  readonly name: string;
  /** `undefined` = nil. */
  readonly payload: Uint8Array | undefined;
  /** Receivers may keep only the newest of a name. */
  readonly coalesce: boolean;
}

/** Bits of `QueryMessage.flags`. */
export const QueryFlag = { ack: 1, noBroadcast: 2 } as const;

export interface QueryMessage {
  readonly kind: "query";
  readonly lamportTime: LamportTime;
  readonly id: number;
  /** The asker's raw IP, 4 or 16 bytes from any sane peer; `undefined` = nil. */
  readonly address: Uint8Array | undefined;
  readonly port: number;
  /** The asker's name; empty from peers older than 2020. */
  readonly sourceNode: string;
  /** Still encoded: an undecodable filter must not stop the rebroadcast. `undefined` = nil. */
  readonly filters: readonly Uint8Array[] | undefined;
  /** Bits of `QueryFlag`; unknown bits are kept. */
  readonly flags: number;
  /** 0 to 255 extra relayed copies of each answer. */
  readonly relayFactor: number;
  /** Nanoseconds from delivery, signed 64 bits on the wire. */
  readonly timeoutNs: bigint;
  readonly name: string;
  /** `undefined` = nil. */
  readonly payload: Uint8Array | undefined;
}

/** Bits of `QueryResponseMessage.flags`. */
export const QueryResponseFlag = { ack: 1 } as const;

export interface QueryResponseMessage {
  readonly kind: "query-response";
  readonly lamportTime: LamportTime;
  readonly id: number;
  readonly from: string;
  /** Bits of `QueryResponseFlag`; unknown bits are kept. */
  readonly flags: number;
  /** `undefined` = nil. */
  readonly payload: Uint8Array | undefined;
}

/** Wire values of a member's status. Source: Serf specification §3.8. */
export const WireStatus = { none: 0, alive: 1, leaving: 2, left: 3, failed: 4 } as const;

/** A member as an answering one knows it. */
export interface MemberRecord {
  readonly name: string;
  /** Raw IP as known to the answering member; `undefined` = nil. */
  readonly address: Uint8Array | undefined;
  readonly port: number;
  readonly tags: ReadonlyMap<string, string> | undefined;
  /** One of `WireStatus`; other numbers are kept as they are. */
  readonly status: number;
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly protocolCurrent: number;
  readonly delegateMin: number;
  readonly delegateMax: number;
  readonly delegateCurrent: number;
}

/** Answer to `_serf_conflict`. */
export interface ConflictResponseMessage {
  readonly kind: "conflict-response";
  /** `undefined`: the answering member does not know the name. */
  readonly member: MemberRecord | undefined;
}

/** Payload of the key queries. */
export interface KeyRequestMessage {
  readonly kind: "key-request";
  /** Raw key of 16, 24 or 32 bytes; empty when listing; `undefined` = nil. */
  readonly key: Uint8Array | undefined;
}

/** Answer to the key queries. */
export interface KeyResponseMessage {
  readonly kind: "key-response";
  readonly result: boolean;
  /** Free text; empty when there is nothing to say. */
  readonly message: string;
  /** Base64; `undefined` = nil, which every answer but a list's has. */
  readonly keys: readonly string[] | undefined;
  /** Base64, or empty; empty from peers older than 2020. */
  readonly primaryKey: string;
}

/** "Pass `inner` on to that address." */
export interface RelayMessage {
  readonly kind: "relay";
  /** Raw IP; `undefined` = nil. */
  readonly address: Uint8Array | undefined;
  /** Signed on the wire; only 0 to 65535 is accepted. */
  readonly port: number;
  /** IPv6 zone, mostly empty. */
  readonly zone: string;
  /** Empty from peers older than 2020. */
  readonly node: string;
  /** A whole Serf message, type byte first; never empty and never itself a relay. */
  readonly inner: Uint8Array;
}

/** Everything a member can receive or send. */
export type SerfMessage =
  | LeaveIntentMessage
  | JoinIntentMessage
  | PushPullStateMessage
  | UserEventMessage
  | QueryMessage
  | QueryResponseMessage
  | ConflictResponseMessage
  | KeyRequestMessage
  | KeyResponseMessage
  | RelayMessage;
