import { describe, expect, it } from "vitest";
import { Rooms } from "./support/rooms.ts";

describe("Membership, intents about known members (Serf specification §5.2)", () => {
  it("passes a newer leave on once, and an equal one never", () => {
    const rooms = new Rooms().joined("bar").joined("baz");

    rooms.leaveIntent("bar", 5n);
    expect(rooms.packet()).toMatchObject([{ kind: "leave", node: "bar", lamportTime: 5n }]);
    rooms.context.queues.clear();
    rooms.leaveIntent("bar", 5n);

    expect(rooms.packet()).toEqual([]);
    expect(rooms.status("bar")).toBe("leaving");
    expect(rooms.statusTime("bar")).toBe(5n);
    expect(rooms.context.clocks.member.time).toBe(6n);
  });

  it("does nothing for an older intent, not even buffer it", () => {
    const rooms = new Rooms().joined("bar").joinIntent("bar", 9n);
    rooms.context.queues.clear();

    rooms.leaveIntent("bar", 8n);

    expect(rooms.status("bar")).toBe("alive");
    expect(rooms.statusTime("bar")).toBe(9n);
    expect(rooms.intents.size).toBe(0);
    expect(rooms.packet()).toEqual([]);
  });

  it("returns a leaving member to alive by a newer join, without an event", () => {
    const rooms = new Rooms().joined("bar").leaveIntent("bar", 3n);
    rooms.events.length = 0;

    rooms.joinIntent("bar", 4n);

    expect(rooms.status("bar")).toBe("alive");
    expect(rooms.story()).toEqual([]);
  });

  it("keeps the time of a leave about a member that has left, so that nothing echoes for ever", () => {
    const rooms = new Rooms().joined("bar").joined("baz").leaveIntent("bar", 3n).departed("bar");
    rooms.context.queues.clear();

    rooms.leaveIntent("bar", 7n);
    expect(rooms.packet()).toMatchObject([{ kind: "leave", lamportTime: 7n }]);
    rooms.context.queues.clear();
    rooms.leaveIntent("bar", 6n).leaveIntent("bar", 7n);

    expect(rooms.statusTime("bar")).toBe(7n);
    expect(rooms.packet()).toEqual([]);
  });

  it("refutes a leave about itself while alive, with a later time", () => {
    const rooms = new Rooms().joined("bar");

    rooms.leaveIntent("self", 40n);

    expect(rooms.status("self")).toBe("alive");
    expect(rooms.packet()).toMatchObject([{ kind: "join", node: "self", lamportTime: 41n }]);
    expect(rooms.statusTime("self")).toBe(41n);
    expect(rooms.reported("leave-refuted")).toHaveLength(1);
  });

  it("does not refute its own leave", () => {
    const rooms = new Rooms().joined("bar");
    rooms.context.state = "leaving";

    rooms.leaveIntent("self", 40n);

    expect(rooms.status("self")).toBe("leaving");
  });

  it("refuses an intent from beyond all reason, and says so", () => {
    const rooms = new Rooms().joined("bar");

    rooms.leaveIntent("bar", 2n ** 64n - 1n);

    expect(rooms.status("bar")).toBe("alive");
    expect(rooms.context.clocks.member.time).toBe(1n);
    expect(rooms.packet()).toEqual([]);
    expect(rooms.reported("message-rejected")).toMatchObject([{ code: "clock-jump" }]);
  });
});

describe("Membership, intents that come early (Serf specification §5.3)", () => {
  it("passes an early intent on exactly once", () => {
    const rooms = new Rooms().joined("baz");

    rooms.joinIntent("new", 5n);
    expect(rooms.packet()).toHaveLength(1);
    rooms.context.queues.clear();
    rooms.joinIntent("new", 5n).leaveIntent("new", 5n).leaveIntent("new", 4n);

    expect(rooms.packet()).toEqual([]);
  });

  it("gives a member that appears the buffered join time, and counts it alive", () => {
    const rooms = new Rooms().joinIntent("new", 5n).joined("new");

    expect(rooms.status("new")).toBe("alive");
    expect(rooms.statusTime("new")).toBe(5n);
  });

  it("counts a member that appears as leaving if a later leave is buffered, and raises a join", () => {
    const rooms = new Rooms().joinIntent("new", 5n).leaveIntent("new", 6n).joined("new");

    expect(rooms.status("new")).toBe("leaving");
    expect(rooms.statusTime("new")).toBe(6n);
    expect(rooms.story()).toEqual(["member-join new"]);
  });

  it("keeps no name that no member can have, and does not pass it on", () => {
    const rooms = new Rooms().joined("baz");

    rooms.joinIntent("x".repeat(255), 1n);
    expect(rooms.packet()).toHaveLength(1);
    rooms.context.queues.clear();
    rooms.joinIntent("x".repeat(256), 1n).leaveIntent("y".repeat(256), 1n);

    expect(rooms.intents.size).toBe(1);
    expect(rooms.packet()).toEqual([]);
    expect(rooms.reported("message-rejected")).toMatchObject([
      { code: "too-large" },
      { code: "too-large" },
    ]);
  });

  it("holds no more names than the limit, and says when it is full", () => {
    const rooms = new Rooms({ options: { intentNameLimit: 2 } });

    rooms.joinIntent("a", 1n).joinIntent("b", 1n).joinIntent("c", 1n);

    expect(rooms.intents.size).toBe(2);
    expect(rooms.reported("intent-buffer-full")).toHaveLength(1);
  });
});

describe("Membership, stories of events (Serf specification §19)", () => {
  it("tells join, failed, join of a member that comes back, and that it flaps", () => {
    const rooms = new Rooms().joined("bar").departed("bar").advance(1_000).joined("bar");

    expect(rooms.story()).toEqual(["member-join bar", "member-failed bar", "member-join bar"]);
    expect(rooms.reported("member-flapped")).toHaveLength(1);
  });

  it("tells join, leave of a graceful departure", () => {
    const rooms = new Rooms().joined("bar").leaveIntent("bar", 2n).departed("bar", "left");

    expect(rooms.story()).toEqual(["member-join bar", "member-leave bar"]);
  });

  it("tells join, failed, leave of a forced departure", () => {
    const rooms = new Rooms().joined("bar").departed("bar").leaveIntent("bar", 2n);

    expect(rooms.story()).toEqual(["member-join bar", "member-failed bar", "member-leave bar"]);
    expect(rooms.reports.at(-1)).toMatchObject({ change: "leave", isForced: true });
  });

  it("tells an update, and says nothing of members it does not know", () => {
    const rooms = new Rooms().joined("bar");
    const member = { ...rooms.swim.localMember, name: "bar", meta: new Uint8Array([0x77]) };

    rooms.membership.handleSwimEvent({ kind: "member-updated", member, previous: member }, 0);
    rooms.membership.handleSwimEvent(
      { kind: "member-updated", member: { ...member, name: "x" }, previous: member },
      0,
    );
    rooms.settle();

    expect(rooms.story()).toEqual(["member-join bar", "member-update bar"]);
    expect(rooms.context.registry.find("bar")?.picture.tags).toEqual({ role: "w" });
  });
});

describe("Membership, what it reports", () => {
  it("says of each change what it was, and whether somebody forced it", () => {
    const rooms = new Rooms().joined("bar").joined("baz").joined("qux");
    const member = { ...rooms.swim.localMember, name: "baz" };
    rooms.membership.handleSwimEvent({ kind: "member-updated", member, previous: member }, 0);
    rooms.departed("bar").joined("bar").departed("bar").leaveIntent("bar", 4n, true);
    rooms.leaveIntent("baz", 5n, true).departed("baz").departed("qux", "left");

    const changes = rooms
      .settle()
      .reports.filter((report) => report.kind === "member-changed")
      .map(({ change, member: { name }, isForced }) => [change, name, isForced]);

    expect(changes).toEqual([
      ["join", "bar", false],
      ["join", "baz", false],
      ["join", "qux", false],
      ["update", "baz", false],
      ["failed", "bar", false],
      ["join", "bar", false],
      ["failed", "bar", false],
      ["leave", "bar", true],
      ["reap", "bar", true],
      ["leave", "baz", false],
      ["reap", "baz", true],
      ["leave", "qux", false],
    ]);
  });

  it("calls a member flapping that comes back within the time, and not at its end", () => {
    const flapped = (afterMs: number): number =>
      new Rooms({ options: { flapTimeoutMs: 60_000 } })
        .joined("bar")
        .advance(100_000)
        .departed("bar")
        .advance(afterMs)
        .joined("bar")
        .reported("member-flapped").length;

    expect([flapped(59_999), flapped(60_000), flapped(200_000)]).toEqual([1, 0, 0]);
  });

  it("shows every member, those that are gone included", () => {
    const rooms = new Rooms().joined("bar").joined("baz").departed("baz");

    expect(rooms.membership.members().map(({ name, status }) => `${name} ${status}`)).toEqual([
      "self alive",
      "bar alive",
      "baz failed",
    ]);
  });

  it("has nothing to say of a stranger's death", () => {
    const rooms = new Rooms().departed("stranger");

    expect(rooms.story()).toEqual([]);
    expect(rooms.reports).toEqual([]);
  });
});

describe("Membership, its own announcements", () => {
  it("passes a newer join on, and neither an older one nor one from beyond all reason", () => {
    const rooms = new Rooms().joined("bar").joined("baz");

    rooms.joinIntent("bar", 5n);
    expect(rooms.packet()).toMatchObject([{ kind: "join", node: "bar", lamportTime: 5n }]);
    rooms.context.queues.clear();
    rooms
      .joinIntent("bar", 5n)
      .joinIntent("bar", 4n)
      .joinIntent("bar", 2n ** 64n - 1n);

    expect(rooms.packet()).toEqual([]);
  });

  it("repeats the last announcement at its own time, or makes the first at the clock's", () => {
    const rooms = new Rooms().joined("bar");
    const announcedAgain = (): unknown => {
      rooms.context.queues.clear();
      rooms.membership.announceAgain(rooms.nowMs);
      return rooms.packet();
    };
    expect(announcedAgain()).toMatchObject([{ kind: "join", node: "self", lamportTime: 1n }]);
    rooms.membership.announce(7n, rooms.nowMs);
    rooms.joinIntent("bar", 40n);

    expect(announcedAgain()).toMatchObject([{ kind: "join", node: "self", lamportTime: 7n }]);
  });

  it("answers who lists it as left at most once per broadcast timeout, and only while alive", () => {
    const rooms = new Rooms().joined("bar").advance(10_000);
    const answers = (): number => {
      rooms.context.queues.clear();
      rooms.membership.reannounce(rooms.nowMs);
      return rooms.packet().length;
    };
    const counts = [answers(), answers()];
    rooms.advance(4_999);
    counts.push(answers());
    rooms.advance(1);
    counts.push(answers());
    rooms.context.state = "leaving";
    rooms.advance(5_000);
    counts.push(answers());

    expect(counts).toEqual([1, 0, 0, 1, 0]);
  });
});

describe("Membership, prune (Serf specification §5.4)", () => {
  it("forgets a failed member at once: leave, then reap", () => {
    const rooms = new Rooms().joined("bar").departed("bar").leaveIntent("bar", 2n, true);

    expect(rooms.story().slice(2)).toEqual(["member-leave bar", "member-reap bar"]);
    expect(rooms.status("bar")).toBeUndefined();
    expect(rooms.erased).toEqual(["bar"]);
  });

  it("forgets a member that has left", () => {
    const rooms = new Rooms().joined("bar").leaveIntent("bar", 2n).departed("bar");

    rooms.leaveIntent("bar", 3n, true);

    expect(rooms.story().at(-1)).toBe("member-reap bar");
    expect(rooms.status("bar")).toBeUndefined();
  });

  it("waits for a live member to leave, and then forgets it", () => {
    const rooms = new Rooms().joined("bar").leaveIntent("bar", 2n, true).advance(60_000);
    expect(rooms.status("bar")).toBe("leaving");

    rooms.departed("bar");

    expect(rooms.story()).toEqual(["member-join bar", "member-leave bar", "member-reap bar"]);
    expect(rooms.status("bar")).toBeUndefined();
  });

  it("spares a live member that refutes", () => {
    const rooms = new Rooms().joined("bar").leaveIntent("bar", 2n, true).joinIntent("bar", 3n);

    rooms.departed("bar");

    expect(rooms.status("bar")).toBe("failed");
    expect(rooms.story()).toEqual(["member-join bar", "member-failed bar"]);
  });

  it("is passed on even if a mere leave of a later time follows", () => {
    const rooms = new Rooms().joined("bar").joined("baz").departed("bar");

    rooms.leaveIntent("bar", 2n, true).leaveIntent("bar", 3n);

    expect(rooms.packet()).toMatchObject([
      { kind: "leave", lamportTime: 3n, prune: false },
      { kind: "leave", lamportTime: 2n, prune: true },
    ]);
  });
});

describe("Membership, members stuck in leaving", () => {
  it("counts one alive again that SWIM still sees after the wait", () => {
    const rooms = new Rooms({ options: { stuckLeavingMs: 1_000 } })
      .joined("bar")
      .leaveIntent("bar", 2n);

    rooms.advance(1_000).membership.recoverStuckLeavers(rooms.nowMs);
    expect(rooms.status("bar")).toBe("leaving");
    rooms.advance(1).membership.recoverStuckLeavers(rooms.nowMs);

    expect(rooms.settle().status("bar")).toBe("alive");
    expect(rooms.reported("leaving-recovered")).toHaveLength(1);
  });

  it("counts the wait from the claim, hears a suspect as well, and waits for ever if told so", () => {
    const statusAfter = (stuckLeavingMs: number, waitMs: number): string | undefined => {
      const rooms = new Rooms({ options: { stuckLeavingMs } }).joined("bar").advance(50_000);
      rooms.leaveIntent("bar", 2n).advance(waitMs);
      rooms.swim.states.set("bar", "suspect");
      rooms.membership.recoverStuckLeavers(rooms.nowMs);
      return rooms.status("bar");
    };

    expect(statusAfter(1_000, 500)).toBe("leaving");
    expect(statusAfter(1_000, 1_001)).toBe("alive");
    expect(statusAfter(0, 1e9)).toBe("leaving");
  });

  it("leaves itself alone, and members SWIM does not see", () => {
    const rooms = new Rooms({ options: { stuckLeavingMs: 1_000 } }).joined("bar");
    rooms.context.state = "leaving";
    rooms.leaveIntent("self", 2n).leaveIntent("bar", 3n);
    rooms.swim.states.delete("bar");

    rooms.advance(5_000).membership.recoverStuckLeavers(rooms.nowMs);

    expect([rooms.status("self"), rooms.status("bar")]).toEqual(["leaving", "leaving"]);
  });
});
