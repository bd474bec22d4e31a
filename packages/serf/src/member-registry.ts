/**
 * Who is in the cluster, and in which status: the one table of Serf.
 *
 * It decides every transition between alive, leaving, left and failed, for what SWIM sees and for
 * what intents claim. It tells what changed and leaves events, rebroadcasts and timers to
 * `membership.ts`. Entries are small: a shared record of SWIM, a status and three numbers; the
 * picture handed to users is built when somebody looks.
 *
 * Source: Serf specification §5.
 */
import type { Member as SwimMember } from "@x/swim";
import type { Member, MemberStatus } from "./member.ts";
import type { LamportTime } from "./serf-event.ts";
import { decodeTags } from "./wire/tag-codec.ts";

/** What SWIM or an intent made of a member; `ignored` and `time-only` change no status. */
export type Transition =
  "joined" | "failed" | "left" | "leaving" | "recovered" | "time-only" | "ignored";

/** One member of the table. Only the registry changes it. */
export class RegistryEntry {
  /** Shared with the layer below. */
  swimMember: SwimMember;
  status: MemberStatus;
  /** Lamport time of the last accepted intent. */
  statusTime: LamportTime;
  /** Since when it is leaving, left or failed; monotonic milliseconds. */
  changedAtMs: number = 0;
  /** Erase it as soon as it has left. */
  isPrunePending: boolean = false;
  /** Position in the registry's list. */
  index: number = -1;

  constructor(swimMember: SwimMember, status: MemberStatus, statusTime: LamportTime) {
    this.swimMember = swimMember;
    this.status = status;
    this.statusTime = statusTime;
  }

  get name(): string {
    return this.swimMember.name;
  }

  /**
   * Immutable, built anew each time: of ten thousand members few are ever looked at, and a picture
   * kept would cost ten times the entry.
   */
  get picture(): Member {
    return memberPicture(this.swimMember, this.status);
  }
}

/** A SWIM member in the words of Serf. */
export function memberPicture(member: SwimMember, status: MemberStatus): Member {
  return Object.freeze({
    name: member.name,
    endpoint: member.endpoint,
    addressBytes: member.addressBytes,
    tags: decodeTags(member.meta),
    status,
    versions: member.versions,
  });
}

/** What is buffered about a name that is not in the table yet. */
export interface EarlyIntent {
  readonly kind: "join" | "leave";
  readonly lamportTime: LamportTime;
}

/** The table of members. */
export class MemberRegistry {
  readonly #byName = new Map<string, RegistryEntry>();
  /** Dense, for draws in constant time. */
  readonly #list: RegistryEntry[] = [];
  readonly #leaving = new Set<RegistryEntry>();
  readonly #failed = new Set<RegistryEntry>();
  readonly #left = new Set<RegistryEntry>();

  #revision = 0;

  /** Counts the changes a picture of a member could show. */
  get revision(): number {
    return this.#revision;
  }
  /** Members of every status. */
  get size(): number {
    return this.#list.length;
  }
  /** Members alive or leaving: those that can still hear news. */
  get presentCount(): number {
    return this.#list.length - this.#failed.size - this.#left.size;
  }
  get leaving(): ReadonlySet<RegistryEntry> {
    return this.#leaving;
  }
  get failed(): ReadonlySet<RegistryEntry> {
    return this.#failed;
  }
  get left(): ReadonlySet<RegistryEntry> {
    return this.#left;
  }

  find(name: string): RegistryEntry | undefined {
    return this.#byName.get(name);
  }

  /** In no particular order. */
  entries(): readonly RegistryEntry[] {
    return this.#list;
  }

  /** SWIM sees it alive. @param early - what was buffered about the name; only looked at if it is unknown. */
  joined(member: SwimMember, early: EarlyIntent | undefined, nowMs: number): RegistryEntry {
    const known = this.#byName.get(member.name);
    if (known !== undefined) {
      known.swimMember = member;
      this.#revision += 1;
      this.#move(known, "alive", nowMs);
      return known;
    }
    const entry = new RegistryEntry(member, "none", early?.lamportTime ?? 0n);
    entry.index = this.#list.length;
    this.#list.push(entry);
    this.#byName.set(member.name, entry);
    this.#move(entry, early?.kind === "leave" ? "leaving" : "alive", nowMs);
    return entry;
  }

  /**
   * SWIM sees it gone.
   *
   * Deviation: the reference looks at intents alone, so that a member whose leave intent was lost
   * counts as failed for a day although it signed its own departure. SWIM's word is heard here, and
   * from a member that is failed for us alone (`flap-damping.ts`) as well.
   *
   * @param hasSigned - SWIM knows that the member itself said so.
   */
  departed(member: SwimMember, hasSigned: boolean, nowMs: number): Transition {
    const entry = this.#byName.get(member.name);
    if (entry === undefined || entry.status === "left") return "ignored";
    if (entry.status === "failed" && !hasSigned) {
      // It was alive below all the same: the time until it is forgotten starts anew.
      entry.swimMember = member;
      entry.changedAtMs = nowMs;
      return "ignored";
    }
    const transition = entry.status === "leaving" || hasSigned ? "left" : "failed";
    entry.swimMember = member;
    this.#revision += 1;
    this.#move(entry, transition, nowMs);
    return transition;
  }

  /** Its metadata, address or versions changed. */
  updated(member: SwimMember): RegistryEntry | undefined {
    const entry = this.#byName.get(member.name);
    if (entry === undefined) return undefined;
    entry.swimMember = member;
    this.#revision += 1;
    return entry;
  }

  /**
   * A newer leave intent. The time is kept even where the status does not change: that is what
   * stops two different leave messages from echoing for ever.
   *
   * Deviation: failed → left starts the tombstone's time anew; the reference keeps the time of the
   * failure, and may forget the member at once.
   */
  acceptLeave(entry: RegistryEntry, time: LamportTime, nowMs: number): Transition {
    entry.statusTime = time;
    if (entry.status === "alive") {
      this.#move(entry, "leaving", nowMs);
      return "leaving";
    }
    if (entry.status === "failed") {
      this.#move(entry, "left", nowMs);
      return "left";
    }
    return "time-only";
  }

  /** A newer join intent. */
  acceptJoin(entry: RegistryEntry, time: LamportTime, nowMs: number): Transition {
    entry.statusTime = time;
    return entry.status === "leaving" ? this.recover(entry, nowMs) : "time-only";
  }

  /** It was thought to be leaving, and stays. */
  recover(entry: RegistryEntry, nowMs: number): Transition {
    if (entry.status !== "leaving") return "ignored";
    this.#move(entry, "alive", nowMs);
    return "recovered";
  }

  erase(entry: RegistryEntry): void {
    if (this.#byName.get(entry.name) !== entry) return;
    this.#revision += 1;
    this.#byName.delete(entry.name);
    this.#leaving.delete(entry);
    this.#failed.delete(entry);
    this.#left.delete(entry);
    const last = this.#list.pop();
    if (last !== undefined && last !== entry) {
      this.#list[entry.index] = last;
      last.index = entry.index;
    }
    entry.index = -1;
  }

  /**
   * Draws members without repetition, at most three draws per member of the table, as the
   * reference does. Fewer come back if few are eligible.
   *
   * @param random - uniform in [0, 1).
   */
  draw(
    count: number,
    random: () => number,
    isEligible: (entry: RegistryEntry) => boolean,
  ): readonly RegistryEntry[] {
    const drawn = new Set<RegistryEntry>();
    for (let left = 3 * this.#list.length; left > 0 && drawn.size < count; left -= 1) {
      const entry = this.#list[Math.floor(random() * this.#list.length)];
      if (entry !== undefined && isEligible(entry)) drawn.add(entry);
    }
    return [...drawn];
  }

  #move(entry: RegistryEntry, status: MemberStatus, nowMs: number): void {
    if (entry.status === status) return;
    this.#leaving.delete(entry);
    this.#failed.delete(entry);
    this.#left.delete(entry);
    if (status === "leaving") this.#leaving.add(entry);
    else if (status === "failed") this.#failed.add(entry);
    else if (status === "left") this.#left.add(entry);
    else entry.isPrunePending = false;
    this.#revision += 1;
    entry.status = status;
    entry.changedAtMs = nowMs;
  }
}
