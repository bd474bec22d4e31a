import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberCoalescer } from "../../src/coalesce/member-coalescer.ts";
import type { MemberEvent, MemberEventKind, QueryEvent } from "../../src/serf-event.ts";
import { member, memberEvent, userEvent } from "../support/members.ts";

function told(coalescer: MemberCoalescer, ...events: readonly MemberEvent[]): string[] {
  for (const event of events) coalescer.add(event);
  return coalescer
    .take()
    .map(({ kind, members }) => `${kind} ${members.map(({ name }) => name).join(" ")}`);
}

const a = member("a");
const b = member("b");
const newA = member("a", { tags: { role: "web" } });

describe("MemberCoalescer", () => {
  it("tells the last event of each member, one event per kind (§13)", () => {
    const coalescer = new MemberCoalescer();

    expect(
      told(
        coalescer,
        memberEvent("member-join", a),
        memberEvent("member-join", b),
        memberEvent("member-leave", a),
        memberEvent("member-join", member("c")),
      ),
    ).toEqual(["member-leave a", "member-join b c"]);
  });

  it("does not tell again what was told last", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));

    expect(told(coalescer, memberEvent("member-failed", a), memberEvent("member-join", a))).toEqual(
      [],
    );
    expect(told(coalescer, memberEvent("member-failed", a))).toEqual(["member-failed a"]);
  });

  it("does not let an update hide a join or a failure (§20 item 13)", () => {
    const coalescer = new MemberCoalescer();
    coalescer.add(memberEvent("member-join", a));
    coalescer.add(memberEvent("member-update", newA));

    expect(coalescer.take()).toEqual([memberEvent("member-join", newA)]);
    expect(
      told(coalescer, memberEvent("member-failed", newA), memberEvent("member-update", newA)),
    ).toEqual(["member-failed a"]);
  });

  it("tells an update once, and each later one too (§20 item 13)", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));

    expect(told(coalescer, memberEvent("member-update", newA))).toEqual(["member-update a"]);
    expect(told(coalescer, memberEvent("member-join", b))).toEqual(["member-join b"]);
    expect(told(coalescer, memberEvent("member-update", newA))).toEqual(["member-update a"]);
    expect(told(coalescer)).toEqual([]);
  });

  it("tells the update of a member it never told of", () => {
    const coalescer = new MemberCoalescer();

    expect(told(coalescer, memberEvent("member-update", a))).toEqual(["member-update a"]);
    expect(coalescer.rememberedCount).toBe(0);
  });

  it("tells as an update that a member came back different within a window", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));
    coalescer.add(memberEvent("member-failed", a));
    coalescer.add(memberEvent("member-join", newA));

    expect(coalescer.take()).toEqual([memberEvent("member-update", newA)]);
  });

  it("keeps an update that came before a flap nobody is told of", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));

    expect(
      told(
        coalescer,
        memberEvent("member-update", newA),
        memberEvent("member-failed", newA),
        memberEvent("member-join", newA),
      ),
    ).toEqual(["member-update a"]);
  });

  it.each([
    ["at another address", member("a", { address: "127.0.0.2", tags: { role: "web" } }), true],
    ["at another port", member("a", { port: 7_947, tags: { role: "web" } }), true],
    ["with another value of a tag", member("a", { tags: { role: "db" } }), true],
    ["with another tag of that value", member("a", { tags: { rank: "web" } }), true],
    ["with one tag more", member("a", { tags: { role: "web", dc: "east" } }), true],
    ["as it was", member("a", { tags: { role: "web" } }), false],
  ] as const)("tells an update of a member that came back %s: %s", (_how, back, isNews) => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", newA));

    const events = told(
      coalescer,
      memberEvent("member-failed", newA),
      memberEvent("member-join", back),
    );

    expect(events).toEqual(isNews ? ["member-update a"] : []);
  });

  it("keeps an update of which nothing is to be seen before a flap nobody is told of", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));

    expect(
      told(
        coalescer,
        memberEvent("member-update", a),
        memberEvent("member-failed", a),
        memberEvent("member-join", a),
      ),
    ).toEqual(["member-update a"]);
  });

  it("tells no update of a member that is known to be gone", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));
    told(coalescer, memberEvent("member-failed", a));

    expect(told(coalescer, memberEvent("member-update", newA))).toEqual([]);
  });

  it("forgets a reaped member, so that its return is news and memory does not grow", () => {
    const coalescer = new MemberCoalescer();
    told(coalescer, memberEvent("member-join", a));
    told(coalescer, memberEvent("member-failed", a));

    expect(told(coalescer, memberEvent("member-reap", a))).toEqual(["member-reap a"]);
    expect(coalescer.rememberedCount).toBe(0);
    expect(told(coalescer, memberEvent("member-join", a))).toEqual(["member-join a"]);
  });

  it("is full at its limit of members, not of events", () => {
    const coalescer = new MemberCoalescer({ pendingMembers: 2 });
    coalescer.add(memberEvent("member-join", a));
    coalescer.add(memberEvent("member-update", a));

    expect(coalescer.isFull).toBe(false);
    coalescer.add(memberEvent("member-join", b));
    expect(coalescer.isFull).toBe(true);
  });

  it("remembers members up to the limit, and tells the forgotten again", () => {
    const coalescer = new MemberCoalescer({ rememberedMembers: 1 });
    told(coalescer, memberEvent("member-join", a, b));

    expect(coalescer.rememberedCount).toBe(1);
    expect(told(coalescer, memberEvent("member-join", a))).toEqual(["member-join a"]);
  });

  it("gathers every member event and nothing else", () => {
    const coalescer = new MemberCoalescer();
    const query: QueryEvent = {
      kind: "query",
      lamportTime: 1n,
      id: 1,
      name: "load",
      payload: new Uint8Array(),
      sourceNode: "a",
      timeoutMs: 1,
      respond: () => undefined,
    };

    expect(coalescer.accepts(memberEvent("member-reap", a))).toBe(true);
    expect(coalescer.accepts(userEvent("a", 1n))).toBe(false);
    expect(coalescer.accepts(query)).toBe(false);
    coalescer.add(userEvent("a", 1n));
    coalescer.add(query);
    expect(coalescer.take()).toEqual([]);
  });
});

describe("MemberCoalescer, whatever happens", () => {
  const kinds: readonly MemberEventKind[] = [
    "member-join",
    "member-leave",
    "member-failed",
    "member-update",
    "member-reap",
  ];
  const change = fc.record({
    kind: fc.constantFrom(...kinds),
    name: fc.constantFrom("a", "b"),
    role: fc.constantFrom("web", "db"),
  });
  const windows = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 });

  /** What a user who hears everything knows in the end. */
  function known(events: readonly MemberEvent[]): Map<string, string> {
    const table = new Map<string, string>();
    const presence = new Map<string, string>();
    for (const { kind, members } of events) {
      for (const { name, tags } of members) {
        if (kind === "member-reap") {
          presence.delete(name);
          table.delete(name);
          continue;
        }
        if (kind !== "member-update") presence.set(name, kind);
        const status = presence.get(name) ?? "unknown";
        // Tags of a member that has gone are history.
        table.set(name, status === "member-join" ? `${status} ${tags["role"]}` : status);
      }
    }
    return table;
  }

  it("leaves a user knowing the same as one who heard everything", () => {
    fc.assert(
      fc.property(windows, (changes) => {
        const coalescer = new MemberCoalescer();
        const heardAll: MemberEvent[] = [];
        const heard: MemberEvent[] = [];
        const present = new Set<string>();
        for (const window of changes) {
          for (const { kind, name, role } of window) {
            // The core never tells anything but a join of a member it does not know.
            if (kind === "member-join") present.add(name);
            if (!present.has(name)) continue;
            if (kind === "member-reap") present.delete(name);
            const event = memberEvent(kind, member(name, { tags: { role } }));
            heardAll.push(event);
            coalescer.add(event);
          }
          heard.push(...coalescer.take());
        }

        expect(known(heard)).toEqual(known(heardAll));
      }),
      { numRuns: 1000 },
    );
  });

  it("tells each member at most once per window, and nothing when nothing came", () => {
    fc.assert(
      fc.property(windows, (changes) => {
        const coalescer = new MemberCoalescer();
        for (const window of changes) {
          for (const { kind, name, role } of window) {
            coalescer.add(memberEvent(kind, member(name, { tags: { role } })));
          }
          const names = coalescer.take().flatMap(({ members }) => members.map(({ name }) => name));
          const changed = new Set<string>(window.map(({ name }) => name));

          expect(new Set(names).size).toBe(names.length);
          for (const name of names) expect(changed.has(name)).toBe(true);
        }
      }),
    );
  });
});
