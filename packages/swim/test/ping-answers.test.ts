import { describe, expect, it } from "vitest";
import { addressBytes, type IndirectPingMessage, type PingMessage } from "@x/swim/wire";
import { aliveOf, endpoint, LoneCore } from "./support/lone-core.ts";

function ping(more: Partial<PingMessage> = {}): PingMessage {
  return { kind: "ping", sequenceNumber: 5, node: "self", ...more };
}

function indirectPing(more: Partial<IndirectPingMessage> = {}): IndirectPingMessage {
  return {
    kind: "indirect-ping",
    sequenceNumber: 5,
    target: addressBytes("10.0.0.3"),
    port: 7_946,
    node: "c",
    wantsNack: true,
    ...more,
  };
}

const FROM_B = {
  sourceAddress: addressBytes("10.0.0.2"),
  sourcePort: 7_946,
  sourceNode: "b",
} as const;

describe("a ping (behaviour specification §5.4)", () => {
  it("is answered with its number and the payload of the layer above", () => {
    const core = new LoneCore({ delegate: { ackPayload: () => Uint8Array.of(1, 2) } });

    core.receive(ping());

    const [packet] = core.takeSent();
    expect(packet?.target).toEqual(endpoint(9));
    expect(packet?.messages[0]).toEqual({
      kind: "ack",
      sequenceNumber: 5,
      payload: Uint8Array.of(1, 2),
    });
  });

  it("for another name is not answered, for no name it is", () => {
    const core = new LoneCore();

    core.receive(ping({ node: "other" }));
    expect(core.takeSent()).toEqual([]);
    expect(core.reportsOf("ping-misaddressed")).toMatchObject([{ name: "other" }]);

    core.receive(ping({ node: "" }));
    expect(core.takeSent().length).toBe(1);
  });

  it.each([
    ["suspect", "suspected"],
    ["dead", "held for dead"],
  ] as const)("of a member that is %s (%s) tells it so, so that it can refute", (kind, _what) => {
    const core = new LoneCore({ probeIntervalMs: 3_600_000 });
    core.receive([aliveOf("b", 2, { incarnation: 4 }), aliveOf("c", 3)]);
    core.receive({ kind, incarnation: 4, node: "b", from: "c" });
    core.takeSent();

    core.receive(ping(FROM_B), endpoint(2));

    const packets = core.takeSent();
    expect(packets.map(({ target }) => target)).toEqual([endpoint(2), endpoint(2)]);
    expect(packets[0]?.messages[0]).toMatchObject({ kind: "ack" });
    expect(packets[1]?.messages).toEqual([{ kind, incarnation: 4, node: "b", from: "self" }]);
  });

  it("of a member that is well, that has left, or of somebody else in its name adds nothing", () => {
    const core = new LoneCore();
    core.receive([aliveOf("b", 2), aliveOf("c", 3), aliveOf("d", 4)]);
    core.receive({ kind: "dead", incarnation: 1, node: "c", from: "c" });
    core.receive({ kind: "dead", incarnation: 1, node: "d", from: "b" });
    core.takeSent();

    core.receive(ping(FROM_B), endpoint(2));
    core.receive(ping({ ...FROM_B, sourceNode: "c", sourceAddress: addressBytes("10.0.0.3") }));
    core.receive(ping({ ...FROM_B, sourceNode: "d", sourceAddress: addressBytes("10.0.0.99") }));
    core.receive(ping({ sourceNode: "d" }));

    const direct = core.takeSent().filter(({ messages }) => messages[0]?.kind !== "ack");
    expect(direct).toEqual([]);
  });

  const AT_2 = addressBytes("10.0.0.2");
  it.each<[string, Partial<PingMessage>, string, number, boolean]>([
    ["by name alone, from its address", {}, "10.0.0.2", 7_946, true],
    ["by name alone, from another address", {}, "10.0.0.3", 7_946, false],
    ["by name alone, from another port", {}, "10.0.0.2", 7_947, false],
    [
      "by its address, from anywhere",
      { sourceAddress: AT_2, sourcePort: 7_946 },
      "10.0.0.9",
      1,
      true,
    ],
    ["by another port", { sourceAddress: AT_2, sourcePort: 7_947 }, "10.0.0.2", 7_946, false],
    [
      "by no port, from its address",
      { sourceAddress: AT_2, sourcePort: 0 },
      "10.0.0.2",
      7_946,
      true,
    ],
    ["by no port, from another port", { sourceAddress: AT_2, sourcePort: 0 }, "10.0.0.2", 1, false],
    [
      "by an empty address, from its own",
      { sourceAddress: new Uint8Array(0), sourcePort: 7_946 },
      "10.0.0.2",
      7_946,
      true,
    ],
  ])(
    "that names itself %s is or is not from the member",
    (_how, fields, address, port, isFromIt) => {
      const core = new LoneCore();
      core.receive(aliveOf("b", 2));
      core.receive({ kind: "dead", incarnation: 1, node: "b", from: "c" });
      core.takeSent();

      core.receive(ping({ sourceNode: "b", ...fields }), { address, port });

      const reminders = core.takeSent().filter(({ messages }) => messages[0]?.kind === "dead");
      expect(reminders.length).toBe(isFromIt ? 1 : 0);
    },
  );

  it("that names an address but no port is answered to where it came from", () => {
    const core = new LoneCore();

    core.receive(ping({ sourceAddress: AT_2, sourcePort: 0, sourceNode: "b" }), endpoint(9));

    expect(core.takeSent().map(({ target }) => target)).toEqual([endpoint(9)]);
  });

  it("of a member without a name is from nobody we know", () => {
    const core = new LoneCore();
    core.receive(aliveOf("b", 2));
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "c" });
    core.takeSent();

    core.receive(ping(), endpoint(2));

    expect(core.takeSent().map(({ messages }) => messages[0]?.kind)).toEqual(["ack"]);
  });

  it("of members held for dead reminds at most twenty of them per second", () => {
    const core = new LoneCore();
    core.receive([aliveOf("b", 2), aliveOf("c", 3)]);
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "c" });
    core.takeSent();

    for (let index = 0; index < 50; index += 1) core.receive(ping(FROM_B), endpoint(2));
    const atOnce = core.takeSent().filter(({ messages }) => messages[0]?.kind === "dead").length;
    core.advance(100);
    for (let index = 0; index < 50; index += 1) core.receive(ping(FROM_B), endpoint(2));
    const later = core.takeSent().filter(({ messages }) => messages[0]?.kind === "dead").length;

    expect([atOnce, later]).toEqual([20, 2]);
  });

  it("is answered to the address it names when there is one", () => {
    const core = new LoneCore();

    core.receive(ping(FROM_B), endpoint(9));
    core.receive(ping({ sourceNode: "b", sourcePort: 7_946 }), endpoint(9));

    expect(core.takeSent().map(({ target }) => target)).toEqual([endpoint(2), endpoint(9)]);
  });

  it("is answered to its sender when nobody can live where it says (a member bound to ::)", () => {
    const core = new LoneCore();

    for (const address of [new Uint8Array(16), Uint8Array.of(224, 0, 0, 1), new Uint8Array(3)]) {
      core.receive(ping({ ...FROM_B, sourceAddress: address }), endpoint(9));
    }

    expect(core.takeSent().map(({ target }) => target)).toEqual(Array(3).fill(endpoint(9)));
  });

  it("is answered before anything else in the packet is worked off", () => {
    const core = new LoneCore();

    core.receive([aliveOf("a", 2), ping()]);

    const kinds = core.directives.map(({ kind }) => kind);
    expect(kinds.indexOf("send-datagram")).toBeLessThan(kinds.lastIndexOf("emit"));
  });

  it("without a name is not answered when names are required", () => {
    const core = new LoneCore({ requireNames: true });

    core.receive(ping());
    expect(core.takeSent()).toEqual([]);
    expect(core.reportsOf("answer-withheld")).toMatchObject([{ reason: "name-required" }]);

    core.receive(ping({ sourceNode: "b" }));
    expect(core.takeSent().length).toBe(1);
  });
});

describe("a ping on behalf of another (behaviour specification §5.4)", () => {
  it("goes to the target with a number and an address of our own", () => {
    const core = new LoneCore();

    core.receive(indirectPing(FROM_B));

    const [packet] = core.takeSent();
    expect(packet?.target).toEqual(endpoint(3));
    expect(packet?.messages[0]).toMatchObject({ kind: "ping", node: "c", sourceNode: "self" });
    expect(packet?.messages[0]).not.toMatchObject({ sequenceNumber: 5 });
  });

  it("is answered with the requester's number, once the target answers", () => {
    const core = new LoneCore();
    core.receive(indirectPing(FROM_B));
    const [request] = core.takeMessages();
    const sequenceNumber = request?.kind === "ping" ? request.sequenceNumber : -1;

    core.receive({ kind: "ack", sequenceNumber, payload: Uint8Array.of(1) }, endpoint(3));
    core.advance(1_000);

    const sent = core.takeSent();
    expect(sent.length).toBe(1);
    expect(sent[0]?.target).toEqual(endpoint(2));
    expect(sent[0]?.messages[0]).toMatchObject({
      kind: "ack",
      sequenceNumber: 5,
      payload: new Uint8Array(0),
    });
  });

  it("is answered with a nack after our own timeout, if one is wanted", () => {
    const core = new LoneCore({ probeTimeoutMs: 200 });
    core.receive([indirectPing(FROM_B), indirectPing({ ...FROM_B, wantsNack: false })]);
    core.takeSent();

    core.advance(199);
    expect(core.takeSent()).toEqual([]);

    core.advance(1);
    const sent = core.takeSent();
    expect(sent.map(({ messages }) => messages[0])).toEqual([{ kind: "nack", sequenceNumber: 5 }]);
    expect(sent[0]?.target).toEqual(endpoint(2));
  });

  it("does not relay an ack that comes late", () => {
    const core = new LoneCore({ probeTimeoutMs: 200 });
    core.receive(indirectPing({ ...FROM_B, wantsNack: false }));
    const [request] = core.takeMessages();
    const sequenceNumber = request?.kind === "ping" ? request.sequenceNumber : -1;
    core.advance(200);

    core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(3));

    expect(core.takeSent()).toEqual([]);
  });

  it("without a port goes to our own bind port", () => {
    const core = new LoneCore({ bindPort: 9_100 });

    core.receive(indirectPing({ ...FROM_B, port: 0 }));

    expect(core.takeSent()[0]?.target).toEqual({ address: "10.0.0.3", port: 9_100 });
  });

  it("stops at the limit of pings under way", () => {
    const core = new LoneCore({ relayLimit: 2 });

    core.receive([indirectPing(FROM_B), indirectPing(FROM_B), indirectPing(FROM_B)]);

    expect(core.takeSent().length).toBe(2);
    expect(core.reportsOf("answer-withheld")).toMatchObject([{ reason: "relay-limit" }]);

    core.advance(500);
    core.takeSent();
    core.receive(indirectPing(FROM_B));
    expect(core.takeSent().length).toBe(1);
  });

  it("makes room for another when the target has answered, and only the target may", () => {
    const core = new LoneCore({ relayLimit: 1 });
    for (let round = 0; round < 3; round += 1) {
      core.receive(indirectPing(FROM_B));
      const [request] = core.takeMessages();
      const sequenceNumber = request?.kind === "ping" ? request.sequenceNumber : -1;
      core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(3));
      expect(core.takeSent().map(({ messages }) => messages[0]?.kind)).toEqual(["ack"]);
    }
    expect(core.reportsOf("answer-unexpected")).toEqual([]);

    core.receive(indirectPing(FROM_B));
    const [request] = core.takeMessages();
    const sequenceNumber = request?.kind === "ping" ? request.sequenceNumber : -1;
    core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, endpoint(66));

    expect(core.reportsOf("answer-unexpected")).toMatchObject([{ reason: "wrong-source" }]);
    expect(core.reportsOf("answer-withheld")).toEqual([]);
  });

  it("is not passed on for who may not be answered", () => {
    const core = new LoneCore({ requireNames: true });

    core.receive(indirectPing());

    expect(core.takeSent()).toEqual([]);
    expect(core.reportsOf("answer-withheld")).toMatchObject([{ reason: "name-required" }]);
  });

  it("does not ping an address nobody lives at", () => {
    const core = new LoneCore();

    core.receive(indirectPing({ ...FROM_B, target: addressBytes("224.0.0.1") }));

    expect(core.takeSent()).toEqual([]);
  });
});

describe("what strangers are sent (behaviour specification §19.14)", () => {
  it("is limited to a rate, however many pings name them", () => {
    const core = new LoneCore({ strangerAnswersPerSecond: 10 });

    for (let count = 0; count < 100; count += 1) core.receive(ping(FROM_B), endpoint(9));
    expect(core.takeSent().length).toBe(10);
    const withheld = core.reportsOf("answer-withheld");
    expect(withheld.length).toBe(90);
    expect(withheld.every(({ reason }) => reason === "rate-limited")).toBe(true);

    core.advance(500);
    for (let count = 0; count < 100; count += 1) core.receive(ping(FROM_B), endpoint(9));
    expect(core.takeSent().length).toBe(5);
  });

  it("does not limit what members and real senders are sent", () => {
    const core = new LoneCore({ strangerAnswersPerSecond: 0 });
    core.receive(aliveOf("b", 2));

    core.receive(ping(FROM_B), endpoint(9));
    core.receive(ping(), endpoint(9));
    core.receive(ping({ ...FROM_B, sourceNode: "unknown" }), endpoint(2));

    expect(core.takeSent().length).toBe(3);
  });
});

describe("pings passed on to strangers (behaviour specification §19.14)", () => {
  it.each<[string, Partial<IndirectPingMessage>, boolean]>([
    ["a member", {}, true],
    ["a stranger", { node: "x", target: addressBytes("10.0.0.77") }, false],
    ["a member's name at another port", { port: 7_947 }, false],
    ["a member's name at another address", { target: addressBytes("10.0.0.77") }, false],
    ["a member's address without a name", { node: "" }, false],
  ])("are limited to a rate, to %s or not", (_whom, more, isFree) => {
    const core = new LoneCore({ strangerAnswersPerSecond: 0 });
    core.receive([aliveOf("b", 2), aliveOf("c", 3)]);
    core.takeSent();

    core.receive(indirectPing({ ...FROM_B, ...more }));

    expect(core.takeSent().length).toBe(isFree ? 1 : 0);
    expect(core.reportsOf("answer-withheld").map(({ reason }) => reason)).toEqual(
      isFree ? [] : ["rate-limited"],
    );
  });

  it("go out for each stranger while there is some of the rate left", () => {
    const core = new LoneCore({ strangerAnswersPerSecond: 2 });
    core.receive(aliveOf("b", 2));
    core.takeSent();

    for (let count = 0; count < 5; count += 1) core.receive(indirectPing(FROM_B));

    expect(core.takeSent().map(({ target }) => target)).toEqual([endpoint(3), endpoint(3)]);
  });

  it.each([
    ["from the port it names", 7_946, 1],
    ["from another port", 7_947, 0],
  ] as const)("and a stranger that asks %s is or is not the sender", (_how, port, count) => {
    const core = new LoneCore({ strangerAnswersPerSecond: 0 });

    core.receive(ping(FROM_B), { address: "10.0.0.2", port });

    expect(core.takeSent().length).toBe(count);
  });
});

describe("answers nobody waits for", () => {
  it("are harmless", () => {
    const core = new LoneCore();

    core.receive([
      { kind: "ack", sequenceNumber: 1, payload: new Uint8Array(0) },
      { kind: "nack", sequenceNumber: 1 },
    ]);

    expect(core.reportsOf("answer-unexpected").length).toBe(2);
    expect(core.takeSent()).toEqual([]);
  });
});
