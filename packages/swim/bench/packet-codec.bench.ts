/**
 * How long does a member need for the messages it handles most?
 *
 * The reference's codec, in Go on a two-core virtual machine: alive is encoded in 2.3 µs (435,000
 * per second) and decoded in 2.8 µs (357,000 per second).
 *
 * What gained: writing straight into a slab and handing out views of it, keys compared as bytes
 * and guessed from the order they are written in, a small table of recent names.
 */
import { bench, describe } from "vitest";
import { decodeMessage, encodeMessage } from "../src/wire/message-codec.ts";
import type { DatagramMessage, PushPullNode } from "../src/wire/message.ts";
import { openPacket, sealPacket } from "../src/wire/packet.ts";
import { encodeStream, StreamReader } from "../src/wire/stream-frame.ts";
import { packetSettings } from "../test/support/packet-settings.ts";

const alive = {
  kind: "alive",
  incarnation: 12,
  node: "node-17.dc1.example",
  address: Uint8Array.of(10, 1, 2, 3),
  port: 7946,
  meta: new Uint8Array(64).fill(0x61),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
} as const;

const messages: readonly DatagramMessage[] = [
  alive,
  {
    kind: "ping",
    sequenceNumber: 70_000,
    node: "node-17.dc1.example",
    sourceAddress: Uint8Array.of(10, 1, 2, 4),
    sourcePort: 7946,
    sourceNode: "node-18.dc1.example",
  },
  { kind: "ack", sequenceNumber: 70_000, payload: new Uint8Array(0) },
  { kind: "suspect", incarnation: 12, node: "node-17.dc1.example", from: "node-18.dc1.example" },
];

for (const message of messages) {
  const encoded = encodeMessage(message);
  describe(`one ${message.kind} message`, () => {
    bench("encode", () => void encodeMessage(message));
    bench("decode", () => void decodeMessage(encoded));
  });
}

const settings = packetSettings();
const sink = {
  handleMessage: () => undefined,
  handleRejected: (error: Error) => {
    throw error;
  },
};
const parts = Array.from({ length: 8 }, (_, i) => encodeMessage({ ...alive, node: `node-${i}` }));

for (const compress of [false, true]) {
  const options = { compress, checksum: true };
  const packet = sealPacket(parts, settings, options);
  describe(`a gossip packet of 8 alive messages (${packet.length} bytes)${compress ? ", compressed" : ""}`, () => {
    bench("seal", () => void sealPacket(parts, settings, options));
    bench("open", () => openPacket(packet, settings, sink));
  });
}

const nodes = Array.from({ length: 10_000 }, (_, i): PushPullNode => ({
  ...alive,
  name: `node-${i}.dc1.example`,
  state: 0,
}));
const pushPull = { kind: "push-pull", isJoin: false, nodes, userState: new Uint8Array(0) } as const;

for (const compress of [false, true]) {
  const bytes = encodeStream(pushPull, settings, { role: "dialler", compress });
  describe(`a push-pull of 10,000 members (${bytes.length} bytes)${compress ? ", compressed" : ""}`, () => {
    bench("encode", () => void encodeStream(pushPull, settings, { role: "dialler", compress }));
    bench("decode", () => new StreamReader(settings, "acceptor").push(bytes));
    bench("unwrap and decode the first 1,000, as one slice", () =>
      new StreamReader(settings, "acceptor").push(bytes, 1000),
    );
  });
}
