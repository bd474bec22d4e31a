import { describe, expect, it } from "vitest";
import { FlapDamping } from "../src/flap-damping.ts";
import type { RegistryEntry } from "../src/member-registry.ts";
import { Reaper } from "../src/reaper.ts";
import { Reconnector } from "../src/reconnector.ts";
import { Rooms, type RoomsSetup } from "./support/rooms.ts";

/** Members, with this one; of the others a third may be held. */
const CROWD = ["a", "b", "c", "d", "e", "f"];

/** A member that knows a crowd, and `bar`. */
function crowd(options: NonNullable<RoomsSetup["options"]> = {}): Rooms {
  const rooms = new Rooms({ options });
  for (const name of [...CROWD, "bar"]) rooms.joined(name);
  rooms.joinIntent("bar", 5n);
  rooms.events.length = 0;
  rooms.reports.length = 0;
  return rooms;
}

/** Silence, ten seconds, and a refutation. */
function flap(rooms: Rooms, name: string = "bar", times: number = 1): Rooms {
  for (let time = 0; time < times; time += 1) rooms.departed(name).advance(10_000).joined(name);
  return rooms;
}

function suspected(rooms: Rooms, name: string = "bar"): Rooms {
  const member = rooms.swim.member(name);
  if (member === undefined) throw new Error(`there is no ${name}`);
  rooms.membership.handleSwimEvent({ kind: "member-suspected", member, accuser: "a" }, rooms.nowMs);
  return rooms.settle();
}

function refuted(rooms: Rooms, name: string = "bar"): Rooms {
  const member = rooms.swim.member(name);
  if (member === undefined) throw new Error(`there is no ${name}`);
  rooms.membership.handleSwimEvent({ kind: "suspicion-refuted", member }, rooms.nowMs);
  return rooms.settle();
}

describe("a member that fails again and again", () => {
  it("is shown as it is the first time", () => {
    const rooms = flap(crowd());

    expect(rooms.story()).toEqual(["member-failed bar", "member-join bar"]);
    expect(rooms.status("bar")).toBe("alive");
  });

  it("stays failed after its second return, until it has been well for 30 s", () => {
    const rooms = flap(crowd(), "bar", 2);
    const told = rooms.story();

    rooms.advance(29_999);
    expect(rooms.status("bar")).toBe("failed");
    expect(rooms.story()).toEqual(["member-failed bar", "member-join bar", "member-failed bar"]);
    expect(rooms.membership.isHeld("bar")).toBe(true);

    rooms.advance(1);
    expect(rooms.status("bar")).toBe("alive");
    expect(rooms.membership.isHeld("bar")).toBe(false);
    expect(rooms.story()).toEqual([...told, "member-join bar"]);
    expect(rooms.reports.at(-1)).toMatchObject({ change: "join", isForced: false });
  });

  it("says so to the operator", () => {
    const rooms = flap(crowd(), "bar", 2);

    expect(rooms.reported("flap-held")).toMatchObject([
      { member: { name: "bar", status: "failed" }, failureCount: 2, stableMs: 30_000 },
    ]);
  });

  it("has to be well for the whole time: a suspicion starts it anew, quietly", () => {
    const rooms = flap(crowd(), "bar", 2);
    const told = rooms.story();

    suspected(rooms.advance(20_000)).advance(60_000);
    expect(rooms.status("bar")).toBe("failed");
    refuted(rooms).advance(29_999);
    expect(rooms.status("bar")).toBe("failed");
    expect(rooms.story()).toEqual(told);

    rooms.advance(1);
    expect(rooms.status("bar")).toBe("alive");
  });

  it("fails quietly while it is held, however often", () => {
    const rooms = flap(crowd(), "bar", 2);
    const told = rooms.story();

    flap(rooms, "bar", 20);

    expect(rooms.story()).toEqual(told);
    expect(rooms.status("bar")).toBe("failed");
    rooms.advance(30_000);
    expect(rooms.story()).toEqual([...told, "member-join bar"]);
  });

  it("is held at once when it fails again soon after it was let go", () => {
    const rooms = flap(crowd(), "bar", 2).advance(30_000).advance(100_000);
    rooms.events.length = 0;

    flap(rooms);

    expect(rooms.story()).toEqual(["member-failed bar"]);
  });

  it.each([
    ["no more than two minutes", 119_999, "failed"],
    ["more", 120_001, "alive"],
  ])("with %s (%i ms) between its failures is %s after its return", (_title, betweenMs, status) => {
    const rooms = flap(crowd()).advance(betweenMs - 10_000);

    flap(rooms);

    expect(rooms.status("bar")).toBe(status);
  });

  it("is held after its first failure when it had survived two suspicions before", () => {
    const rooms = crowd();
    for (let suspicion = 0; suspicion < 2; suspicion += 1) {
      refuted(suspected(rooms.advance(20_000)).advance(2_000));
    }

    flap(rooms);

    expect(rooms.story()).toEqual(["member-failed bar"]);
    expect(rooms.advance(30_000).story()).toEqual(["member-failed bar", "member-join bar"]);
  });

  it.each([
    ["fewer suspicions", 1, 20_000],
    ["suspicions further apart than two minutes", 3, 121_000],
  ])("is not held after its first failure after %s (%i, %i ms apart)", (_title, count, apartMs) => {
    const rooms = crowd();
    for (let suspicion = 0; suspicion < count; suspicion += 1) {
      refuted(suspected(rooms.advance(apartMs)).advance(2_000));
    }

    flap(rooms);

    expect(rooms.status("bar")).toBe("alive");
  });

  it("is never held for suspicions alone, however many", () => {
    const rooms = crowd();
    for (let suspicion = 0; suspicion < 100; suspicion += 1) {
      refuted(suspected(rooms.advance(1_000)).advance(1_000));
    }

    expect(rooms.story()).toEqual([]);
    expect(rooms.status("bar")).toBe("alive");
  });

  it("is no news for a suspicion it has refuted, however long ago", () => {
    const rooms = refuted(suspected(crowd()));

    rooms.advance(600_000);

    expect(rooms.story()).toEqual([]);
  });

  it("is shown as in the reference when damping is off", () => {
    const rooms = flap(crowd({ flapFailureLimit: 0 }), "bar", 3);

    expect(rooms.story()).toEqual(
      Array.from({ length: 3 }, () => ["member-failed bar", "member-join bar"]).flat(),
    );
  });

  it("may be given other bounds", () => {
    const rooms = crowd({ flapFailureLimit: 3, flapWindowMs: 20_000, flapStableMs: 1_000 });

    flap(rooms, "bar", 2);
    expect(rooms.status("bar")).toBe("alive");
    flap(rooms);
    expect(rooms.status("bar")).toBe("failed");
    rooms.advance(1_000);
    expect(rooms.status("bar")).toBe("alive");
  });

  it("is as news to the user once it is let go, with its newest tags, and quiet before", () => {
    const rooms = flap(crowd(), "bar", 2);
    const told = rooms.story();

    const member = rooms.swim.member("bar");
    if (member === undefined) throw new Error("bar is gone");
    const previous = member;
    const update = { kind: "member-updated", member, previous } as const;
    rooms.membership.handleSwimEvent(update, rooms.nowMs);

    expect(rooms.settle().story()).toEqual(told);
    expect(rooms.advance(30_000).story()).toEqual([...told, "member-join bar"]);
  });
});

describe("a join intent newer than the last failure", () => {
  it("lets a held member go at once", () => {
    const rooms = flap(crowd(), "bar", 2);
    rooms.events.length = 0;

    rooms.joinIntent("bar", 6n);

    expect(rooms.status("bar")).toBe("alive");
    expect(rooms.story()).toEqual(["member-join bar"]);
    expect(rooms.advance(120_000).story()).toEqual(["member-join bar"]);
  });

  it("that outruns the notice of the return lets nobody be held", () => {
    const rooms = flap(crowd()).departed("bar").joinIntent("bar", 6n).joined("bar");

    expect(rooms.status("bar")).toBe("alive");
  });

  it("does so for a process that is killed and started again all the time", () => {
    const rooms = crowd();

    for (let life = 1n; life <= 10n; life += 1n) {
      rooms.departed("bar").advance(3_000).joined("bar");
      rooms.joinIntent("bar", 5n + life);
      expect(rooms.status("bar")).toBe("alive");
    }
  });

  it("must be newer: what was known before the failure changes nothing", () => {
    const rooms = flap(crowd(), "bar", 2).joinIntent("bar", 5n).joinIntent("bar", 4n);

    expect(rooms.status("bar")).toBe("failed");
  });
});

describe("a held member", () => {
  it.each(["dead", "left", undefined] as const)(
    "is not let go while the layer below knows better (%s)",
    (state) => {
      const rooms = flap(crowd(), "bar", 2);
      rooms.events.length = 0;
      if (state === undefined) rooms.swim.states.delete("bar");
      else rooms.swim.states.set("bar", state);

      rooms.advance(30_000);

      expect(rooms.status("bar")).toBe("failed");
      expect(rooms.story()).toEqual([]);
    },
  );

  it("whose last departure was by its own word starts with no failures", () => {
    const rooms = flap(crowd()).leaveIntent("bar", 6n).departed("bar").joined("bar");

    flap(rooms);

    expect(rooms.status("bar")).toBe("alive");
  });

  it("that leaves is told as left, at once", () => {
    const rooms = flap(crowd(), "bar", 2);
    rooms.events.length = 0;

    rooms.departed("bar", "left");

    expect(rooms.story()).toEqual(["member-leave bar"]);
    expect(rooms.status("bar")).toBe("left");
    expect(rooms.joined("bar").status("bar")).toBe("alive");
  });

  it("that announces to leave is told as left once", () => {
    const rooms = flap(crowd(), "bar", 2);
    rooms.events.length = 0;

    rooms.leaveIntent("bar", 6n).departed("bar", "left");

    expect(rooms.story()).toEqual(["member-leave bar"]);
  });

  it.each([true, false])(
    "that is forced to leave (prune: %s) comes back if it refutes",
    (prune) => {
      const rooms = flap(crowd(), "bar", 2);

      rooms.leaveIntent("bar", 6n, prune);
      expect(rooms.status("bar")).toBe("left");
      rooms.joinIntent("bar", 7n);

      expect(rooms.status("bar")).toBe("alive");
    },
  );

  it("that is pruned and goes is forgotten", () => {
    const rooms = flap(crowd(), "bar", 2).leaveIntent("bar", 6n, true);

    rooms.departed("bar");

    expect(rooms.status("bar")).toBeUndefined();
    expect(rooms.erased).toEqual(["bar"]);
    expect(rooms.joined("bar").status("bar")).toBe("alive");
  });

  it("is not reaped, since nobody would tell of it again", () => {
    const rooms = crowd({ reconnectTimeoutMs: 1_000, flapStableMs: 600_000 });
    flap(rooms, "bar", 2).departed("a");
    const reaper = new Reaper(rooms.context, rooms.membership, rooms.intents);

    reaper.reap(rooms.advance(60_000).nowMs);

    expect(rooms.status("a")).toBeUndefined();
    expect(rooms.status("bar")).toBe("failed");
    expect(rooms.advance(540_000).status("bar")).toBe("alive");
  });

  it("is reaped a whole timeout after its last death", () => {
    const rooms = crowd({ reconnectTimeoutMs: 60_000 });
    flap(rooms, "bar", 6).departed("bar");
    const reaper = new Reaper(rooms.context, rooms.membership, rooms.intents);

    reaper.reap(rooms.advance(60_000).nowMs);
    const before = rooms.status("bar");
    reaper.reap(rooms.advance(1).nowMs);

    expect(before).toBe("failed");
    expect(rooms.status("bar")).toBeUndefined();
  });

  it("is not reconnected to, since it is in reach", () => {
    const rooms = flap(crowd(), "bar", 2);
    const reconnector = new Reconnector(rooms.context, rooms.membership);

    for (let round = 0; round < 200; round += 1) reconnector.attempt(rooms.nowMs);

    expect(rooms.swim.joins).toEqual([]);
  });

  it("is told nothing wrong about itself: our state does not list it as left", () => {
    const rooms = flap(crowd(), "bar", 2);
    const before = rooms.pushPull.encode();
    const other = new Rooms({ options: { name: "bar" } }).joined("bar").joined("self");

    other.pushPull.merge(before, false, 0);

    expect(other.settle().status("bar")).toBe("alive");
    expect(other.reported("leave-refuted")).toEqual([]);
    expect(other.packet()).toEqual([]);
  });
});

describe("many that flap together", () => {
  it("are the network, or we ourselves: beyond a third of the others nobody is held", () => {
    const rooms = crowd();
    const together = ["bar", "a", "b"];
    for (let time = 0; time < 2; time += 1) {
      for (const name of together) rooms.departed(name);
      rooms.advance(10_000);
      for (const name of together) rooms.joined(name);
    }

    expect(together.map((name) => rooms.status(name))).toEqual(["alive", "alive", "alive"]);
  });

  it("let go whom they found held", () => {
    const rooms = flap(crowd(), "bar", 2);
    flap(rooms, "a");
    flap(rooms, "b");
    rooms.departed("a");
    expect(rooms.status("bar")).toBe("failed");

    rooms.departed("b");

    expect(rooms.status("bar")).toBe("alive");
  });

  it("up to a third are held", () => {
    const rooms = crowd();

    flap(rooms, "a", 2);
    flap(rooms, "b", 2);

    expect([rooms.status("a"), rooms.status("b")]).toEqual(["failed", "failed"]);
  });

  it.each([1, 2])("in a cluster of %i others nobody is", (otherCount) => {
    const rooms = new Rooms();
    for (const name of CROWD.slice(0, otherCount)) rooms.joined(name);

    flap(rooms, "a", 5);

    expect(rooms.status("a")).toBe("alive");
  });
});

describe("what is remembered of failures", () => {
  /** The damping alone, and a failure of a member at a moment. */
  function alone(): { damping: FlapDamping; fail: (name: string, nowMs: number) => RegistryEntry } {
    const { context } = crowd();
    const damping = new FlapDamping(context, () => undefined);
    const fail = (name: string, nowMs: number): RegistryEntry => {
      const entry = context.registry.find(name);
      if (entry === undefined) throw new Error(`there is no ${name}`);
      damping.noteFailure(entry, nowMs);
      return entry;
    };
    return { damping, fail };
  }

  it("is forgotten after the window, and not at its end", () => {
    const { damping, fail } = alone();
    fail("bar", 1_000);
    const counts = [damping.rememberedCount];

    damping.expire(121_000);
    counts.push(damping.rememberedCount);
    damping.expire(121_001);
    counts.push(damping.rememberedCount);

    expect(counts).toEqual([1, 1, 0]);
  });

  it("holds a member to the end of the window after its last failure, and no longer", () => {
    const held = (atMs: number): readonly [boolean, number] => {
      const { damping, fail } = alone();
      fail("bar", 0);
      const entry = fail("bar", 1_000);
      return [damping.holds(entry, atMs), damping.heldCount];
    };

    expect([held(121_000), held(121_001)]).toEqual([
      [true, 1],
      [false, 0],
    ]);
  });

  it("does not count those forgotten among the third that may be held", () => {
    const { damping, fail } = alone();
    for (const name of ["a", "b"]) {
      fail(name, 0);
      fail(name, 1_000);
    }
    damping.expire(200_000);
    fail("e", 200_000);
    damping.forget("e");

    const holds = ["c", "d"].map((name) => {
      fail(name, 200_000);
      return damping.holds(fail(name, 201_000), 202_000);
    });

    expect(holds).toEqual([true, true]);
    fail("f", 203_000);
    fail("f", 204_000);
    expect(damping.holds(fail("e", 205_000), 205_000)).toBe(false);
    expect(damping.holds(fail("f", 205_000), 206_000)).toBe(false);
  });

  it("is bounded: the longest known goes, and a held member stays", () => {
    const rooms = crowd({ flapMemberLimit: 2 });
    flap(rooms, "bar", 2);
    rooms.departed("a").joined("a").departed("b").joined("b").departed("a").joined("a");

    // a had to make room for b, and b for a.
    expect(rooms.status("a")).toBe("alive");
    expect(rooms.status("bar")).toBe("failed");
    expect(rooms.advance(30_000).status("bar")).toBe("alive");
  });

  it("takes in nobody while all it remembers are held", () => {
    const rooms = crowd({ flapMemberLimit: 1 });

    flap(rooms, "bar", 2);
    rooms.departed("a").joined("a").departed("a").joined("a");

    expect(rooms.status("a")).toBe("alive");
    expect(rooms.status("bar")).toBe("failed");
  });

  it("ends with the window", () => {
    const rooms = flap(crowd()).advance(120_001);
    const { registry } = rooms.context;

    rooms.membership.expireFlaps(rooms.nowMs);
    flap(rooms);

    expect(registry.find("bar")?.status).toBe("alive");
  });

  it("stops with the member: after a shutdown nothing is told", () => {
    const rooms = flap(crowd(), "bar", 2);
    const told = rooms.story();

    rooms.context.state = "shutdown";
    rooms.context.timers.clear();

    expect(rooms.advance(60_000).story()).toEqual(told);
  });
});
