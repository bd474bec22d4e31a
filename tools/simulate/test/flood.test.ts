/**
 * Every limit holds: a member is flooded with valid messages about nothing, and then everything it
 * holds is counted. A collection without a limit here is one that must stay as small as it was.
 */
import { resolveSerfOptions, Serf } from "@x/serf";
import { SeededRandom } from "@x/simulator";
import { encodeMessage, encodeStream, type DatagramMessage } from "@x/swim/wire";
import { describe, expect, it } from "vitest";
import type { SerfMessage } from "../../../packages/serf/src/wire/message.ts";
import { encodeSerfMessage } from "../../../packages/serf/src/wire/message-codec.ts";
import { packetSettings } from "../../../packages/swim/test/support/packet-settings.ts";
import { census } from "../src/census.ts";

const MESSAGE_COUNT = 30_000;
/** Three messages a millisecond. */
const MESSAGES_A_MS = 3;

const LIMITS = {
  members: 200,
  inbound: 256,
  rumours: 300,
  lost: 16,
  streams: 32,
  relays: 24,
  served: 4,
  eventSlots: 64,
  querySlots: 64,
  queries: 128,
  answers: 16,
  intents: 100,
  queueDepth: 50,
  nodesAStream: 50,
  streamBytes: 256 * 1_024,
  eventBytes: 16 * 1_024,
} as const;

/** A record for each member, in tables with room to double. */
const BY_MEMBER = 4 * LIMITS.members + 64;
const BY_RUMOUR = LIMITS.rumours + 3 * LIMITS.queueDepth + 16;
/** What waits on streams that are still open, and in windows of recent events, a few bytes a field. */
const BY_ITEM = 8 * LIMITS.streams * LIMITS.nodesAStream;

/** Elements in each collection of a class, of all its instances together. */
const BOUNDS: Readonly<Record<string, number>> = {
  CoordinateExchange: BY_MEMBER,
  IntentBuffer: LIMITS.intents,
  LatencyFilter: BY_MEMBER,
  MemberRecordPool: BY_MEMBER,
  MemberRegistry: BY_MEMBER,
  MemberTable: BY_MEMBER,
  NameIndex: BY_MEMBER,
  ProbeOrder: BY_MEMBER,
  SpreadRing: BY_MEMBER,
  SuspicionTable: LIMITS.members,
  TransmitLimitedQueue: BY_RUMOUR,
  TransmitTier: BY_RUMOUR,
  TimerTable: LIMITS.members + LIMITS.streams + LIMITS.relays + 64,
  MsgpackScanner: 8 * LIMITS.streams,
  PushPullDraft: LIMITS.streams * LIMITS.nodesAStream,
  StreamBuffer: 2 * LIMITS.streamBytes,
  Object: BY_ITEM,
};
/** Of any other class. */
const SMALL = 64;

class Flood {
  readonly core: Serf;
  readonly #random = new SeededRandom(30);
  #nowMs = 1_000;
  #streamId = 0;

  constructor() {
    const random = new SeededRandom(1);
    this.core = new Serf(
      resolveSerfOptions({
        name: "self",
        eventBufferSlots: LIMITS.eventSlots,
        queryBufferSlots: LIMITS.querySlots,
        eventBufferBytesLimit: LIMITS.eventBytes,
        queryBufferLimit: LIMITS.queries,
        recentAnswerLimit: LIMITS.answers,
        intentNameLimit: LIMITS.intents,
        maxQueueDepth: LIMITS.queueDepth,
        swim: {
          advertiseEndpoint: { address: "10.0.0.1", port: 7_946 },
          memberLimit: LIMITS.members,
          inboundQueueLimit: LIMITS.inbound,
          broadcastQueueLimit: LIMITS.rumours,
          lostMemberLimit: LIMITS.lost,
          inboundStreamLimit: LIMITS.streams,
          inboundStreamPerSourceLimit: LIMITS.streams,
          inboundStreamBytesLimit: LIMITS.streamBytes,
          relayLimit: LIMITS.relays,
          pushPullServeLimit: LIMITS.served,
        },
      }),
      { random: random.toFunction(), fillRandom: (bytes) => random.fill(bytes) },
    );
    this.core.start(this.#nowMs);
  }

  pour(): void {
    for (let count = 0; count < MESSAGE_COUNT; count += 1) {
      const address = `10.1.${this.#random.below(256)}.${this.#random.below(256)}`;
      if (this.#random.chance(0.02)) this.#stream(address);
      else {
        const bytes = encodeMessage(this.#message());
        this.core.handleDatagram({ bytes, source: { address, port: 7_946 } }, this.#nowMs);
      }
      if (count % MESSAGES_A_MS === 0) this.#nowMs += 1;
      this.core.handleTimeout(this.#nowMs);
      this.core.takeDirectives();
    }
  }

  /** Somebody who exists among few, or nobody who ever did. */
  #name(): string {
    const isKnown = this.#random.chance(0.3);
    return isKnown ? `known-${this.#random.below(50)}` : `invented-${this.#random.uint32()}`;
  }

  #address(): Uint8Array {
    return Uint8Array.of(10, 2, this.#random.below(256), this.#random.below(256));
  }

  #message(): DatagramMessage {
    const random = this.#random;
    const node = this.#name();
    const incarnation = random.below(5);
    switch (random.below(9)) {
      case 0:
        return { kind: "suspect", node, incarnation, from: this.#name() };
      case 1:
        return { kind: "dead", node, incarnation, from: random.chance(0.5) ? node : this.#name() };
      case 2: {
        const sequenceNumber = random.uint32();
        const target = this.#address();
        return {
          kind: "indirect-ping",
          sequenceNumber,
          target,
          port: 7_946,
          node,
          wantsNack: true,
        };
      }
      case 3:
        return { kind: "ack", sequenceNumber: random.below(10_000), payload: new Uint8Array(30) };
      case 4:
      case 5:
        return {
          kind: "alive",
          node,
          incarnation,
          address: this.#address(),
          port: 7_946,
          meta: new Uint8Array(),
          versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
        };
      default:
        return { kind: "user", payload: encodeSerfMessage(this.#serfMessage()) };
    }
  }

  #serfMessage(): SerfMessage {
    const random = this.#random;
    const lamportTime = BigInt(1 + random.below(2_000));
    const name = this.#name();
    switch (random.below(6)) {
      case 0:
        return { kind: "join", lamportTime, node: name };
      case 1:
        return { kind: "leave", lamportTime, node: name, prune: random.chance(0.1) };
      case 2:
        return {
          kind: "query",
          lamportTime,
          id: random.uint32(),
          address: this.#address(),
          port: 7_946,
          sourceNode: name,
          filters: undefined,
          flags: 1,
          relayFactor: 3,
          timeoutNs: 60_000_000_000n,
          name,
          payload: undefined,
        };
      case 3:
        return {
          kind: "query-response",
          lamportTime,
          id: random.below(100),
          from: name,
          flags: 0,
          payload: new Uint8Array(20),
        };
      case 4: {
        const inner = encodeSerfMessage({ kind: "join", lamportTime, node: name });
        return {
          kind: "relay",
          address: this.#address(),
          port: 7_946,
          zone: "",
          node: name,
          inner,
        };
      }
      default:
        return {
          kind: "user-event",
          lamportTime,
          name,
          payload: new Uint8Array(50),
          coalesce: false,
        };
    }
  }

  /** Some end, most stay open and say only half of what they began to say. */
  #stream(address: string): void {
    const streamId = (this.#streamId += 1);
    const remote = { address, port: 40_000 };
    this.core.handleStream({ kind: "accepted", streamId, remote }, this.#nowMs);
    const nodes = Array.from({ length: LIMITS.nodesAStream }, () => ({
      name: this.#name(),
      address: this.#address(),
      port: 7_946,
      meta: new Uint8Array(),
      incarnation: this.#random.below(5),
      state: this.#random.below(4),
      versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
    }));
    const whole = encodeStream(
      { kind: "push-pull", isJoin: false, nodes, userState: new Uint8Array() },
      packetSettings(),
      { role: "dialler", compress: false },
    );
    const bytes = this.#random.chance(0.5) ? whole : whole.slice(0, whole.length >> 1);
    this.core.handleStream({ kind: "data", streamId, bytes }, this.#nowMs);
    if (!this.#random.chance(0.3)) return;
    this.core.handleStream({ kind: "ended", streamId }, this.#nowMs);
  }
}

describe("a flood of valid messages about nothing", () => {
  it("leaves no collection of a member beyond its limit, and reaches those there are", () => {
    const flood = new Flood();
    const before = census(flood.core);
    flood.pour();
    const after = census(flood.core);

    const beyond = [...after].filter(([field, size]) => {
      const [className = ""] = field.split(".");
      return size > Math.max(BOUNDS[className] ?? SMALL, before.get(field) ?? 0);
    });
    expect(beyond).toEqual([]);
    expect(after.size).toBeGreaterThan(50);
    expect(flood.core.swim.estimatedSize).toBe(LIMITS.members);
    expect(after.get("IntentBuffer.#intents")).toBe(LIMITS.intents);
    expect(after.get("StreamTable.#accepted")).toBe(LIMITS.streams);
    expect(after.get("AckTable.#waiting")).toBeGreaterThanOrEqual(LIMITS.relays);
  }, 300_000);
});
