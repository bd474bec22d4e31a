/**
 * What this member knows about another one.
 *
 * Source: behaviour specification §1.
 */
import type { Endpoint } from "./protocol-core.ts";

export type MemberState = "alive" | "suspect" | "dead" | "left";

/** `[pmin, pmax, pcur]` for SWIM itself, `[dmin, dmax, dcur]` for the layer above. */
export interface ProtocolVersions {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly protocolCurrent: number;
  readonly delegateMin: number;
  readonly delegateMax: number;
  readonly delegateCurrent: number;
}

/** An immutable picture of a member; a newer one is another object. */
export interface Member {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Raw IP exactly as the member announced it, 4 or 16 bytes. */
  readonly addressBytes: Uint8Array;
  readonly meta: Uint8Array;
  readonly incarnation: number;
  readonly state: MemberState;
  readonly versions: ProtocolVersions;
}
