/**
 * Tells many member events as few: per member only what is news at the end of the window.
 *
 * Per member the last of join, leave, failed and reap counts, and it is told only if it differs
 * from what was told last, so that a member who failed and came back within a window is no news.
 * An update is told by itself only when no such change is: a join, leave or failure carries the
 * newest record anyway.
 *
 * Deviation: in the reference an update hides a join or a failure of the same window, is told
 * again at every later flush, and both of its maps grow for ever; a restart with other tags
 * within one window is not told at all. Here none of this happens.
 * Source: Serf specification §13, §20 item 13.
 */
import type { Member } from "../member.ts";
import type { MemberEvent, MemberEventKind, SerfEvent } from "../serf-event.ts";
import type { CoalescePolicy } from "./coalescer.ts";

/** Bounds of a `MemberCoalescer`. */
export interface MemberCoalescerLimits {
  /** Members gathered before a window closes early. */
  readonly pendingMembers: number;
  /**
   * Members whose last told event is remembered. Beyond, the longest known is forgotten: the worst
   * that follows is that something is told twice.
   */
  readonly rememberedMembers: number;
}

/** As many as the largest clusters have. */
export const defaultMemberCoalescerLimits: MemberCoalescerLimits = {
  pendingMembers: 65_536,
  rememberedMembers: 262_144,
};

type ChangeKind = Exclude<MemberEventKind, "member-update">;

/** What happened to one member in this window. */
interface PendingMember {
  readonly change: ChangeKind | undefined;
  readonly isUpdated: boolean;
  readonly member: Member;
}

interface ToldMember {
  readonly change: ChangeKind;
  readonly member: Member;
}

/** Gathers every member event. */
export class MemberCoalescer implements CoalescePolicy {
  readonly #limits: MemberCoalescerLimits;
  readonly #pending = new Map<string, PendingMember>();
  /** By name, longest known first. Reaped members are not in it. */
  readonly #told = new Map<string, ToldMember>();

  constructor(limits: Partial<MemberCoalescerLimits> = {}) {
    this.#limits = { ...defaultMemberCoalescerLimits, ...limits };
  }

  get isFull(): boolean {
    return this.#pending.size >= this.#limits.pendingMembers;
  }

  /** How many members' last told events are remembered. */
  get rememberedCount(): number {
    return this.#told.size;
  }

  accepts(event: SerfEvent): boolean {
    return event.kind !== "user" && event.kind !== "query";
  }

  add(event: SerfEvent): void {
    if (event.kind === "user" || event.kind === "query") return;
    for (const member of event.members) this.#addMember(event.kind, member);
  }

  take(): readonly MemberEvent[] {
    const membersByKind = new Map<MemberEventKind, Member[]>();
    for (const [name, pending] of this.#pending) {
      const kind = this.#newsOf(name, pending);
      if (kind === undefined) continue;
      const members = membersByKind.get(kind) ?? [];
      members.push(pending.member);
      membersByKind.set(kind, members);
    }
    this.#pending.clear();
    return Array.from(membersByKind, ([kind, members]) => ({ kind, members }));
  }

  #addMember(kind: MemberEventKind, member: Member): void {
    const before = this.#pending.get(member.name);
    const isUpdate = kind === "member-update";
    this.#pending.set(member.name, {
      change: isUpdate ? before?.change : kind,
      isUpdated: isUpdate || (before?.isUpdated ?? false),
      member,
    });
  }

  /** What to tell about a member, if anything; remembers it as told. */
  #newsOf(name: string, pending: PendingMember): MemberEventKind | undefined {
    const told = this.#told.get(name);
    const change = pending.change ?? told?.change;
    const isNewChange = pending.change !== undefined && pending.change !== told?.change;
    // Only somebody present can be told as updated: the update of a member that has gone since,
    // and of whom that is known, says nothing.
    const isNewRecord =
      pending.isUpdated || (told !== undefined && !hasSameRecord(told.member, pending.member));
    this.#remember(name, change, pending.member);
    if (isNewChange) return pending.change;
    const isPresent = change === undefined || change === "member-join";
    return isNewRecord && isPresent ? "member-update" : undefined;
  }

  #remember(name: string, change: ChangeKind | undefined, member: Member): void {
    if (change === undefined) return;
    if (change === "member-reap") {
      this.#told.delete(name);
      return;
    }
    this.#told.set(name, { change, member });
    if (this.#told.size <= this.#limits.rememberedMembers) return;
    const [longestKnown] = this.#told.keys();
    if (longestKnown !== undefined) this.#told.delete(longestKnown);
  }
}

/** Whether users would see no difference beside the status. */
function hasSameRecord(left: Member, right: Member): boolean {
  const leftTags = Object.entries(left.tags);
  return (
    left.endpoint.address === right.endpoint.address &&
    left.endpoint.port === right.endpoint.port &&
    leftTags.length === Object.keys(right.tags).length &&
    leftTags.every(([tag, value]) => Object.hasOwn(right.tags, tag) && right.tags[tag] === value)
  );
}
