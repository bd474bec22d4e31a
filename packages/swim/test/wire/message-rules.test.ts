import { describe, expect, it } from "vitest";
import type { AliveMessage, DatagramMessage, PushPullNode } from "../../src/wire/message.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/message-codec.ts";
import { checkPushPullNode } from "../../src/wire/message-rules.ts";
import { defaultWireLimits } from "../../src/wire/wire-limits.ts";

const alive: AliveMessage = {
  kind: "alive",
  incarnation: 1,
  node: "a",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: new Uint8Array(0),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
};

const node: PushPullNode = {
  name: "a",
  address: alive.address,
  port: 7946,
  meta: alive.meta,
  incarnation: 1,
  state: 0,
  versions: alive.versions,
};

/** What the receiver makes of a message: "taken", or the code it is refused with. */
function fate(message: DatagramMessage): string {
  return codeOf(() => decodeMessage(encodeMessage(message)));
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "taken";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const longName = "n".repeat(defaultWireLimits.nameBytes);

describe("well-formed messages (wire specification §13)", () => {
  it("have addresses members can have", () => {
    expect(fate(alive)).toBe("taken");
    expect(fate({ ...alive, address: new Uint8Array(16).fill(0x20) })).toBe("taken");
    for (const length of [0, 1, 5, 8, 15, 17]) {
      expect(fate({ ...alive, address: new Uint8Array(length).fill(10) })).toBe("invalid-field");
    }
    expect(fate({ ...alive, address: Uint8Array.of(0, 0, 0, 0) })).toBe("invalid-field");
    expect(fate({ ...alive, address: Uint8Array.of(224, 0, 0, 1) })).toBe("invalid-field");
    expect(fate({ ...alive, address: Uint8Array.of(255, 255, 255, 255) })).toBe("invalid-field");
  });

  it("ask for no packets to where no member can be", () => {
    const indirect = {
      kind: "indirect-ping",
      sequenceNumber: 1,
      port: 1,
      node: "b",
      wantsNack: true,
    } as const;
    const ping = { kind: "ping", sequenceNumber: 1, node: "b", sourcePort: 1 } as const;

    expect(fate({ ...indirect, target: Uint8Array.of(10, 0, 0, 1) })).toBe("taken");
    expect(fate({ ...indirect, target: Uint8Array.of(224, 0, 0, 1) })).toBe("invalid-field");
    expect(fate({ ...indirect, target: new Uint8Array(0) })).toBe("invalid-field");
    expect(fate({ ...ping, sourceAddress: Uint8Array.of(10, 0, 0, 1) })).toBe("taken");
    expect(fate(ping)).toBe("taken");
    // A wrong one is not believed, but the ping still has a sender who waits for its answer.
    expect(fate({ ...ping, sourceAddress: Uint8Array.of(255, 255, 255, 255) })).toBe("taken");
  });

  it("name the member they are about", () => {
    expect(fate({ ...alive, node: "" })).toBe("invalid-field");
    expect(fate({ kind: "suspect", incarnation: 1, node: "", from: "b" })).toBe("invalid-field");
    expect(fate({ kind: "dead", incarnation: 1, node: "", from: "b" })).toBe("invalid-field");
    expect(fate({ kind: "ping", sequenceNumber: 1, node: "" })).toBe("taken");
  });

  it("have names up to the limit, counted in bytes", () => {
    expect(fate({ ...alive, node: longName })).toBe("taken");
    expect(fate({ ...alive, node: `${longName}n` })).toBe("too-large");
    expect(fate({ ...alive, node: "é".repeat(defaultWireLimits.nameBytes / 2) })).toBe("taken");
    expect(fate({ ...alive, node: `${"é".repeat(defaultWireLimits.nameBytes / 2)}n` })).toBe(
      "too-large",
    );
    expect(fate({ kind: "suspect", incarnation: 1, node: "a", from: `${longName}n` })).toBe(
      "too-large",
    );
    expect(fate({ kind: "ping", sequenceNumber: 1, node: `${longName}n` })).toBe("too-large");
    expect(fate({ kind: "ping", sequenceNumber: 1, node: "a", sourceNode: `${longName}n` })).toBe(
      "too-large",
    );
  });

  it("have 512 bytes of metadata at most: more drops the message and never shortens it", () => {
    expect(fate({ ...alive, meta: new Uint8Array(512) })).toBe("taken");
    expect(fate({ ...alive, meta: new Uint8Array(513) })).toBe("too-large");
  });

  it("have no versions or six, of which the spoken one is understood", () => {
    expect(fate({ ...alive, versions: new Uint8Array(0) })).toBe("taken");
    expect(fate({ ...alive, versions: Uint8Array.of(1, 5, 2, 2, 5, 4, 9, 9) })).toBe("taken");
    for (const length of [1, 3, 5]) {
      expect(fate({ ...alive, versions: new Uint8Array(length).fill(1) })).toBe("invalid-field");
    }
    expect(fate({ ...alive, versions: Uint8Array.of(2, 5, 1, 0, 0, 0) })).toBe("invalid-field");
    expect(fate({ ...alive, versions: Uint8Array.of(1, 5, 6, 0, 0, 0) })).toBe("invalid-field");
  });

  it("claim life from incarnation 1 on", () => {
    expect(fate({ ...alive, incarnation: 0 })).toBe("invalid-field");
    expect(fate({ kind: "suspect", incarnation: 0, node: "a", from: "b" })).toBe("taken");
  });

  it("hold the same for the members of a push-pull, and one of four states", () => {
    const check = (changed: Partial<PushPullNode>): string =>
      codeOf(() => checkPushPullNode({ ...node, ...changed }, defaultWireLimits));

    expect(check({})).toBe("taken");
    expect(check({ state: 3, incarnation: 0 })).toBe("taken");
    expect(check({ state: 0, incarnation: 0 })).toBe("invalid-field");
    expect(check({ state: 4 })).toBe("invalid-field");
    expect(check({ state: -1 })).toBe("invalid-field");
    expect(check({ name: "" })).toBe("invalid-field");
    expect(check({ address: new Uint8Array(5) })).toBe("invalid-field");
    expect(check({ meta: new Uint8Array(513) })).toBe("too-large");
    expect(check({ versions: new Uint8Array(2) })).toBe("invalid-field");
  });
});

describe("encodeMessage", () => {
  it("refuses numbers their fields cannot hold, and encodes the next message all the same", () => {
    expect(() => encodeMessage({ kind: "nack", sequenceNumber: 2 ** 32 })).toThrow(RangeError);
    expect(() => encodeMessage({ kind: "nack", sequenceNumber: -1 })).toThrow(RangeError);
    expect(() => encodeMessage({ kind: "nack", sequenceNumber: 1.5 })).toThrow(RangeError);
    expect(() => encodeMessage({ ...alive, port: 65_536 })).toThrow(RangeError);
    expect(() => encodeMessage({ ...alive, incarnation: 2 ** 32 })).toThrow(RangeError);

    expect(decodeMessage(encodeMessage(alive))).toEqual(alive);
  });
});
