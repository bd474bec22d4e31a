/**
 * What SWIM asks the layer above, answered by the rooms of Serf.
 *
 * SWIM is made before the rooms that use it, so the rooms are connected afterwards; until then
 * nothing is asked.
 *
 * Source: Serf specification §8.
 */
import type { Member as SwimMember, SwimDelegate, SwimEvent } from "@x/swim";
import type { CoordinateExchange } from "./coordinate-exchange.ts";
import type { Joins } from "./joins.ts";
import { memberPicture } from "./member-registry.ts";
import type { Membership } from "./membership.ts";
import type { MessageIntake } from "./message-intake.ts";
import { validateMemberName } from "./name-rules.ts";
import type { NameConflicts } from "./name-conflict.ts";
import type { PushPullState } from "./push-pull-state.ts";
import type { SerfContext } from "./serf-context.ts";
import type { SerfOptions } from "./serf-options.ts";

/** Longest metadata a member may have. Source: Serf specification §8.7. */
const META_BYTES_LIMIT = 512;

/** Who answers what SWIM asks. */
export interface HookRooms {
  readonly context: SerfContext;
  readonly membership: Membership;
  readonly intake: MessageIntake;
  readonly joins: Joins;
  readonly conflicts: NameConflicts;
  readonly pushPull: PushPullState;
  /** Absent when coordinates are switched off. */
  readonly coordinates: CoordinateExchange | undefined;
}

/** The delegate of the membership layer. */
export class SwimHooks implements SwimDelegate {
  readonly #options: SerfOptions;
  #rooms: HookRooms | undefined;
  /** Only given if the application wants a say, since SWIM treats members differently then. */
  vetoMerge?: (members: readonly SwimMember[]) => string | undefined;
  vetoAlive?: (member: SwimMember) => string | undefined;

  constructor(options: SerfOptions) {
    this.#options = options;
    if (options.vetoMembers === undefined) return;
    this.vetoMerge = (members) => this.#veto(members);
    this.vetoAlive = (member) => this.#veto([member]);
  }

  connect(rooms: HookRooms): void {
    this.#rooms = rooms;
  }

  handleUserMessage(payload: Uint8Array, nowMs: number): void {
    const rooms = this.#enter(nowMs);
    rooms?.intake.handle(payload, nowMs);
  }

  takeBroadcasts(overheadBytes: number, limitBytes: number): Uint8Array[] {
    return this.#rooms?.context.queues.take(overheadBytes, limitBytes) ?? [];
  }

  hasBroadcasts(): boolean {
    return this.#rooms?.context.queues.hasAny ?? false;
  }

  hasFreshBroadcasts(): boolean {
    return this.#rooms?.context.queues.hasFresh ?? false;
  }

  localState(_isJoin: boolean): Uint8Array {
    return this.#rooms?.pushPull.encode() ?? new Uint8Array(0);
  }

  mergeRemoteState(state: Uint8Array, isJoin: boolean, nowMs: number): void {
    const rooms = this.#enter(nowMs);
    rooms?.pushPull.merge(state, isJoin && rooms.joins.isIgnoringOldEvents, nowMs);
  }

  handleMemberEvent(event: SwimEvent, nowMs: number): void {
    const rooms = this.#enter(nowMs);
    rooms?.membership.handleSwimEvent(event, nowMs);
  }

  handleConflict(existing: SwimMember, other: SwimMember, nowMs: number): void {
    this.#enter(nowMs)?.conflicts.handle(existing, other, nowMs);
  }

  ackPayload(): Uint8Array | undefined {
    return this.#rooms?.coordinates?.ackPayload();
  }

  handlePingCompleted(member: SwimMember, rttMs: number, payload: Uint8Array, nowMs: number): void {
    this.#enter(nowMs)?.coordinates?.handlePing(member, rttMs, payload, nowMs);
  }

  /** After a shutdown nothing is heard any more. */
  #enter(nowMs: number): HookRooms | undefined {
    const rooms = this.#rooms;
    if (rooms === undefined || rooms.context.state === "shutdown") return undefined;
    rooms.context.nowMs = nowMs;
    return rooms;
  }

  #veto(members: readonly SwimMember[]): string | undefined {
    for (const member of members) {
      const problem = this.#problemOf(member);
      if (problem !== undefined) return problem;
    }
    const pictures = members.map((member) =>
      memberPicture(member, member.state === "left" ? "left" : "none"),
    );
    return this.#options.vetoMembers?.(pictures);
  }

  #problemOf(member: SwimMember): string | undefined {
    const { name, addressBytes, meta } = member;
    if (this.#options.validateNames) {
      const problem = validateMemberName(name, true);
      if (problem !== undefined) return problem;
    }
    if (addressBytes.length !== 4 && addressBytes.length !== 16) {
      return `IP byte length is invalid: ${addressBytes.length} bytes is not either 4 or 16`;
    }
    if (meta.length > META_BYTES_LIMIT) {
      return `Encoded length of tags exceeds limit of ${META_BYTES_LIMIT} bytes`;
    }
    return undefined;
  }
}
