import { describe, expect, it } from "vitest";
import { Departure } from "../src/departure.ts";
import { SerfError } from "../src/errors.ts";
import { Joins } from "../src/joins.ts";
import { Reaper } from "../src/reaper.ts";
import { reconnectProbability, Reconnector } from "../src/reconnector.ts";
import { Rejoiner } from "../src/rejoiner.ts";
import type { RecoveredState, SnapshotPort } from "../src/serf-context.ts";
import { Rooms } from "./support/rooms.ts";
import { swimMember } from "./support/scripted-swim.ts";

const NOTHING_RECOVERED: RecoveredState = {
  alive: new Map(),
  failed: new Map(),
  lamportTime: 0n,
  eventLamportTime: 0n,
  queryLamportTime: 0n,
};

describe("Reaper (Serf specification §15)", () => {
  it("keeps those within the timeout and erases the others", () => {
    const rooms = new Rooms({ options: { reconnectTimeoutMs: 6_000 } });
    for (const name of ["old", "middle", "young"]) {
      rooms.joined(name).departed(name).advance(5_000);
    }
    const reaper = new Reaper(rooms.context, rooms.membership, rooms.intents);
    rooms.events.length = 0;
    rooms.context.nowMs = 11_000;

    reaper.reap(11_000);

    expect(rooms.settle().story()).toEqual(["member-reap old"]);
    expect(rooms.reports.at(-1)).toMatchObject({ change: "reap", isForced: false });
    expect(rooms.status("middle")).toBe("failed");
  });

  it("asks and obeys the override for both lists", () => {
    const asked: string[] = [];
    const rooms = new Rooms({
      options: {
        reconnectTimeoutMs: 1,
        tombstoneTimeoutMs: 2,
        reapTimeoutFor: ({ name }, timeoutMs) => {
          asked.push(`${name} ${timeoutMs}`);
          return name === "kept" ? Infinity : timeoutMs;
        },
      },
    });
    rooms.joined("kept").departed("kept").joined("gone").departed("gone", "left");

    new Reaper(rooms.context, rooms.membership, rooms.intents).reap(1_000);

    expect(asked).toEqual(["kept 1", "gone 2"]);
    expect([rooms.status("kept"), rooms.status("gone")]).toEqual(["failed", undefined]);
  });

  it("forgets intents older than the timeout, not younger ones", () => {
    const rooms = new Rooms().joinIntent("old", 1n).advance(200_000).joinIntent("young", 2n);

    new Reaper(rooms.context, rooms.membership, rooms.intents).reap(300_001);

    expect(rooms.intents.recent("old")).toBeUndefined();
    expect(rooms.intents.recent("young")).toBeDefined();
  });
});

describe("Reconnector (Serf specification §15)", () => {
  it("tries each failed member about once per interval over the whole cluster", () => {
    expect(reconnectProbability({ failedCount: 2, presentCount: 10 })).toBe(0.2);
    expect(reconnectProbability({ failedCount: 3, presentCount: 0 })).toBe(3);
  });

  it("does nothing while nobody has failed", () => {
    const rooms = new Rooms().joined("bar");
    new Reconnector(rooms.context, rooms.membership).attempt(0);
    expect(rooms.swim.joins).toEqual([]);
  });

  it("joins a failed member by name and address, and announces itself when it answers", () => {
    const rooms = new Rooms().joined("baz").joined("bar").departed("bar");
    rooms.context.queues.clear();
    const reconnector = new Reconnector(rooms.context, rooms.membership);
    for (let index = 0; index < 50 && rooms.swim.joins.length === 0; index += 1) {
      reconnector.attempt(0);
    }

    const [join] = rooms.swim.joins;
    expect(join?.targets).toMatchObject([{ name: "bar", endpoint: { address: "10.0.0.1" } }]);
    join?.settled({ joinedCount: 1, failures: [] });

    expect(rooms.packet()).toMatchObject([{ kind: "join", node: "self" }]);
    expect(rooms.settle().reported("reconnected")).toHaveLength(1);
  });
});

describe("Reconnector, one draw", () => {
  /** Two of twelve have failed; chance says what it is told. */
  function drawing(...draws: number[]): { rooms: Rooms; attempt: () => (string | undefined)[] } {
    const rooms = new Rooms({ environment: { random: () => draws.shift() ?? Number.NaN } });
    for (let index = 0; index < 9; index += 1) rooms.joined(`m${index}`);
    for (const name of ["bar", "baz"]) rooms.joined(name).departed(name);
    const reconnector = new Reconnector(rooms.context, rooms.membership);
    const attempt = (): (string | undefined)[] => {
      reconnector.attempt(rooms.nowMs);
      return rooms.swim.joins.map(({ targets }) => targets[0]?.name);
    };
    return { rooms, attempt };
  }

  it("tries with the probability of the failed among the present, and each alike", () => {
    expect(drawing(0.201, 0).attempt()).toEqual([]);
    expect(drawing(0.2, 0).attempt()).toEqual(["bar"]);
    expect(drawing(0.2, 0.49).attempt()).toEqual(["bar"]);
    expect(drawing(0.2, 0.5).attempt()).toEqual(["baz"]);
  });

  it("says whom it tries, and where", () => {
    const { rooms, attempt } = drawing(0, 0);
    attempt();

    const { endpoint } = swimMember("bar");
    expect(rooms.settle().reported("reconnect-attempted")).toEqual([
      { kind: "reconnect-attempted", name: "bar", endpoint },
    ]);
    expect(rooms.swim.joins[0]?.targets).toEqual([
      { name: "bar", endpoint, text: `bar/10.0.0.1:${endpoint.port}` },
    ]);
  });

  it("tries nobody once it has left, and announces nothing without an answer or after a leave", () => {
    const left = drawing(0, 0);
    left.rooms.context.state = "left";
    const silent = drawing(0, 0);
    silent.attempt();
    silent.rooms.context.queues.clear();
    silent.rooms.swim.joins[0]?.settled({ joinedCount: 0, failures: [] });
    const late = drawing(0, 0);
    late.attempt();
    late.rooms.context.queues.clear();
    late.rooms.context.state = "leaving";
    late.rooms.swim.joins[0]?.settled({ joinedCount: 1, failures: [] });

    expect(left.attempt()).toEqual([]);
    for (const { rooms } of [silent, late]) {
      expect(rooms.packet()).toEqual([]);
      expect(rooms.settle().reported("reconnected")).toEqual([]);
    }
  });
});

describe("Rejoiner (Serf specification §6.4)", () => {
  const recovered: RecoveredState = {
    ...NOTHING_RECOVERED,
    alive: new Map([
      ["self", "10.0.0.1:7946"],
      ["a", "10.0.0.2:7946"],
      ["b", "[fe80::1]:7946"],
    ]),
    failed: new Map([["c", "10.0.0.4:7946"]]),
  };
  const failed = { joinedCount: 0, failures: [] };
  const names = (rooms: Rooms): (string | undefined)[] =>
    rooms.swim.joins.map(({ targets }) => targets[0]?.name);

  it("tries the others one by one, failed ones last, never itself, until one answers", () => {
    const rooms = new Rooms();
    new Rejoiner(rooms.context, rooms.membership).start(recovered, 0);
    expect(rooms.swim.joins).toHaveLength(1);

    rooms.swim.joins[0]?.settled(failed);
    rooms.swim.joins[1]?.settled(failed);
    rooms.swim.joins[2]?.settled({ joinedCount: 1, failures: [] });
    rooms.advance(600_000);

    expect(names(rooms).slice(0, 2).toSorted()).toEqual(["a", "b"]);
    expect(names(rooms)[2]).toBe("c");
    expect(rooms.swim.joins).toHaveLength(3);
    expect(rooms.reported("rejoined")).toMatchObject([{ name: "c" }]);
  });

  it("tries them in an order that chance draws", () => {
    const order = (random: number): (string | undefined)[] => {
      const rooms = new Rooms({ environment: { random: () => random } });
      const alive = new Map(["a", "b", "c"].map((name) => [name, "10.0.0.2:7946"]));
      new Rejoiner(rooms.context, rooms.membership).start({ ...NOTHING_RECOVERED, alive }, 0);
      rooms.swim.joins[0]?.settled(failed);
      rooms.swim.joins[1]?.settled(failed);
      return names(rooms);
    };

    expect([order(0), order(0.4), order(0.999)]).toEqual([
      ["b", "c", "a"],
      ["c", "a", "b"],
      ["a", "b", "c"],
    ]);
  });

  it("says whom it tries, by name where there is one", () => {
    const rooms = new Rooms();
    const alive = new Map([["", "10.0.0.3:1"]]);
    const gone = new Map([["a", "10.0.0.2:7946"]]);
    const saved = { ...NOTHING_RECOVERED, alive, failed: gone };
    new Rejoiner(rooms.context, rooms.membership).start(saved, 0);
    rooms.swim.joins[0]?.settled(failed);

    expect(rooms.swim.joins.map(({ targets }) => targets)).toEqual([
      [{ endpoint: { address: "10.0.0.3", port: 1 }, text: "10.0.0.3:1" }],
      [{ name: "a", endpoint: { address: "10.0.0.2", port: 7_946 }, text: "a/10.0.0.2:7946" }],
    ]);
    expect(rooms.settle().reported("rejoin-attempted")).toEqual([
      { kind: "rejoin-attempted", name: "", address: "10.0.0.3:1" },
      { kind: "rejoin-attempted", name: "a", address: "10.0.0.2:7946" },
    ]);
  });

  it("stops when the member leaves, whatever it hears then", () => {
    const stopped = (joinedCount: number): Rooms => {
      const rooms = new Rooms();
      new Rejoiner(rooms.context, rooms.membership).start(recovered, 0);
      rooms.context.state = "leaving";
      rooms.swim.joins[0]?.settled({ joinedCount, failures: [] });
      return rooms.advance(1_000_000);
    };

    for (const rooms of [stopped(0), stopped(1)]) {
      expect(rooms.swim.joins).toHaveLength(1);
      expect(rooms.reported("rejoined")).toEqual([]);
      expect(rooms.status("self")).toBe("alive");
      expect(rooms.statusTime("self")).toBe(0n);
    }
  });

  it("waits before it comes again, counted from the last failure", () => {
    const rooms = new Rooms({ environment: { random: () => 0 } });
    const one = { ...NOTHING_RECOVERED, alive: new Map([["a", "10.0.0.2:7946"]]) };
    new Rejoiner(rooms.context, rooms.membership).start(one, 0);
    rooms.advance(10_000);
    rooms.swim.joins[0]?.settled(failed);

    rooms.advance(1_499);
    expect(rooms.swim.joins).toHaveLength(1);
    rooms.advance(1);
    expect(rooms.swim.joins).toHaveLength(2);
  });

  it("comes again with growing waits, until it is found by somebody", () => {
    const rooms = new Rooms();
    const one = { ...NOTHING_RECOVERED, alive: new Map([["a", "10.0.0.2:7946"]]) };
    new Rejoiner(rooms.context, rooms.membership).start(one, 0);
    const waits: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      rooms.swim.joins.at(-1)?.settled(failed);
      rooms.settle();
      const report = rooms.reported("rejoin-failed").at(-1);
      waits.push(report?.kind === "rejoin-failed" ? report.retryInMs : 0);
      rooms.advance(200_000);
    }

    expect(waits.every((wait) => wait >= 1_500 && wait <= 160_000)).toBe(true);
    expect(waits[8]).toBeGreaterThan(60_000);
    rooms.swim.joins.at(-1)?.settled(failed);
    rooms.joined("finder").advance(1_000_000);
    expect(rooms.swim.joins).toHaveLength(13);
  });

  it("finds the one address among tens of thousands that are none", () => {
    const rooms = new Rooms();
    const alive = new Map(Array.from({ length: 20_000 }, (_, n) => [`x${n}`, "10.0.0.2:99999"]));
    const failed = new Map([["good", "10.0.0.3:7946"]]);

    new Rejoiner(rooms.context, rooms.membership).start({ ...NOTHING_RECOVERED, alive, failed }, 0);

    expect(names(rooms)).toEqual(["good"]);
  });

  it("skips what is no address", () => {
    const rooms = new Rooms();
    const broken = {
      ...NOTHING_RECOVERED,
      alive: new Map([
        ["x", "10.0.0.2:port"],
        ["y", "10.0.0.2:99999"],
      ]),
    };

    new Rejoiner(rooms.context, rooms.membership).start(broken, 0);

    expect(rooms.swim.joins).toEqual([]);
    expect(rooms.settle().reported("rejoin-attempted")).toEqual([]);
    expect(rooms.reported("rejoin-failed")).toEqual([]);
  });
});

describe("Joins (Serf specification §6.2)", () => {
  const target = { endpoint: { address: "10.0.0.2", port: 7_946 }, text: "10.0.0.2" };

  it("announces itself once somebody has answered, and then only", () => {
    const rooms = new Rooms().joined("bar");
    const joins = new Joins(rooms.context, rooms.membership);
    const counts: number[] = [];
    const settled = ({ joinedCount }: { joinedCount: number }): void =>
      void counts.push(joinedCount);

    joins.join([target], { ignoreOldEvents: true }, 0, settled);
    rooms.swim.joins[0]?.settled({ joinedCount: 0, failures: [] });
    expect(rooms.packet()).toEqual([]);
    joins.join([target], { ignoreOldEvents: true }, 0, settled);
    rooms.swim.joins[1]?.settled({ joinedCount: 1, failures: [] });

    expect(counts).toEqual([0, 1]);
    expect(rooms.packet()).toMatchObject([{ kind: "join", node: "self" }]);
  });

  it("does one after the other, and ignores old events during those that ask for it", () => {
    const rooms = new Rooms();
    const joins = new Joins(rooms.context, rooms.membership);
    joins.join([target], { ignoreOldEvents: true }, 0, () => undefined);
    joins.join([target], { ignoreOldEvents: false }, 0, () => undefined);
    expect(rooms.swim.joins).toHaveLength(1);
    expect(joins.isIgnoringOldEvents).toBe(true);

    rooms.swim.joins[0]?.settled({ joinedCount: 1, failures: [] });

    expect(rooms.swim.joins).toHaveLength(2);
    expect(joins.isIgnoringOldEvents).toBe(false);
  });

  it.each(["leaving", "left", "shutdown"] as const)("refuses when %s", (state) => {
    const rooms = new Rooms();
    rooms.context.state = state;
    const joins = new Joins(rooms.context, rooms.membership);
    expect(() => joins.join([target], { ignoreOldEvents: true }, 0, () => undefined)).toThrow(
      "Serf can't Join after Leave or Shutdown",
    );
  });
});

/** A disk that takes as long to write the leave as a test wants. */
class LeaveDisk implements SnapshotPort {
  settled: () => void = () => undefined;

  recordLeave(settled: () => void): void {
    this.settled = settled;
  }
  record(): void {}
  recordClock(): void {}
  recordCoordinate(): void {}
}

describe("Departure (Serf specification §5.4, §6.3)", () => {
  function leaving(rooms: Rooms): { departure: Departure; isDone: () => boolean } {
    const departure = new Departure(rooms.context, rooms.membership);
    let done = false;
    departure.leave(rooms.nowMs, () => (done = true));
    return { departure, isDone: () => done };
  }

  it("gives its intent a head start, says farewell, lingers briefly, and has left", () => {
    const rooms = new Rooms().joined("bar");
    const { isDone } = leaving(rooms);
    expect(rooms.context.state).toBe("leaving");

    rooms.advance(449);
    expect(rooms.swim.leaves).toHaveLength(0);
    rooms.advance(1);
    expect(rooms.swim.leaves).toHaveLength(1);
    rooms.departed("self", "left");
    rooms.advance(49);
    expect(isDone()).toBe(false);
    rooms.advance(1);

    expect(isDone()).toBe(true);
    expect(rooms.context.state).toBe("left");
  });

  it("keeps its head start and leaves once, however fast its intent is told", () => {
    const rooms = new Rooms().joined("bar");
    leaving(rooms);
    for (let told = 0; told < 4; told += 1) rooms.packet();
    expect(rooms.packet()).toEqual([]);

    rooms.advance(449);
    expect(rooms.swim.leaves).toHaveLength(0);
    rooms.advance(10_000);

    expect(rooms.swim.leaveTimeoutsMs).toEqual([5_000]);
    expect(rooms.reported("leave-timed-out")).toEqual([]);
  });

  it("says no farewell after a shutdown, and stays shut down", () => {
    const early = new Rooms().joined("bar");
    leaving(early);
    early.context.state = "shutdown";
    early.advance(10_000);
    const late = new Rooms().joined("bar");
    const { isDone } = leaving(late);
    late.advance(450);
    late.context.state = "shutdown";
    late.advance(10_000);

    expect(early.swim.leaves).toEqual([]);
    expect([isDone(), late.context.state]).toEqual([true, "shutdown"]);
  });

  it("lets nobody go where nobody leaves", () => {
    const rooms = new Rooms();

    expect(() => new Departure(rooms.context, rooms.membership).abandon()).not.toThrow();
  });

  it("needs no head start among members that pass news on at once", () => {
    const rooms = new Rooms().joined("bar");
    rooms.swim.isEveryonePrompt = true;
    const { isDone } = leaving(rooms);
    rooms.advance(0);
    expect(rooms.swim.leaves).toHaveLength(1);
    rooms.advance(50);

    expect(isDone()).toBe(true);
  });

  it("without eager gossip waits for the transmissions of its intent, as the reference", () => {
    const swim = { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 }, eagerGossip: false };
    const rooms = new Rooms({ options: { swim } }).joined("bar");
    const { isDone } = leaving(rooms);
    expect(rooms.context.state).toBe("leaving");
    expect(rooms.swim.leaves).toHaveLength(0);

    for (let told = 0; told < 4; told += 1) {
      expect(rooms.packet()).toMatchObject([{ kind: "leave", node: "self", lamportTime: 1n }]);
    }
    expect(rooms.swim.leaves).toHaveLength(1);
    rooms.advance(60_000);
    expect(isDone()).toBe(false);
    rooms.departed("self", "left");
    rooms.swim.leaves[0]?.({ timedOut: false });
    rooms.advance(999);
    expect(isDone()).toBe(false);
    rooms.advance(1);

    expect(isDone()).toBe(true);
    expect(rooms.context.state).toBe("left");
    expect(rooms.reported("leave-timed-out")).toEqual([]);
    expect(rooms.story().at(-1)).toBe("member-leave self");
  });

  it("goes on when nobody takes the news in time, and says so", () => {
    const swim = { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 }, eagerGossip: false };
    const rooms = new Rooms({ options: { swim } }).joined("bar");
    const { isDone } = leaving(rooms);

    rooms.advance(4_999);
    expect(rooms.swim.leaves).toHaveLength(0);
    rooms.advance(1);
    rooms.swim.leaves[0]?.({ timedOut: true });
    rooms.advance(1_000);

    expect(isDone()).toBe(true);
    expect(rooms.reported("leave-timed-out")).toEqual([
      { kind: "leave-timed-out", stage: "intent" },
      { kind: "leave-timed-out", stage: "membership" },
    ]);
  });

  it("does not wait for an audience that is not there", () => {
    const rooms = new Rooms();
    leaving(rooms);
    expect(rooms.swim.leaves).toHaveLength(1);

    rooms.advance(10_000);
    expect(rooms.swim.leaves).toHaveLength(1);
  });

  it("tells nobody before the leave is on the disk", () => {
    const disk = new LeaveDisk();
    const rooms = new Rooms({ environment: { snapshot: disk } }).joined("bar");
    leaving(rooms);
    rooms.advance(4_999);
    expect(rooms.packet()).toEqual([]);
    expect(rooms.status("self")).toBe("alive");

    disk.settled();

    expect(rooms.packet()).toMatchObject([{ kind: "leave", node: "self" }]);
    rooms.advance(1_000);
    expect(rooms.swim.leaves).toHaveLength(1);
    expect(rooms.reported("leave-timed-out")).toEqual([]);
  });

  it("waits for a disk that hangs no longer than for a broadcast, and leaves once", () => {
    const disk = new LeaveDisk();
    const rooms = new Rooms({ environment: { snapshot: disk } }).joined("bar");
    leaving(rooms);

    rooms.advance(5_000);
    expect(rooms.packet()).toMatchObject([{ kind: "leave", node: "self", lamportTime: 1n }]);
    disk.settled();
    rooms.advance(1_000);

    expect(rooms.reported("leave-timed-out")).toEqual([
      { kind: "leave-timed-out", stage: "snapshot" },
    ]);
    expect(rooms.statusTime("self")).toBe(1n);
    expect(rooms.swim.leaves).toHaveLength(1);
  });

  it("tells nothing more when shut down while the leave is being written", () => {
    const disk = new LeaveDisk();
    const rooms = new Rooms({ environment: { snapshot: disk } }).joined("bar");
    const { departure, isDone } = leaving(rooms);

    rooms.context.state = "shutdown";
    departure.abandon();
    disk.settled();

    expect(isDone()).toBe(true);
    expect(rooms.packet()).toEqual([]);
  });

  it("leaves once: twice is an error while leaving, and a success afterwards", () => {
    const rooms = new Rooms();
    const { departure } = leaving(rooms);
    const again = (): void => departure.leave(0, () => undefined);
    expect(again).toThrow("Leave already in progress");
    expect(again).toThrow(expect.objectContaining({ code: "leave-in-progress" }));
    rooms.swim.leaves[0]?.({ timedOut: false });
    rooms.advance(1_000);
    let isDone = false;

    departure.leave(rooms.nowMs, () => (isDone = true));

    expect(isDone).toBe(true);
    rooms.context.state = "shutdown";
    expect(again).toThrow("Leave called after Shutdown");
    expect(again).toThrow(expect.objectContaining({ code: "not-alive" }));
  });

  it("forces a failed member out, and tells the others", () => {
    const rooms = new Rooms().joined("bar").joined("baz").departed("bar");
    const outcomes: boolean[] = [];
    new Departure(rooms.context, rooms.membership).forceLeave(
      "bar",
      { prune: false },
      0,
      ({ timedOut }) => outcomes.push(timedOut),
    );

    expect(rooms.settle().status("bar")).toBe("left");
    for (let told = 0; told < 4; told += 1) rooms.packet();

    expect(outcomes).toEqual([false]);
    expect(rooms.story().at(-1)).toBe("member-leave bar");
  });

  it("keeps orders about different members and of different kinds apart", () => {
    const rooms = new Rooms().joined("bar").joined("baz");
    const departure = new Departure(rooms.context, rooms.membership);
    const order = (name: string, prune: boolean): void =>
      departure.forceLeave(name, { prune }, 0, () => undefined);

    order("bar", false);
    order("baz", false);
    order("bar", true);
    order("bar", false);

    expect(
      rooms.packet().map((message) => message.kind === "leave" && [message.node, message.prune]),
    ).toEqual([
      ["bar", false],
      ["bar", true],
      ["baz", false],
    ]);
  });

  it("forces nobody out after shutdown", () => {
    const rooms = new Rooms().joined("bar");
    rooms.context.state = "shutdown";
    const force = (): void =>
      new Departure(rooms.context, rooms.membership).forceLeave(
        "bar",
        { prune: false },
        0,
        () => undefined,
      );

    expect(force).toThrow(
      new SerfError("not-alive", "force-leave after shutdown: start a new member"),
    );
  });

  it("succeeds for an unknown name, and times out if nobody takes the news", () => {
    const rooms = new Rooms().joined("bar");
    const outcomes: boolean[] = [];
    new Departure(rooms.context, rooms.membership).forceLeave(
      "unknown",
      { prune: true },
      0,
      ({ timedOut }) => outcomes.push(timedOut),
    );

    rooms.advance(5_000);

    expect(outcomes).toEqual([true]);
    expect(rooms.intents.recent("unknown")).toMatchObject({ kind: "leave" });
  });
});
