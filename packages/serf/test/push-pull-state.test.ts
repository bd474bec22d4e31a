import { describe, expect, it } from "vitest";
import type { PushPullStateMessage } from "../src/wire/message.ts";
import { decodePushPullState, encodeSerfMessage } from "../src/wire/message-codec.ts";
import { pushPullStateLimits } from "../src/wire/push-pull-codec.ts";
import { Rooms } from "./support/rooms.ts";

function state(overrides: Partial<PushPullStateMessage> = {}): Uint8Array {
  return encodeSerfMessage({
    kind: "push-pull",
    lamportTime: 0n,
    statusTimes: new Map(),
    leftMembers: [],
    eventLamportTime: 0n,
    events: [],
    queryLamportTime: 0n,
    ...overrides,
  });
}

describe("PushPullState (Serf specification §8.4, §8.5)", () => {
  it("tells clocks, every status time, who has left, and the whole event ring", () => {
    const rooms = new Rooms().joined("bar").joined("gone").leaveIntent("gone", 4n).departed("gone");

    const told = decodePushPullState(rooms.pushPull.encode());

    expect(told).toMatchObject({ lamportTime: 5n, eventLamportTime: 1n, queryLamportTime: 1n });
    expect(told.leftMembers).toEqual(["gone"]);
    expect(told.statusTimes).toEqual(
      new Map([
        ["self", 0n],
        ["bar", 0n],
        ["gone", 4n],
      ]),
    );
    expect(told.events).toHaveLength(512);
  });

  it("merges the reference's artificial state to the same clocks, intents and event", () => {
    const rooms = new Rooms();

    rooms.pushPull.merge(
      state({
        lamportTime: 42n,
        statusTimes: new Map([
          ["test", 20n],
          ["foo", 15n],
        ]),
        leftMembers: ["foo"],
        eventLamportTime: 50n,
        events: [undefined, { lamportTime: 45n, events: [{ name: "test", payload: undefined }] }],
        queryLamportTime: 100n,
      }),
      false,
      0,
    );

    const { member, event, query } = rooms.context.clocks;
    expect([member.time, event.time, query.time]).toEqual([42n, 50n, 100n]);
    expect(rooms.intents.recent("test")).toMatchObject({ kind: "join", lamportTime: 20n });
    expect(rooms.intents.recent("foo")).toMatchObject({ kind: "leave", lamportTime: 16n });
    expect(rooms.settle().story()).toEqual(["user test"]);
    expect(rooms.events[0]).toMatchObject({ lamportTime: 45n, coalesce: false });
    expect(rooms.packet()).toEqual([]);
  });

  it("takes what a state leaves out for nothing", () => {
    const rooms = new Rooms().joined("gone");

    rooms.pushPull.merge(
      state({ statusTimes: undefined, leftMembers: ["gone"], events: undefined }),
      false,
      0,
    );
    rooms.pushPull.merge(state({ leftMembers: undefined }), false, 0);

    expect(rooms.status("gone")).toBe("leaving");
    expect(rooms.statusTime("gone")).toBe(1n);
    expect(rooms.intents.size).toBe(0);
    expect(rooms.settle().story()).toEqual(["member-join gone"]);
  });

  it("delivers nothing for a time of which no events are told", () => {
    const rooms = new Rooms();

    rooms.pushPull.merge(state({ events: [{ lamportTime: 45n, events: undefined }] }), false, 0);

    expect(rooms.settle().story()).toEqual([]);
    expect(rooms.context.clocks.event.time).toBe(1n);
  });

  it("lets a failed member have left, and forgets it not", () => {
    const rooms = new Rooms().joined("gone").departed("gone");

    rooms.pushPull.merge(
      state({ statusTimes: new Map([["gone", 4n]]), leftMembers: ["gone"] }),
      false,
      0,
    );

    expect(rooms.status("gone")).toBe("left");
    expect(rooms.erased).toEqual([]);
  });

  it("delivers no event of the past to a member that wants none", () => {
    const rooms = new Rooms();
    const events = [{ lamportTime: 45n, events: [{ name: "old", payload: undefined }] }];

    rooms.pushPull.merge(state({ eventLamportTime: 46n, events }), true, 0);
    rooms.pushPull.merge(state({ eventLamportTime: 46n, events }), false, 0);

    expect(rooms.settle().story()).toEqual([]);
  });

  it("does not let a state too far ahead to be true silence all events to come", () => {
    const rooms = new Rooms();

    rooms.pushPull.merge(state({ eventLamportTime: 2n ** 64n - 1n }), true, 0);
    rooms.receive({
      kind: "user-event",
      lamportTime: 7n,
      name: "deploy",
      payload: undefined,
      coalesce: false,
    });

    expect(rooms.story()).toEqual(["user deploy"]);
    expect(rooms.reported("message-rejected")).toMatchObject([{ code: "clock-jump" }]);
  });

  it("lets times of members that have left rest, instead of ratcheting them up", () => {
    const rooms = new Rooms().joined("gone").leaveIntent("gone", 4n).departed("gone");
    const told = { statusTimes: new Map([["gone", 4n]]), leftMembers: ["gone"] };

    for (let round = 0; round < 5; round += 1) rooms.pushPull.merge(state(told), false, 0);

    expect(rooms.statusTime("gone")).toBe(4n);
    expect(rooms.context.clocks.member.time).toBe(5n);
  });

  it("announces itself to who takes it for left, once per broadcast timeout", () => {
    const rooms = new Rooms().joined("bar").joinIntent("self", 30n);
    rooms.context.queues.clear();
    const told = state({ statusTimes: new Map([["self", 3n]]), leftMembers: ["self"] });

    rooms.pushPull.merge(told, false, rooms.nowMs);
    const timeAfterFirst = rooms.statusTime("self");
    rooms.pushPull.merge(told, false, rooms.nowMs);

    expect(rooms.packet()).toMatchObject([{ kind: "join", node: "self", lamportTime: 31n }]);
    expect(rooms.statusTime("self")).toBe(timeAfterFirst);
  });

  it("reports what it does not understand, and changes nothing", () => {
    const rooms = new Rooms();

    for (const bytes of [[], [1, 0x80], [2], [2, 0xc1]]) {
      rooms.pushPull.merge(new Uint8Array(bytes), false, 0);
    }

    expect(rooms.settle().reported("remote-state-rejected")).toHaveLength(4);
    expect(rooms.context.clocks.member.time).toBe(1n);
  });

  it("merges ten thousand joins in slices, and lets the driver work in between", () => {
    const rooms = new Rooms().joined("last");
    const names = Array.from({ length: 9_999 }, (_, index) => `m${index}`);
    const statusTimes = new Map([...names, "last"].map((name) => [name, 7n] as const));

    rooms.pushPull.merge(state({ statusTimes }), false, rooms.nowMs);
    const { timers } = rooms.context;
    let slices = 1;
    while (rooms.statusTime("last") !== 7n && timers.nextDeadlineMs() <= rooms.nowMs) {
      timers.runDue(rooms.nowMs);
      slices += 1;
    }

    expect(slices).toBe(10);
    expect(rooms.statusTime("last")).toBe(7n);
  });

  it("merges at once what comes when as many joins wait as one state may hold", () => {
    const rooms = new Rooms().joined("last");
    const limit = pushPullStateLimits.memberCount;
    const crowd = new Map(Array.from({ length: limit }, (_, index) => [`m${index}`, 7n] as const));
    const names = Array.from({ length: 2_000 }, (_, index) => `n${index}`);
    const statusTimes = new Map([...names, "last"].map((name) => [name, 7n] as const));

    rooms.pushPull.merge(state({ statusTimes: crowd }), false, rooms.nowMs);
    rooms.pushPull.merge(state({ statusTimes }), false, rooms.nowMs);

    expect(rooms.statusTime("last")).toBe(7n);
  });
});
