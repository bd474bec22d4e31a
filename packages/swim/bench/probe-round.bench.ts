/** What does a member spend per ping answered, per idle second, and per known entry merged? */
import { bench, describe } from "vitest";
import { resolveSwimOptions, Swim, type SwimOptionsInput } from "@x/swim";
import {
  addressBytes,
  encodeMessage,
  encodeStream,
  sealPacket,
  type PushPullNode,
} from "@x/swim/wire";
import { packetSettings } from "../test/support/packet-settings.ts";
import { seededRandom } from "../test/support/cluster.ts";

const settings = packetSettings();
const source = { address: "10.0.0.2", port: 7_946 };
const MEMBER_COUNT = 10_000;

function start(input: Partial<SwimOptionsInput> = {}): Swim {
  const advertiseEndpoint = { address: "10.0.0.1", port: 7_946 };
  const options = resolveSwimOptions({ name: "self", advertiseEndpoint, ...input });
  const environment = { random: seededRandom(1), fillRandom: (bytes: Uint8Array) => bytes.fill(1) };
  const swim = new Swim(options, environment);
  swim.start(0);
  return swim;
}

function entry(number: number): PushPullNode {
  return {
    name: `member-${number}`,
    address: addressBytes(`10.1.${number >> 8}.${number & 255}`),
    port: 7_946,
    meta: new Uint8Array(60),
    incarnation: 1,
    state: 0,
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
  };
}

/** Receives a whole state on a stream of its own. */
let lastStreamId = 0;
function receiveState(swim: Swim, bytes: Uint8Array, nowMs: number): void {
  const streamId = (lastStreamId += 2);
  swim.handleStream({ kind: "accepted", streamId, remote: source }, nowMs);
  swim.handleStream({ kind: "data", streamId, bytes }, nowMs);
  while (swim.nextDeadlineMs() <= nowMs) swim.handleTimeout(nowMs);
  swim.takeDirectives();
}

function stateOf(count: number): Uint8Array {
  const nodes = Array.from({ length: count }, (_, number) => entry(number));
  const message = {
    kind: "push-pull",
    isJoin: false,
    nodes,
    userState: new Uint8Array(0),
  } as const;
  return encodeStream(message, settings, { role: "dialler", compress: false });
}

describe("one ping answered", () => {
  const swim = start();
  const ping = encodeMessage({ kind: "ping", sequenceNumber: 5, node: "self" });
  const bytes = sealPacket([ping], settings, { compress: false, checksum: false });
  bench("ping to ack", () => {
    swim.handleDatagram({ bytes, source }, 1);
    swim.takeDirectives();
  });
});

describe("one second of a member that knows 10,000, with nothing new", () => {
  const swim = start({ broadcastQueueLimit: 16 });
  receiveState(swim, stateOf(MEMBER_COUNT), 0);
  let nowMs = 0;
  bench("1 s of timers", () => {
    nowMs += 1_000;
    while (swim.nextDeadlineMs() <= nowMs) swim.handleTimeout(swim.nextDeadlineMs());
    swim.takeDirectives();
  });
});

describe("a state of 10,000 members, all known: read, checked, answered and merged", () => {
  const swim = start();
  const bytes = stateOf(MEMBER_COUNT);
  receiveState(swim, bytes, 0);
  bench("push/pull of 10,000", () => receiveState(swim, bytes, 0));
});
