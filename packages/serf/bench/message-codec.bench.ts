/** How many Serf messages per second does a member write and read? */
import { bench, describe } from "vitest";
import { decodeSerfMessage, encodeSerfMessage } from "../src/wire/message-codec.ts";
import type { SerfMessage } from "../src/wire/message.ts";

const payload = new Uint8Array(100).fill(0x61);
const messages: Readonly<Record<string, SerfMessage>> = {
  "a join intent": { kind: "join", lamportTime: 300n, node: "member-17" },
  "a user event of 100 bytes": {
    kind: "user-event",
    lamportTime: 300n,
    name: "deploy",
    payload,
    coalesce: true,
  },
  "a query of 100 bytes": {
    kind: "query",
    lamportTime: 300n,
    id: 0x1234_5678,
    address: new Uint8Array([127, 0, 0, 1]),
    port: 7946,
    sourceNode: "member-17",
    filters: undefined,
    flags: 1,
    relayFactor: 0,
    timeoutNs: 3_200_000_000n,
    name: "load",
    payload,
  },
  "a state of 10,000 members and 512 events": {
    kind: "push-pull",
    lamportTime: 20_000n,
    statusTimes: new Map(
      Array.from({ length: 10_000 }, (_, index) => [`member-${index}`, BigInt(index)]),
    ),
    leftMembers: [],
    eventLamportTime: 512n,
    events: Array.from({ length: 512 }, (_, index) => ({
      lamportTime: BigInt(index),
      events: [{ name: "deploy", payload }],
    })),
    queryLamportTime: 1n,
  },
};

describe.each(Object.entries(messages))("%s, times per second", (_name, message) => {
  const encoded = encodeSerfMessage(message);

  bench("written", () => {
    encodeSerfMessage(message);
  });
  bench("read", () => {
    decodeSerfMessage(encoded);
  });
});
