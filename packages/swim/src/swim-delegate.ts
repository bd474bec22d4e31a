/**
 * Synchronous hooks of the layer above.
 *
 * Every hook is called with the state complete (record, timers, queue), so it may call back into
 * the core. A hook must not throw; what a user's own code may throw has to be caught above.
 *
 * Source: behaviour specification §11.
 */
import type { Member } from "./member.ts";
import type { SwimEvent } from "./swim-event.ts";

export interface SwimDelegate {
  /** Each user message, from a datagram or a stream. */
  handleUserMessage?(payload: Uint8Array, nowMs: number): void;
  /**
   * Called whenever a packet has room left: the sum of (length + overhead) over the answer must
   * not exceed `limitBytes`. What exceeds it is dropped and reported.
   */
  takeBroadcasts?(overheadBytes: number, limitBytes: number): Uint8Array[];
  /**
   * Whether `takeBroadcasts` has anything to give. With it rounds pause while there is nothing, and
   * `requestGossip` must be called when there is something again; without it they never pause.
   */
  hasBroadcasts?(): boolean;
  /** Whether something waits that `takeBroadcasts` has never handed out: a reason for one more packet. */
  hasFreshBroadcasts?(): boolean;
  /** State to send in a push/pull. */
  localState?(isJoin: boolean): Uint8Array;
  /** State the other side sent in a push/pull, if at least one byte. */
  mergeRemoteState?(state: Uint8Array, isJoin: boolean, nowMs: number): void;
  /** Every event, before it is emitted, in order. */
  handleMemberEvent?(event: SwimEvent, nowMs: number): void;
  /** Somebody else announced a name that is taken, under another address. */
  handleConflict?(existing: Member, other: Member, nowMs: number): void;
  /** On a join push/pull, both sides. @returns a reason to refuse the whole exchange. */
  vetoMerge?(members: readonly Member[]): string | undefined;
  /**
   * On every alive message that could change the table, claims about oneself included.
   *
   * Deviation: the reference asks for its own announcement as well, and is missing from its own
   * table if the answer is no.
   *
   * @returns a reason to ignore it.
   */
  vetoAlive?(member: Member): string | undefined;
  /** Carried by the ack of each direct UDP ping. */
  ackPayload?(): Uint8Array | undefined;
  /** A direct UDP ping was answered. */
  handlePingCompleted?(member: Member, rttMs: number, payload: Uint8Array, nowMs: number): void;
}
