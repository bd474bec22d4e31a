/**
 * The messages members exchange, decoded and validated.
 *
 * Names of members are text decoded from raw bytes without loss: bytes that are not valid UTF-8
 * appear as lone surrogates U+DC80…U+DCFF and encode back to the same bytes (`utf8.ts`), because
 * a name is compared byte for byte and peers may send any bytes.
 *
 * Source: wire specification §1, §10, §11.
 */

/** The first byte of every message. Source: wire specification §1. */
export const MessageType = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  encrypt: 10,
  nack: 11,
  hasChecksum: 12,
  error: 13,
  labelHeader: 244,
} as const;

/** Where an answer shall go; left out by peers older than memberlist 0.2.0. */
export interface SourceFields {
  /** Raw IP, 4 or 16 bytes. */
  readonly sourceAddress?: Uint8Array;
  readonly sourcePort?: number;
  readonly sourceNode?: string;
}

export interface PingMessage extends SourceFields {
  readonly kind: "ping";
  readonly sequenceNumber: number;
  /** Name of the member meant; empty = whoever receives it. */
  readonly node: string;
}

export interface IndirectPingMessage extends SourceFields {
  readonly kind: "indirect-ping";
  /** The requester's number, echoed in the ack or nack. */
  readonly sequenceNumber: number;
  /** Raw IP of the member to be pinged, 4 or 16 bytes. */
  readonly target: Uint8Array;
  /** 0 = the receiver's own bind port. */
  readonly port: number;
  readonly node: string;
  readonly wantsNack: boolean;
}

export interface AckMessage {
  readonly kind: "ack";
  readonly sequenceNumber: number;
  /** Empty when there is none. */
  readonly payload: Uint8Array;
}

export interface NackMessage {
  readonly kind: "nack";
  readonly sequenceNumber: number;
}

export interface SuspectMessage {
  readonly kind: "suspect";
  readonly incarnation: number;
  readonly node: string;
  /** The accuser. */
  readonly from: string;
}

export interface DeadMessage {
  readonly kind: "dead";
  readonly incarnation: number;
  readonly node: string;
  /** The accuser; equal to `node` when the member left by itself. */
  readonly from: string;
}

export interface AliveMessage {
  readonly kind: "alive";
  readonly incarnation: number;
  readonly node: string;
  /** Raw IP exactly as received, 4 or 16 bytes: reference peers compare these bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  /** Opaque, at most 512 bytes; empty when there is none. */
  readonly meta: Uint8Array;
  /** `[pmin, pmax, pcur, dmin, dmax, dcur]`; empty from ancient peers. */
  readonly versions: Uint8Array;
}

/** Opaque bytes of the layer above. */
export interface UserMessage {
  readonly kind: "user";
  readonly payload: Uint8Array;
}

/** What may stand in a datagram once every envelope is removed. */
export type DatagramMessage =
  | PingMessage
  | IndirectPingMessage
  | AckMessage
  | NackMessage
  | SuspectMessage
  | DeadMessage
  | AliveMessage
  | UserMessage;

/** Wire values of a member's state. Source: wire specification §11.2. */
export const WireState = { alive: 0, suspect: 1, dead: 2, left: 3 } as const;

export interface PushPullNode {
  readonly name: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array;
  readonly incarnation: number;
  /** 0 alive, 1 suspect, 2 dead, 3 left; other numbers are ignored by the receiver. */
  readonly state: number;
  readonly versions: Uint8Array;
}

/** Encoded members, one behind the other. */
export interface EncodedNodes {
  readonly count: number;
  /** Perhaps in memory that is used again soon: read it when the message is sent, not before. */
  readonly bytes: Uint8Array;
}

export interface PushPullMessage {
  readonly kind: "push-pull";
  readonly isJoin: boolean;
  readonly nodes: readonly PushPullNode[];
  /** Of one to be told: further members, encoded before. */
  readonly encodedNodes?: EncodedNodes;
  /** Of a received one: members the reader was told to leave out, since they were known as they are. */
  readonly knownCount?: number;
  /** Opaque state of the layer above; empty when there is none. */
  readonly userState: Uint8Array;
}

/** Only ever a reply on a stream. */
export interface ErrorMessage {
  readonly kind: "error";
  readonly error: string;
}

/** What may stand on a stream once every envelope is removed. */
export type StreamMessage = PingMessage | AckMessage | PushPullMessage | UserMessage | ErrorMessage;
