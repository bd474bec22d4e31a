import { describe, expect, it } from "vitest";
import type { QueryEvent } from "../src/serf-event.ts";
import { encodeFilters } from "../src/wire/filter-codec.ts";
import { QueryFlag, QueryResponseFlag, type QueryMessage } from "../src/wire/message.ts";
import { Rooms, type RoomsSetup } from "./support/rooms.ts";

function query(overrides: Partial<QueryMessage> = {}): QueryMessage {
  return {
    kind: "query",
    lamportTime: 7n,
    id: 42,
    address: new Uint8Array([10, 0, 0, 9]),
    port: 7_000,
    sourceNode: "asker",
    filters: undefined,
    flags: 0,
    relayFactor: 0,
    timeoutNs: 1_000_000_000n,
    name: "load",
    payload: undefined,
    ...overrides,
  };
}

function rooms(setup: RoomsSetup = {}): Rooms {
  const made = new Rooms(setup).joined("bar");
  made.events.length = 0;
  return made;
}

function delivered(from: Rooms): QueryEvent {
  const event = from.events.at(-1);
  if (event?.kind !== "query") throw new Error("no query was delivered");
  return event;
}

describe("QueryResponder, receiving (Serf specification §10.2)", () => {
  it("delivers a query once, passes it on, and witnesses its time", () => {
    const member = rooms().receive(query()).receive(query());

    expect(member.events).toMatchObject([
      { name: "load", id: 42, lamportTime: 7n, sourceNode: "asker", timeoutMs: 1_000 },
    ]);
    expect(member.packet()).toMatchObject([{ kind: "query", id: 42 }]);
    expect(member.context.clocks.query.time).toBe(8n);
  });

  it("delivers different numbers of one time", () => {
    expect(
      rooms()
        .receive(query())
        .receive(query({ id: 43 })).events,
    ).toHaveLength(2);
  });

  it("drops what is older than the buffer or than the minimum", () => {
    const member = rooms({ options: { queryBufferSlots: 8 } });
    member.responder.raiseMinimumTime(95n);
    member.receive(query({ lamportTime: 100n }));
    member.context.queues.clear();

    member.receive(query({ lamportTime: 91n })).receive(query({ lamportTime: 94n }));

    expect(member.events).toHaveLength(1);
    expect(member.packet()).toEqual([]);
  });

  it("does not pass on what must not be passed on", () => {
    const member = rooms().receive(query({ flags: QueryFlag.noBroadcast }));

    expect(member.events).toHaveLength(1);
    expect(member.packet()).toEqual([]);
  });

  it.each([
    [{ nodes: ["self"] }, 1],
    [{ nodes: ["other"] }, 0],
    [{ tags: { role: "^w" } }, 1],
    [{ tags: { role: "^x" } }, 0],
    [{ tags: { absent: "" } }, 1],
    [{ tags: { absent: "." } }, 0],
    [{ tags: { role: "(" } }, 0],
    [{ nodes: ["self"], tags: { role: "b$" } }, 1],
  ])("applies the filters %o, and passes the query on in any case", (parts, deliveries) => {
    const member = rooms({ options: { tags: { role: "web" } } });

    member.receive(query({ filters: encodeFilters(parts), flags: QueryFlag.ack }));

    expect(member.events).toHaveLength(deliveries);
    expect(member.packet()).toHaveLength(1);
    expect(member.takeSent()).toHaveLength(deliveries);
  });

  it("takes an empty filter for malformed: not delivered, still passed on", () => {
    const member = rooms().receive(query({ filters: [new Uint8Array(0)] }));

    expect(member.events).toEqual([]);
    expect(member.packet()).toHaveLength(1);
  });

  it("acks at once if an ack is wanted", () => {
    const member = rooms().receive(query({ flags: QueryFlag.ack }));

    expect(member.takeSent()).toEqual([
      {
        to: "asker",
        message: {
          kind: "query-response",
          lamportTime: 7n,
          id: 42,
          from: "self",
          flags: QueryResponseFlag.ack,
          payload: undefined,
        },
      },
    ]);
  });

  it("survives a query that names no address", () => {
    const member = rooms().receive(query({ flags: QueryFlag.ack, address: undefined }));

    delivered(member).respond(new Uint8Array([1]));

    expect(member.takeSent()).toEqual([]);
    expect(member.settle().reported("answer-failed")).toHaveLength(1);
  });
});

describe("QueryResponder, answering (Serf specification §10.3)", () => {
  it("answers the asker by name", () => {
    const member = rooms().receive(query());

    delivered(member).respond(new Uint8Array([1, 2]));

    expect(member.takeSent()).toMatchObject([
      { to: "asker", message: { id: 42, flags: 0, payload: new Uint8Array([1, 2]) } },
    ]);
  });

  it("takes one answer, of at most the limit, before the deadline, or says why not in the reference's words (RPC specification §5.1)", () => {
    const member = rooms().receive(query());
    const event = delivered(member);

    expect(() => event.respond(new Uint8Array(1_024))).toThrow(
      /^failed to respond to key query: response exceeds limit of 1024 bytes$/,
    );
    event.respond(new Uint8Array([1]));
    expect(() => event.respond(new Uint8Array([1]))).toThrow(
      /^failed to respond to key query: response already sent$/,
    );
    member.receive(query({ id: 43 })).advance(1_001);
    expect(() => delivered(member).respond(new Uint8Array([1]))).toThrow(
      /^failed to respond to key query: response is past the deadline$/,
    );
  });

  it("sends what exceeds a datagram over a stream", () => {
    const member = rooms({ options: { queryResponseSizeLimit: 8_192 } }).receive(query());

    delivered(member).respond(new Uint8Array(5_000));

    expect(member.swim.sent.map(({ isReliable }) => isReliable)).toEqual([true]);
  });

  it("answers again when asked again directly, but not for ever and not before there is something", () => {
    const again = query({ flags: QueryFlag.ack | QueryFlag.noBroadcast });
    const member = rooms().receive(query({ flags: QueryFlag.ack }));
    delivered(member).respond(new Uint8Array([5]));
    member.takeSent();

    const repeats = Array.from({ length: 5 }, () => member.receive(again).takeSent().length);

    // The ack and the answer, each as a datagram and over a stream.
    expect(repeats).toEqual([4, 4, 4, 0, 0]);
    expect(member.events).toHaveLength(1);
  });

  it("does not answer again what comes by gossip, nor after the deadline", () => {
    const member = rooms().receive(query({ flags: QueryFlag.ack }));
    member.takeSent();

    expect(member.receive(query({ flags: QueryFlag.ack })).takeSent()).toEqual([]);
    member.advance(1_001).receive(query({ flags: QueryFlag.ack | QueryFlag.noBroadcast }));

    expect(member.takeSent()).toEqual([]);
  });

  it("repeats to the first asker only, whoever claims to ask again", () => {
    const member = rooms().receive(query({ flags: QueryFlag.ack }));
    member.takeSent();

    member.receive(
      query({
        flags: QueryFlag.noBroadcast,
        address: new Uint8Array([6, 6, 6, 6]),
        sourceNode: "evil",
      }),
    );

    expect(new Set(member.takeSent().map(({ to }) => to))).toEqual(new Set(["asker"]));
  });

  it("keeps no more answers than the limit", () => {
    const member = rooms({ options: { recentAnswerLimit: 2 } });
    const ask = (id: number, flags: number): Rooms => member.receive(query({ id, flags }));
    for (const id of [1, 2, 3]) ask(id, QueryFlag.ack);
    member.takeSent();

    const repeats = [1, 2, 3].map((id) => ask(id, QueryFlag.noBroadcast).takeSent().length);

    expect(repeats).toEqual([0, 2, 2]);
  });
});

describe("QueryResponder, relays (Serf specification §10.4)", () => {
  it("sends as many relayed copies as asked, to alive members that understand them", () => {
    const member = rooms();
    for (const name of ["a", "b", "c"]) member.joined(name);
    member.joined("dead").departed("dead");
    member.joined("old", {
      versions: { ...member.swim.localMember.versions, protocolMax: 4 },
    });

    member.receive(query({ flags: QueryFlag.ack, relayFactor: 2 }));

    const [direct, ...relays] = member.takeSent();
    expect(direct?.to).toBe("asker");
    expect(relays).toHaveLength(2);
    for (const { to, message } of relays) {
      expect(["a", "b", "c", "bar"]).toContain(to);
      expect(message).toMatchObject({ kind: "relay", node: "asker", port: 7_000 });
    }
  });

  it("does not relay in a cluster too small for it", () => {
    const member = rooms().receive(query({ flags: QueryFlag.ack, relayFactor: 3 }));
    expect(member.takeSent()).toHaveLength(1);
  });
});
