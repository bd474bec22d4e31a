import { describe, expect, it } from "vitest";
import type { RelayMessage, SerfMessage } from "../src/wire/message.ts";
import { encodeSerfMessage } from "../src/wire/message-codec.ts";
import { Rooms } from "./support/rooms.ts";
import { swimMember } from "./support/scripted-swim.ts";

const ANSWER: SerfMessage = {
  kind: "query-response",
  lamportTime: 1n,
  id: 7,
  from: "n2",
  flags: 0,
  payload: undefined,
};

function relay(overrides: Partial<RelayMessage> = {}): RelayMessage {
  const { addressBytes, endpoint } = swimMember("bar");
  return {
    kind: "relay",
    address: addressBytes,
    port: endpoint.port,
    zone: "",
    node: "bar",
    inner: encodeSerfMessage(ANSWER),
    ...overrides,
  };
}

describe("AnswerCourier, relaying for others", () => {
  it("passes an answer on to a known member, unchanged", () => {
    const rooms = new Rooms().joined("bar").receive(relay());
    expect(rooms.takeSent()).toEqual([{ to: "bar", message: ANSWER }]);
  });

  it("finds the member by address where an old sender names none", () => {
    const rooms = new Rooms().joined("bar").receive(relay({ node: "" }));
    expect(rooms.takeSent().map(({ to }) => to)).toEqual(["bar"]);
  });

  it.each([
    ["an address that is no member's", relay({ address: new Uint8Array([8, 8, 8, 8]) })],
    ["another port of a member", relay({ port: 53 })],
    ["a name that is not known", relay({ node: "stranger" })],
    ["no address", relay({ address: undefined })],
    ["an address of three bytes", relay({ address: new Uint8Array([1, 2, 3]) })],
    [
      "what is no answer",
      relay({ inner: encodeSerfMessage({ kind: "join", lamportTime: 1n, node: "x" }) }),
    ],
    ["bytes that are no message", relay({ inner: new Uint8Array([5, 0xc1]) })],
  ])("is no reflector: refuses %s", (_what, message) => {
    const rooms = new Rooms().joined("bar").receive(message);

    expect(rooms.takeSent()).toEqual([]);
    expect(rooms.reported("relay-refused")).toHaveLength(1);
  });

  it("relays no more per second than the limit", () => {
    const rooms = new Rooms({ options: { relaysPerSecond: 3 } }).joined("bar");
    const flood = (): number => {
      for (let index = 0; index < 10; index += 1) rooms.receive(relay());
      return rooms.takeSent().length;
    };

    expect(flood()).toBe(3);
    rooms.advance(1_000);

    expect(flood()).toBe(3);
  });
});
