/**
 * What a user is told at last is what happened at last.
 *
 * Of member events the last change of each member and its newest tags, of user events that allow
 * it the newest of each name, of all other events every one; and nothing that did not happen.
 *
 * Source: Serf specification §13.
 */
import type { Member, SerfEvent, UserEvent } from "@x/serf";

/** What one member's user knows, by what it was told. */
class Knowledge {
  /** Member → last change and newest tags. */
  readonly members = new Map<string, string>();
  readonly newest = new Map<string, { readonly time: bigint; readonly keys: Set<string> }>();
  readonly single = new Set<string>();
  readonly all = new Set<string>();

  learn(event: SerfEvent): void {
    if (event.kind === "query") return;
    if (event.kind === "user") return this.#learnUser(event);
    for (const member of event.members) this.#learnMember(event.kind, member);
  }

  #learnUser(event: UserEvent): void {
    const key = `${event.name} at ${event.lamportTime} (${event.payload.join()})`;
    this.all.add(key);
    if (!event.coalesce) {
      this.single.add(key);
      return;
    }
    const newest = this.newest.get(event.name);
    if (newest === undefined || event.lamportTime > newest.time) {
      this.newest.set(event.name, { time: event.lamportTime, keys: new Set([key]) });
    } else if (event.lamportTime === newest.time) newest.keys.add(key);
  }

  #learnMember(kind: string, member: Member): void {
    const [before = "member-join"] = this.members.get(member.name)?.split(" ") ?? [];
    const change = kind === "member-update" ? before : kind;
    if (change === "member-reap") {
      this.members.delete(member.name);
      return;
    }
    // Of those that are gone the tags say nothing.
    const tags = change === "member-join" ? JSON.stringify(Object.entries(member.tags).sort()) : "";
    this.members.set(member.name, `${change} ${tags}`);
  }
}

/** Compares what went into the coalescers with what came out. */
export class CoalescersLoseNothing {
  readonly #happened = new Map<string, Knowledge>();
  readonly #told = new Map<string, Knowledge>();

  /** Before the coalescers. */
  happened(name: string, event: SerfEvent): void {
    knowledgeOf(this.#happened, name).learn(event);
  }

  /** After them. */
  hear(name: string, event: SerfEvent): void {
    knowledgeOf(this.#told, name).learn(event);
  }

  /** A process that ends takes with it what it had gathered. */
  restarted(name: string): void {
    this.#happened.delete(name);
    this.#told.delete(name);
  }

  /** What the user of a member does not know, once every window is closed. */
  missing(name: string): readonly string[] {
    const [happened, told] = [knowledgeOf(this.#happened, name), knowledgeOf(this.#told, name)];
    const members = [...happened.members]
      .filter(([member, last]) => told.members.get(member) !== last)
      .map(([member, last]) => `${member}: ${last}, told ${told.members.get(member)}`);
    const newest = [...happened.newest.values()].flatMap(({ keys }) => [...keys]);
    const events = [...happened.single, ...newest].filter((key) => !told.all.has(key));
    const invented = [...told.all].filter((key) => !happened.all.has(key));
    return [...members, ...events, ...invented.map((key) => `invented ${key}`)];
  }
}

function knowledgeOf(all: Map<string, Knowledge>, name: string): Knowledge {
  const knowledge = all.get(name) ?? new Knowledge();
  all.set(name, knowledge);
  return knowledge;
}
