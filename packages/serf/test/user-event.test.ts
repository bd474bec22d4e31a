import { describe, expect, it } from "vitest";
import { SerfError } from "../src/errors.ts";
import type { UserEventMessage } from "../src/wire/message.ts";
import { Rooms } from "./support/rooms.ts";

function event(name: string, lamportTime: bigint, text: string = ""): UserEventMessage {
  const payload = new Uint8Array([...text].map((letter) => letter.charCodeAt(0)));
  return { kind: "user-event", lamportTime, name, payload, coalesce: false };
}

function failure(action: () => void): SerfError {
  try {
    action();
  } catch (error) {
    if (error instanceof SerfError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("UserEvents, sending (Serf specification §9)", () => {
  it("delivers to the sender as well, moves the clock and queues the event", () => {
    const rooms = new Rooms().joined("bar");
    rooms.events.length = 0;

    rooms.userEvents.send("deploy", new Uint8Array([1]), true, 0);

    expect(rooms.settle().events).toMatchObject([
      {
        kind: "user",
        name: "deploy",
        lamportTime: 1n,
        coalesce: true,
        payload: new Uint8Array([1]),
      },
    ]);
    expect(rooms.context.clocks.event.time).toBe(2n);
    expect(rooms.packet()).toMatchObject([{ kind: "user-event", name: "deploy" }]);
  });

  it.each([
    [600, 512, "user event exceeds configured limit of 512 bytes before encoding"],
    [511, 512, "encoded user event exceeds configured limit of 512 bytes after encoding"],
    [500, 512, "encoded user event exceeds configured limit of 512 bytes after encoding"],
    [2_000, 9_216, "encoded user event of"],
  ])("refuses %d bytes at a limit of %d before anything happens", (bytes, limit, text) => {
    const rooms = new Rooms({ options: { userEventSizeLimit: limit } }).joined("bar");
    rooms.events.length = 0;

    const error = failure(() => rooms.userEvents.send("n", new Uint8Array(bytes), false, 0));

    expect(error.code).toBe("event-too-large");
    expect(error.message).toContain(text);
    expect(rooms.context.clocks.event.time).toBe(1n);
    expect(rooms.settle().events).toEqual([]);
    expect(rooms.packet()).toEqual([]);
  });

  it("sends what just fits a packet", () => {
    const rooms = new Rooms({ options: { userEventSizeLimit: 9_216 } }).joined("bar");
    const largest = rooms.context.queues.payloadBytesLimit;
    const empty = 31;

    rooms.userEvents.send("n", new Uint8Array(largest - empty), false, 0);

    expect(rooms.packet(largest + 3)).toHaveLength(1);
  });

  it("sends an event of exactly the limit, and none of a byte more", () => {
    const send = (userEventSizeLimit: number): void =>
      new Rooms({ options: { userEventSizeLimit } }).userEvents.send(
        "n",
        new Uint8Array(169),
        false,
        0,
      );

    expect(() => send(200)).not.toThrow();
    expect(() => send(199)).toThrow("exceeds configured limit of 199 bytes after encoding");
  });

  it("sends no payload as none, and nothing after shutdown", () => {
    const rooms = new Rooms().joined("bar");

    rooms.userEvents.send("n", undefined, false, 0);
    expect(rooms.packet()).toMatchObject([{ kind: "user-event", payload: undefined }]);
    rooms.context.state = "shutdown";
    const error = failure(() => rooms.userEvents.send("n", undefined, false, 0));

    expect(error.code).toBe("not-alive");
  });

  it("keeps its own copy of the payload", () => {
    const rooms = new Rooms().joined("bar");
    const payload = new Uint8Array([1]);
    rooms.userEvents.send("n", payload, false, 0);
    payload[0] = 9;

    expect(rooms.settle().events.at(-1)).toMatchObject({ payload: new Uint8Array([1]) });
    expect(rooms.packet()).toMatchObject([{ payload: new Uint8Array([1]) }]);
  });
});

describe("UserEvents, receiving (Serf specification §9)", () => {
  it("delivers in order, with payload, and passes the received bytes on", () => {
    const rooms = new Rooms().joined("bar");
    rooms.events.length = 0;

    rooms.receive(event("one", 5n, "x")).receive(event("two", 6n));

    expect(rooms.story()).toEqual(["user one", "user two"]);
    expect(rooms.events[0]).toMatchObject({ payload: new Uint8Array([0x78]), lamportTime: 5n });
    expect(rooms.context.clocks.event.time).toBe(7n);
    expect(rooms.packet().map((message) => "name" in message && message.name)).toEqual([
      "one",
      "two",
    ]);
  });

  it("delivers a copy once and does not pass it on", () => {
    const rooms = new Rooms().joined("bar").receive(event("one", 5n));
    rooms.context.queues.clear();
    rooms.events.length = 0;

    rooms.receive(event("one", 5n));

    expect(rooms.events).toEqual([]);
    expect(rooms.packet()).toEqual([]);
  });

  it("tells an event less that others tell it, and no other one, nor for what a push/pull holds", () => {
    const rooms = new Rooms().joined("bar");
    const other = event("other", 5n);
    rooms.receive(event("one", 5n)).receive(other);
    rooms.packet();

    for (let copy = 0; copy < 2; copy += 1) rooms.receive(event("one", 5n));
    rooms.receive(event("one", 6n));
    for (let copy = 0; copy < 2; copy += 1) {
      rooms.userEvents.replay(5n, { name: "other", payload: other.payload }, 0);
    }
    const counts = new Map<string, number>();
    for (let round = 0; round < 9; round += 1) {
      for (const told of rooms.packet()) {
        if (told.kind !== "user-event") continue;
        const key = `${told.name} of ${told.lamportTime}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }

    // Three members tell everything four times.
    expect(Object.fromEntries(counts)).toEqual({ "one of 5": 2, "other of 5": 3, "one of 6": 4 });
  });

  it("delivers different names and payloads of one time", () => {
    const rooms = new Rooms().joined("bar");
    rooms.events.length = 0;

    rooms
      .receive(event("a", 5n))
      .receive(event("b", 5n))
      .receive(event("a", 5n, "x"));

    expect(rooms.story()).toEqual(["user a", "user b", "user a"]);
  });

  it("drops what is older than the buffer, undelivered and untold", () => {
    const rooms = new Rooms({ options: { eventBufferSlots: 8 } }).joined("bar");
    rooms.receive(event("new", 100n));
    rooms.context.queues.clear();
    rooms.events.length = 0;

    rooms.receive(event("old", 92n)).receive(event("young", 93n));

    expect(rooms.story()).toEqual(["user young"]);
    expect(rooms.packet()).toHaveLength(1);
  });

  it("ignores times before the minimum, as after a restart", () => {
    const rooms = new Rooms().joined("bar");
    rooms.userEvents.raiseMinimumTime(10n);
    rooms.events.length = 0;

    rooms.receive(event("old", 9n)).receive(event("new", 10n));

    expect(rooms.story()).toEqual(["user new"]);
  });

  it("remembers no more bytes than the limit, and reports what it refuses", () => {
    const rooms = new Rooms({ options: { eventBufferBytesLimit: 200 } }).joined("bar");

    for (let index = 0; index < 10; index += 1) rooms.receive(event(`e${index}`, 5n));

    expect(rooms.userEvents.window.weight).toBeLessThanOrEqual(200);
    expect(rooms.reported("message-rejected")[0]).toMatchObject({ code: "window-full" });
  });

  it("neither delivers nor passes on what claims a time from beyond all reason", () => {
    const rooms = new Rooms().joined("bar");
    rooms.events.length = 0;

    rooms.receive(event("jump", 2n ** 63n));

    expect(rooms.story()).toEqual([]);
    expect(rooms.packet()).toEqual([]);
    expect(rooms.context.clocks.event.time).toBe(1n);
    expect(rooms.reported("message-rejected")).toMatchObject([{ code: "clock-jump" }]);
  });

  it("survives bytes that are no message, and says so", () => {
    const rooms = new Rooms();
    const garbage = [
      new Uint8Array([]),
      new Uint8Array([3]),
      new Uint8Array([3, 0xc1]),
      new Uint8Array([2, 0x80]),
      new Uint8Array([99, 0x80]),
    ];

    for (const bytes of garbage) rooms.intake.handle(bytes, 0);

    expect(rooms.settle().reported("message-rejected")).toHaveLength(4);
    expect(rooms.events).toEqual([]);
  });
});
