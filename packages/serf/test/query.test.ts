import { describe, expect, it } from "vitest";
import { SerfError } from "../src/errors.ts";
import type { QueryEnd, QueryHandle, QueryParameters } from "../src/query.ts";
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
    expect(() => new Question(rooms)).toThrow("2 queries are waiting for answers");

    first.handle.close();

    expect(() => new Question(rooms)).not.toThrow();
  });

  it.each([
    { timeoutMs: -1 },
    { timeoutMs: Number.NaN, relayFactor: 256 },
    { relayFactor: -1 },
    { relayFactor: 1.5 },
  ])("refuses %o", (parameters) => {
    expect(() => new Question(three(), parameters)).toThrow(RangeError);
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
    expect(question.rooms.reported("response-dropped")).toHaveLength(2);
  });

  it("drops acks nobody asked for, and answers with another number", () => {
    const question = new Question(three());

    question.respond("bar", "ack");
    question.respond("bar", "answer", question.handle.id + 1);

    expect(question.acks).toEqual([]);
    expect(question.answers).toEqual([]);
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
