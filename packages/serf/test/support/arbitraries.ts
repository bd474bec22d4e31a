/** Random values of every shape the codecs know. */
import { decodeName } from "@x/swim/wire";
import fc from "fast-check";
import type { MemberRecord, SerfMessage } from "../../src/wire/message.ts";

export const lamportTime = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Bytes in a short-lived copy, as packets come. */
export const bytes = (maxLength = 64): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

/** Any name a stranger can send: any bytes at all. */
export const name = fc.oneof(
  fc.string({ maxLength: 40 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  fc.uint8Array({ maxLength: 40 }).map((raw) => decodeName(raw)),
);

const optionalBytes = fc.option(bytes(), { nil: undefined });
const uint8 = fc.integer({ min: 0, max: 0xff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

const mapOf = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Map<string, Value>> =>
  fc.array(fc.tuple(name, value), { maxLength: 20 }).map((entries) => new Map(entries));

const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const memberRecord: fc.Arbitrary<MemberRecord> = fc.record({
  name,
  address: optionalBytes,
  port: uint16,
  tags: optional(mapOf(name)),
  status: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  protocolMin: uint8,
  protocolMax: uint8,
  protocolCurrent: uint8,
  delegateMin: uint8,
  delegateMax: uint8,
  delegateCurrent: uint8,
});

const recentEvents = fc.record({
  lamportTime,
  events: optional(fc.array(fc.record({ name, payload: optionalBytes }), { maxLength: 5 })),
});

/** Any message but a relay, which holds one. */
export const simpleMessage: fc.Arbitrary<SerfMessage> = fc.oneof(
  fc.record({ kind: fc.constant("leave"), lamportTime, node: name, prune: fc.boolean() }),
  fc.record({ kind: fc.constant("join"), lamportTime, node: name }),
  fc.record({
    kind: fc.constant("push-pull"),
    lamportTime,
    statusTimes: optional(mapOf(lamportTime)),
    leftMembers: optional(fc.array(name, { maxLength: 20 })),
    eventLamportTime: lamportTime,
    events: optional(fc.array(optional(recentEvents), { maxLength: 20 })),
    queryLamportTime: lamportTime,
  }),
  fc.record({
    kind: fc.constant("user-event"),
    lamportTime,
    name,
    payload: optionalBytes,
    coalesce: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("query"),
    lamportTime,
    id: uint32,
    address: optionalBytes,
    port: uint16,
    sourceNode: name,
    filters: optional(fc.array(bytes(20), { maxLength: 20 })),
    flags: uint32,
    relayFactor: uint8,
    timeoutNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    name,
    payload: optionalBytes,
  }),
  fc.record({
    kind: fc.constant("query-response"),
    lamportTime,
    id: uint32,
    from: name,
    flags: uint32,
    payload: optionalBytes,
  }),
  fc.record({ kind: fc.constant("conflict-response"), member: optional(memberRecord) }),
  fc.record({ kind: fc.constant("key-request"), key: optionalBytes }),
  fc.record({
    kind: fc.constant("key-response"),
    result: fc.boolean(),
    message: name,
    keys: optional(fc.array(name, { maxLength: 20 })),
    primaryKey: name,
  }),
);
