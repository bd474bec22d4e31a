import { describe, expect, it } from "vitest";
import { SerfError } from "../src/errors.ts";
import type { QueryEnd, QueryHandle, QueryParameters } from "../src/query.ts";
import { encodeFilters } from "../src/wire/filter-codec.ts";
import { QueryFlag, QueryResponseFlag } from "../src/wire/message.ts";
import { Rooms, type RoomsSetup } from "./support/rooms.ts";

class Question {
  readonly rooms: Rooms;
  readonly acks: string[] = [];
  readonly answers: string[] = [];
  readonly ends: QueryEnd[] = [];
  readonly handle: QueryHandle;

  constructor(rooms: Rooms, parameters: QueryParameters = {}, name: string = "load") {
    this.rooms = rooms;
    this.handle = rooms.queries.ask(
      name,
      undefined,
      parameters,
      {
        handleAck: (from) => this.acks.push(from),
        handleResponse: (from) => this.answers.push(from),
        handleEnd: (reason) => this.ends.push(reason),
      },
      rooms.nowMs,
    );
  }

  respond(
    from: string,
    kind: "ack" | "answer",
    id: number = this.handle.id,
    payload?: Uint8Array,
  ): void {
    this.rooms.receive({
      kind: "query-response",
      lamportTime: this.handle.lamportTime,
      id,
      from,
      flags: kind === "ack" ? QueryResponseFlag.ack : 0,
      payload,
    });
  }
}

function fits(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof SerfError && error.code === "query-too-large") return false;
    throw error;
  }
}

function three(setup: RoomsSetup = {}): Rooms {
  return new Rooms(setup).joined("bar").joined("baz");
}

describe("Queries, asking (Serf specification §10.1)", () => {
  it.each([
    [1, 3_200],
    [9, 3_200],
    [10, 6_400],
    [99, 6_400],
    [100, 9_600],
  ])("waits by default for %d members %d ms", (memberCount, timeoutMs) => {
    const rooms = new Rooms();
    rooms.swim.memberCount = memberCount;
    expect(rooms.queries.defaultTimeoutMs()).toBe(timeoutMs);
  });

  it("queues the query, delivers it to itself, and moves the clock", () => {
    const rooms = three();
    rooms.events.length = 0;

    const question = new Question(rooms);

    expect(rooms.settle().story()).toEqual(["query load"]);
    expect(rooms.packet()).toMatchObject([{ kind: "query", name: "load", sourceNode: "self" }]);
    expect(question.handle.lamportTime).toBe(1n);
    expect(rooms.context.clocks.query.time).toBe(2n);
  });

  it("waits as long as the wire can say for whoever wants to wait longer", () => {
    const rooms = three();

    new Question(rooms, { timeoutMs: Number.MAX_SAFE_INTEGER });

    expect(rooms.packet()).toMatchObject([{ kind: "query", timeoutNs: 2n ** 63n - 1n }]);
  });

  it("draws numbers below 2^31", () => {
    const rooms = three({ environment: { random: () => 0.999_999_999_9 } });
    expect(new Question(rooms).handle.id).toBeLessThan(2 ** 31);
  });

  it("refuses what is too long, and takes it with a raised limit", () => {
    const ask = (rooms: Rooms, bytes: number): void => {
      rooms.queries.ask("n", new Uint8Array(bytes), {}, {}, 0);
    };
    expect(() => ask(three(), 1_024)).toThrow("query exceeds limit of 1024 bytes");
    expect(() => ask(three({ options: { querySizeLimit: 4_096 } }), 1_100)).not.toThrow();
    expect(() => ask(three({ options: { querySizeLimit: 4_096 } }), 1_400)).toThrow(
      "does not fit into a packet",
    );
  });

  it("is not supported below version 4", () => {
    const rooms = three({ options: { protocolVersion: 3 } });
    expect(() => new Question(rooms)).toThrow(
      new SerfError("query-unsupported", "Feature not supported"),
    );
  });

  it("bounds the queries under way", () => {
    const rooms = three({ options: { outstandingQueryLimit: 2 } });
    const first = new Question(rooms);
    new Question(rooms);
    const third = (): unknown => new Question(rooms);
    expect(third).toThrow("2 queries are waiting for answers");
    expect(third).toThrow(expect.objectContaining({ code: "query-limit" }));

    first.handle.close();

    expect(() => new Question(rooms)).not.toThrow();
  });

  it.each([
    [{ timeoutMs: -1 }, "timeoutMs is -1"],
    [{ timeoutMs: Infinity }, "timeoutMs is Infinity"],
    [{ relayFactor: 256 }, "relayFactor is 256"],
    [{ relayFactor: -1 }, "relayFactor is -1"],
    [{ relayFactor: 1.5 }, "relayFactor is 1.5"],
  ])("refuses %o", (parameters, message) => {
    const ask = (): unknown => new Question(three(), parameters);

    expect(ask).toThrow(RangeError);
    expect(ask).toThrow(message);
  });

  it("says on the wire whom it asks, how, and where to answer, and keeps its own payload", () => {
    const rooms = three({ environment: { random: () => 0.5 } });
    const payload = new Uint8Array([1, 2]);
    const filters = { filterNodes: ["bar"], filterTags: { role: "^" } };

    rooms.queries.ask("load", payload, { ...filters, relayFactor: 255, ack: true }, {}, 0);
    payload.fill(9);
    rooms.advance(2_000);

    expect(rooms.takeSent()[0]).toMatchObject({ message: { payload: new Uint8Array([1, 2]) } });
    expect(rooms.packet()).toMatchObject([
      {
        id: 2 ** 30,
        port: 7_946,
        address: new Uint8Array([10, 0, 0, 1]),
        filters: encodeFilters({ nodes: ["bar"], tags: { role: "^" } }),
        flags: QueryFlag.ack,
        relayFactor: 255,
        payload: new Uint8Array([1, 2]),
      },
    ]);
    expect(rooms.queries.ask("load", undefined, { filterNodes: [] }, {}, 0).expected).toEqual([
      "self",
      "bar",
      "baz",
    ]);
  });

  it("takes a query of exactly the limit, and no byte more", () => {
    const lengthOf = (bytes: number): number => {
      const rooms = three();
      rooms.queries.ask("n", new Uint8Array(bytes), {}, {}, 0);
      return rooms.context.queues.take(0, 65_535)[0]?.length ?? 0;
    };
    const limit = lengthOf(500);
    const ask = (querySizeLimit: number): unknown =>
      three({ options: { querySizeLimit } }).queries.ask("n", new Uint8Array(500), {}, {}, 0);

    expect(() => ask(limit)).not.toThrow();
    expect(() => ask(limit - 1)).toThrow(SerfError);
    expect(() => ask(limit - 1)).toThrow(`query exceeds limit of ${limit - 1} bytes`);
  });

  it("takes a query that just fits into a packet, and no byte more", () => {
    const ask = (bytes: number): unknown =>
      three({ options: { querySizeLimit: 4_096 } }).queries.ask(
        "n",
        new Uint8Array(bytes),
        {},
        {},
        0,
      );
    let most = 1_000;
    while (fits(() => ask(most + 1))) most += 1;
    const rooms = three({ options: { querySizeLimit: 4_096 } });

    rooms.queries.ask("n", new Uint8Array(most), {}, {}, 0);

    expect(rooms.context.queues.take(0, 65_535)[0]?.length).toBe(
      rooms.context.queues.payloadBytesLimit,
    );
  });

  it("is an error after shutdown", () => {
    const rooms = three();
    rooms.context.state = "shutdown";

    expect(() => new Question(rooms)).toThrow(
      new SerfError("not-alive", "query after shutdown: start a new member"),
    );
  });
});

describe("Queries, collecting (Serf specification §10.5)", () => {
  it("delivers each member's ack and answer once", () => {
    const question = new Question(three(), { ack: true, endEarly: false });

    for (let copy = 0; copy < 2; copy += 1) {
      question.respond("bar", "ack");
      question.respond("bar", "answer");
    }

    expect(question.acks).toEqual(["bar"]);
    expect(question.answers).toEqual(["bar"]);
    expect(question.rooms.reported("response-dropped")).toMatchObject([
      { from: "bar", reason: "duplicate-ack" },
      { from: "bar", reason: "duplicate-response" },
    ]);
  });

  it("needs no listener for what it does not want to hear", () => {
    const rooms = three();
    const handle = rooms.queries.ask("load", undefined, { ack: true, filterNodes: ["bar"] }, {}, 0);
    const message = {
      kind: "query-response",
      lamportTime: handle.lamportTime,
      id: handle.id,
    } as const;

    rooms.receive({ ...message, from: "bar", flags: QueryResponseFlag.ack, payload: undefined });
    rooms.receive({ ...message, from: "bar", flags: 0, payload: undefined });

    expect(handle.missing()).toEqual([]);
    expect(rooms.queries.outstandingCount).toBe(0);
  });

  it("hears what comes at the deadline, and not what a late timer lets in after it", () => {
    const question = new Question(three(), { timeoutMs: 1_000 });
    const { id, lamportTime } = question.handle;
    const answer = (from: string, nowMs: number): void =>
      question.rooms.queries.handleResponse(
        { kind: "query-response", lamportTime, id, from, flags: 0, payload: undefined },
        nowMs,
      );

    answer("bar", question.handle.deadlineMs);
    answer("baz", question.handle.deadlineMs + 1);

    expect(question.answers).toEqual(["bar"]);
    expect(question.ends).toEqual(["deadline"]);
  });

  it("ends once, when closed or when the member shuts down", () => {
    const closed = new Question(three());
    closed.handle.close();
    closed.handle.close();
    const open = new Question(three());
    open.rooms.queries.endAll();

    expect(closed.ends).toEqual(["closed"]);
    expect(open.ends).toEqual(["shut-down"]);
    expect(open.rooms.queries.outstandingCount).toBe(0);
  });

  it("drops acks nobody asked for, and answers with another number", () => {
    const question = new Question(three());

    question.respond("bar", "ack");
    question.respond("bar", "answer", question.handle.id + 1);

    expect(question.acks).toEqual([]);
    expect(question.answers).toEqual([]);
    expect(question.rooms.reported("response-dropped")).toMatchObject([
      { reason: "ack-unwanted" },
      { reason: "unknown-query" },
    ]);
  });

  it("ends at the deadline, and hears nothing afterwards", () => {
    const question = new Question(three(), { timeoutMs: 1_000 });
    question.rooms.advance(999);
    question.respond("bar", "answer");
    expect(question.ends).toEqual([]);

    question.rooms.advance(1);
    question.respond("baz", "answer");

    expect(question.ends).toEqual(["deadline"]);
    expect(question.answers).toEqual(["bar"]);
    expect(question.rooms.queries.outstandingCount).toBe(0);
  });

  it("keeps two queries of one time apart, as at the end of all times", () => {
    const rooms = three();
    rooms.context.clocks.query.restore(2n ** 64n - 1n);
    const first = new Question(rooms, { timeoutMs: 1_000 });
    const second = new Question(rooms, { timeoutMs: 2_000 });
    expect(second.handle.lamportTime).toBe(first.handle.lamportTime);

    second.respond("bar", "answer");
    rooms.advance(1_000);
    second.respond("baz", "answer");

    expect(first.answers).toEqual([]);
    expect(second.answers).toEqual(["bar", "baz"]);
  });

  it("takes no more bytes of answers than the limit, and goes on to the deadline", () => {
    const question = new Question(three({ options: { answerBytesLimit: 1_000 } }));

    question.respond("bar", "answer", question.handle.id, new Uint8Array(997));
    question.respond("baz", "answer", question.handle.id, new Uint8Array(1));
    expect(question.answers).toEqual(["bar"]);
    expect(question.rooms.reported("response-dropped")).toMatchObject([
      { from: "baz", reason: "limit-reached" },
    ]);

    expect(question.handle.missing()).toContain("baz");
    expect(question.ends).toEqual([]);
  });

  it("takes no flood of forged names", () => {
    const question = new Question(three(), { endEarly: false });

    for (let index = 0; index < 1_000; index += 1) question.respond(`forged${index}`, "answer");

    expect(question.answers).toHaveLength(2 * 3 + 32);
    expect(question.rooms.reported("response-dropped")[0]).toMatchObject({
      from: "forged38",
      reason: "limit-reached",
    });
  });
});

describe("Queries, expectation", () => {
  it("expects alive members that pass the filters", () => {
    const rooms = three().joined("gone").departed("gone");
    const tagged = { meta: new Uint8Array([0x77, 0x65, 0x62]) };
    rooms.joined("web", tagged);

    expect(new Question(rooms).handle.expected).toEqual(["self", "bar", "baz", "web"]);
    const named = new Question(rooms, { filterNodes: ["bar", "gone", "unknown"] });
    expect(named.handle.expected).toEqual(["bar"]);
    const byTag = new Question(rooms, { filterTags: { role: "^w" } });
    expect(byTag.handle.expected).toEqual(["web"]);
  });

  it("expects those who are leaving, and in a vote about a name not its owner", () => {
    const rooms = three().leaveIntent("bar", 5n);

    expect(new Question(rooms).handle.expected).toEqual(["self", "bar", "baz"]);
    expect(new Question(rooms, {}, "_serf_conflict").handle.expected).toEqual(["bar", "baz"]);
  });

  it("is not complete by the acks and answers of strangers", () => {
    const both = ["bar", "baz"];
    const question = new Question(three(), { ack: true, filterNodes: both });

    for (const from of ["bar", "forged"]) {
      question.respond(from, "ack");
      question.respond(from, "answer");
    }
    question.respond("baz", "answer");
    expect(question.ends).toEqual([]);
    question.respond("baz", "ack");

    expect(question.ends).toEqual(["all-answered"]);
  });

  it("ends as soon as all have acked and answered", () => {
    const question = new Question(three(), { ack: true, filterNodes: ["bar", "baz"] });

    question.respond("bar", "ack");
    question.respond("bar", "answer");
    question.respond("baz", "answer");
    expect(question.handle.missing()).toEqual(["baz"]);
    expect(question.ends).toEqual([]);
    question.respond("baz", "ack");

    expect(question.ends).toEqual(["all-answered"]);
    expect(question.handle.missing()).toEqual([]);
  });

  it("ends a ping when all have acked, since nobody answers it", () => {
    const question = new Question(
      three(),
      { ack: true, filterNodes: ["bar", "baz"] },
      "_serf_ping",
    );

    question.respond("bar", "ack");
    question.respond("baz", "ack");

    expect(question.ends).toEqual(["all-answered"]);
  });

  it("waits for the deadline if asked to, or if nobody is known to pass the filters", () => {
    const patient = new Question(three(), { filterNodes: ["bar"], endEarly: false });
    patient.respond("bar", "answer");
    const unknown = new Question(three(), { filterNodes: ["unknown"] });
    unknown.respond("unknown", "answer");

    expect(patient.ends).toEqual([]);
    expect(unknown.ends).toEqual([]);
    expect(unknown.answers).toEqual(["unknown"]);
  });

  it("asks the silent ones again, directly and not to be passed on", () => {
    const question = new Question(three(), { ack: true, timeoutMs: 1_000 });
    question.respond("bar", "ack");
    question.respond("bar", "answer");
    question.rooms.takeSent();

    question.rooms.advance(400);

    expect(question.rooms.takeSent()).toMatchObject([
      {
        to: "baz",
        message: {
          kind: "query",
          id: question.handle.id,
          lamportTime: question.handle.lamportTime,
          flags: QueryFlag.ack | QueryFlag.noBroadcast,
        },
      },
    ]);
    question.rooms.advance(200);
    expect(question.rooms.takeSent()).toHaveLength(1);
    question.rooms.advance(200);
    expect(question.rooms.takeSent()).toHaveLength(1);
    question.rooms.advance(199);
    expect(question.rooms.takeSent()).toHaveLength(0);
  });

  it("asks nobody again who is gone, and says whom it asked", () => {
    const rooms = three().joined("gone").joined("erased");
    new Question(rooms, { ack: true, timeoutMs: 1_000 });
    rooms.departed("gone").departed("erased").leaveIntent("erased", 9n, true);
    rooms.takeSent();

    rooms.advance(400);

    expect(rooms.status("erased")).toBeUndefined();
    expect(rooms.takeSent().map(({ to }) => to)).toEqual(["bar", "baz"]);
    expect(rooms.reported("query-reasked")).toEqual([
      { kind: "query-reasked", name: "load", memberCount: 2 },
    ]);
  });

  it("asks nobody again where all have acked and answered", () => {
    const asked = { ack: true, timeoutMs: 1_000, filterNodes: ["bar"], endEarly: false };
    const question = new Question(three(), asked);
    question.respond("bar", "ack");
    question.respond("bar", "answer");

    question.rooms.advance(999);

    expect(question.rooms.reported("query-reasked")).toEqual([]);
  });

  it("takes silence for a lost answer up to eight members, or where half have answered", () => {
    const asked = (memberCount: number, answers: number): number => {
      const names = Array.from({ length: memberCount }, (_, index) => `m${index}`);
      const rooms = new Rooms();
      for (const name of names) rooms.joined(name);
      const question = new Question(rooms, { timeoutMs: 1_000, filterNodes: names });
      for (const name of names.slice(0, answers)) question.respond(name, "answer");
      return rooms.advance(400).takeSent().length;
    };

    expect([asked(8, 0), asked(9, 0), asked(10, 4), asked(10, 5)]).toEqual([8, 0, 0, 5]);
  });

  it("does not ask many members again that may have no handler, unless acks tell", () => {
    const asked = (parameters: QueryParameters, answers: number): number => {
      const rooms = new Rooms();
      for (let index = 0; index < 20; index += 1) rooms.joined(`m${index}`);
      const question = new Question(rooms, { timeoutMs: 1_000, ...parameters });
      for (let index = 0; index < answers; index += 1) question.respond(`m${index}`, "answer");
      rooms.takeSent();
      return rooms.advance(400).takeSent().length;
    };

    expect([asked({}, 5), asked({}, 15), asked({ ack: true }, 0)]).toEqual([0, 5, 20]);
  });

  it("asks no more members again than the limit, and none if it is 0", () => {
    const asked = (reaskMemberLimit: number): number => {
      const rooms = three({ options: { reaskMemberLimit } }).joined("x").joined("y");
      new Question(rooms, { timeoutMs: 1_000 });
      rooms.takeSent();
      return rooms.advance(500).takeSent().length;
    };

    expect([asked(2), asked(0), asked(64)]).toEqual([2, 0, 4]);
  });
});
