/**
 * Everything Serf tells its user.
 *
 * Source: Serf specification §13.
 */
import type { Member } from "./member.ts";

/** Lamport times are full unsigned 64-bit numbers. */
export type LamportTime = bigint;

export type MemberEventKind =
  | "member-join"
  | "member-leave"
  | "member-failed"
  | "member-update"
  | "member-reap";

export interface MemberEvent {
  readonly kind: MemberEventKind;
  /** At least one; several only after coalescing. */
  readonly members: readonly Member[];
}

export interface UserEvent {
  readonly kind: "user";
  readonly lamportTime: LamportTime;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly coalesce: boolean;
}

export interface QueryEvent {
  readonly kind: "query";
  readonly lamportTime: LamportTime;
  readonly id: number;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly sourceNode: string;
  /** Milliseconds from delivery until answers are refused. */
  readonly timeoutMs: number;
  /**
   * Answers the asker. At most one answer per delivered query.
   *
   * @throws {SerfError} `response-already-sent`, `response-too-large` or `past-deadline`.
   */
  respond(payload: Uint8Array): void;
}

export type SerfEvent = MemberEvent | UserEvent | QueryEvent;
