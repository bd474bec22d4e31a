/** Well-formed messages of every kind, for laws. */
import fc from "fast-check";
import type {
  AckMessage,
  AliveMessage,
  DatagramMessage,
  DeadMessage,
  IndirectPingMessage,
  NackMessage,
  PingMessage,
  PushPullMessage,
  PushPullNode,
  StreamMessage,
  SuspectMessage,
  UserMessage,
} from "../../src/wire/message.ts";
import { isMemberAddress } from "../../src/wire/ip.ts";
import { decodeName } from "../../src/wire/utf8.ts";

export const uint16: fc.Arbitrary<number> = fc.oneof(fc.nat(0xffff), fc.nat(300));
export const uint32: fc.Arbitrary<number> = fc.oneof(fc.nat(0xffff_ffff), fc.nat(70_000));
/** From raw bytes, so that names are valid text sometimes only. */
export const name: fc.Arbitrary<string> = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40 }),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => decodeName(bytes)),
);
export const address: fc.Arbitrary<Uint8Array> = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  )
  .filter(isMemberAddress);
const bytes = fc.uint8Array({ maxLength: 200 });
const meta = fc.uint8Array({ maxLength: 512, size: "max" });
const versions = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc
    .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.uint8Array({ minLength: 3, maxLength: 3 }))
    .map(([a, b, c, rest]) => {
      const [min = 0, current = 0, max = 0] = [a, b, c].sort((x, y) => x - y);
      return Uint8Array.of(min, max, current, ...rest);
    }),
);

const source = fc.record(
  {
    sourceAddress: address,
    sourcePort: fc.integer({ min: 1, max: 0xffff }),
    sourceNode: name,
  },
  { requiredKeys: [] },
);

export const ping: fc.Arbitrary<PingMessage> = fc
  .tuple(
    fc.record({ kind: fc.constant("ping" as const), sequenceNumber: uint32, node: name }),
    source,
  )
  .map(([message, fields]) => ({ ...message, ...fields }));

const indirectPing: fc.Arbitrary<IndirectPingMessage> = fc
  .tuple(
    fc.record({
      kind: fc.constant("indirect-ping" as const),
      sequenceNumber: uint32,
      target: address,
      port: uint16,
      node: name,
      wantsNack: fc.boolean(),
    }),
    source,
  )
  .map(([message, fields]) => ({ ...message, ...fields }));

const ack: fc.Arbitrary<AckMessage> = fc.record({
  kind: fc.constant("ack" as const),
  sequenceNumber: uint32,
  payload: bytes,
});

const nack: fc.Arbitrary<NackMessage> = fc.record({
  kind: fc.constant("nack" as const),
  sequenceNumber: uint32,
});

const claim = { incarnation: uint32, node: name, from: name };
const suspect: fc.Arbitrary<SuspectMessage> = fc.record({
  kind: fc.constant("suspect" as const),
  ...claim,
});
const dead: fc.Arbitrary<DeadMessage> = fc.record({ kind: fc.constant("dead" as const), ...claim });

export const alive: fc.Arbitrary<AliveMessage> = fc.record({
  kind: fc.constant("alive" as const),
  incarnation: uint32.filter((incarnation) => incarnation > 0),
  node: name,
  address,
  port: uint16,
  meta,
  versions,
});

const user: fc.Arbitrary<UserMessage> = fc.record({
  kind: fc.constant("user" as const),
  payload: bytes,
});

export const datagramMessage: fc.Arbitrary<DatagramMessage> = fc.oneof(
  ping,
  indirectPing,
  ack,
  nack,
  suspect,
  dead,
  alive,
  user,
);

const pushPullNode: fc.Arbitrary<PushPullNode> = fc.record({
  name,
  address,
  port: uint16,
  meta,
  incarnation: uint32.filter((incarnation) => incarnation > 0),
  state: fc.nat(3),
  versions,
});

export const pushPull: fc.Arbitrary<PushPullMessage> = fc.record({
  kind: fc.constant("push-pull" as const),
  isJoin: fc.boolean(),
  nodes: fc.array(pushPullNode, { maxLength: 8 }),
  userState: bytes,
});

/** What a dialler may send. */
export const request: fc.Arbitrary<StreamMessage> = fc.oneof(ping, pushPull, user);
/** What an acceptor may answer. */
export const reply: fc.Arbitrary<StreamMessage> = fc.oneof(
  ack,
  pushPull,
  fc.record({ kind: fc.constant("error" as const), error: fc.string({ maxLength: 100 }) }),
);
