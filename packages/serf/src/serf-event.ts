/**
 * Everything Serf tells its user.
 *
 * Source: Serf specification §13.
 */
import type { Member } from "./member.ts";

/** Lamport times are full unsigned 64-bit numbers. */
export type LamportTime = bigint;

/** What may happen to members; `member-reap`: forgotten after a long absence. */
export type MemberEventKind =
  "member-join" | "member-leave" | "member-failed" | "member-update" | "member-reap";

/** Something happened to members. */
export interface MemberEvent {
  readonly kind: MemberEventKind;
  /** At least one; several only after coalescing. */
  readonly members: readonly Member[];
}

/** Somebody told everybody something. */
export interface UserEvent {
  readonly kind: "user";
  readonly lamportTime: LamportTime;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly coalesce: boolean;
}

/** Somebody asks everybody something. */
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

/** Everything Serf tells its user; branch on `kind`. */
export type SerfEvent = MemberEvent | UserEvent | QueryEvent;
