/**
 * The state two members exchange whole: the record behind the type byte 2.
 *
 * Everything in it may be large, so every list has a named limit that is checked against its
 * header, before any element is read.
 *
 * Source: Serf specification §3.3.
 */
import {
  encodeKey,
  MsgpackFields,
  MsgpackReader,
  WireError,
  type MsgpackWriter,
} from "@x/swim/wire";
import type { LamportTime } from "../serf-event.ts";
import type { PushPullStateMessage, RecentUserEvent, RecentUserEvents } from "./message.ts";
import { readOptionalBytes } from "./optional-bytes.ts";

/**
 * Most entries of the lists in a received state. The reference has no limits. Reading a state at
 * all the limits takes a fraction of a second; no real cluster comes near.
 */
export const pushPullStateLimits = {
  /** Entries of the status times, and of the left members. */
  memberCount: 262_144,
  /** Ring positions; the reference sends 512 unless told otherwise. */
  slotCount: 65_536,
  /** Events in all slots together. */
  eventCount: 262_144,
} as const;

const keyEventLamportTime = encodeKey("EventLTime");
const keyEvents = encodeKey("Events");
const keyLamportTime = encodeKey("LTime");
const keyLeftMembers = encodeKey("LeftMembers");
const keyName = encodeKey("Name");
const keyPayload = encodeKey("Payload");
const keyQueryLamportTime = encodeKey("QueryLTime");
const keyStatusLamportTimes = encodeKey("StatusLTimes");

const stateFields = new MsgpackFields([
  "LTime",
  "StatusLTimes",
  "LeftMembers",
  "EventLTime",
  "Events",
  "QueryLTime",
]);
const slotFields = new MsgpackFields(["LTime", "Events"]);
const eventFields = new MsgpackFields(["Name", "Payload"]);

/** Writes the record of a state. */
export function writePushPullState(writer: MsgpackWriter, message: PushPullStateMessage): void {
  writer.writeMapHeader(6);
  writer.writeKey(keyEventLamportTime);
  writer.writeUnsigned64(message.eventLamportTime);
  writer.writeKey(keyEvents);
  writeSlots(writer, message.events);
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(message.lamportTime);
  writer.writeKey(keyLeftMembers);
  writeList(writer, message.leftMembers, (name) => writer.writeString(name));
  writer.writeKey(keyQueryLamportTime);
  writer.writeUnsigned64(message.queryLamportTime);
  writer.writeKey(keyStatusLamportTimes);
  if (message.statusTimes === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeMapHeader(message.statusTimes.size);
  for (const [name, lamportTime] of message.statusTimes) {
    writer.writeString(name);
    writer.writeUnsigned64(lamportTime);
  }
}

/** A state whose status times are decoded when they are asked for. */
export interface UnreadPushPullState extends Omit<PushPullStateMessage, "statusTimes"> {
  readonly statusTimes: UnreadStatusTimes | undefined;
}

/** Reads the record of a state. @throws {WireError} and nothing else. */
export function readPushPullState(reader: MsgpackReader): PushPullStateMessage {
  return readState(reader, () => readStatusTimes(reader));
}

/**
 * As `readPushPullState`, but the status times, of which there is one for every member, are checked
 * and left as they are.
 *
 * @param bytes - the state; they must not change while its status times are used.
 * @param reader - of these bytes.
 * @throws {WireError} and nothing else.
 */
export function readPushPullStateLazily(
  bytes: Uint8Array,
  reader: MsgpackReader,
): UnreadPushPullState {
  return readState(reader, () => checkStatusTimes(bytes, reader));
}

function readState<StatusTimes>(
  reader: MsgpackReader,
  readTimes: () => StatusTimes | undefined,
): Omit<PushPullStateMessage, "statusTimes"> & { statusTimes: StatusTimes | undefined } {
  let lamportTime = 0n;
  let statusTimes: StatusTimes | undefined;
  let leftMembers: readonly string[] | undefined;
  let eventLamportTime = 0n;
  let events: readonly (RecentUserEvents | undefined)[] | undefined;
  let queryLamportTime = 0n;
  reader.readRecord(stateFields, (field) => {
    if (field === 0) lamportTime = reader.readUnsigned64();
    else if (field === 1) statusTimes = readTimes();
    else if (field === 2) leftMembers = readNames(reader);
    else if (field === 3) eventLamportTime = reader.readUnsigned64();
    else if (field === 4) events = readSlots(reader);
    else queryLamportTime = reader.readUnsigned64();
  });
  return {
    kind: "push-pull",
    lamportTime,
    statusTimes,
    leftMembers,
    eventLamportTime,
    events,
    queryLamportTime,
  };
}

/** Status times that stand in bytes already found good. A name may come twice. */
export class UnreadStatusTimes implements Iterable<readonly [name: string, time: LamportTime]> {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly size: number;

  constructor(bytes: Uint8Array, start: number, size: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.size = size;
  }

  *[Symbol.iterator](): Generator<readonly [name: string, time: LamportTime]> {
    const reader = new MsgpackReader(this.#bytes, this.#start);
    for (let index = 0; index < this.size; index += 1) {
      const name = reader.readString();
      yield [name, readTime(reader)];
    }
  }
}

function writeList<Item>(
  writer: MsgpackWriter,
  items: readonly Item[] | undefined,
  writeItem: (item: Item) => void,
): void {
  if (items === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeArrayHeader(items.length);
  for (const item of items) writeItem(item);
}

/** Nearly all of the many slots are empty, and those are written at a stretch. */
function writeSlots(
  writer: MsgpackWriter,
  slots: readonly (RecentUserEvents | undefined)[] | undefined,
): void {
  if (slots === undefined) {
    writer.writeNil();
    return;
  }
  writer.writeArrayHeader(slots.length);
  let emptyCount = 0;
  for (const slot of slots) {
    if (slot === undefined) {
      emptyCount += 1;
      continue;
    }
    writer.writeNils(emptyCount);
    emptyCount = 0;
    writeSlot(writer, slot);
  }
  writer.writeNils(emptyCount);
}

function writeSlot(writer: MsgpackWriter, slot: RecentUserEvents): void {
  writer.writeMapHeader(2);
  writer.writeKey(keyEvents);
  writeList(writer, slot.events, (event) => {
    writer.writeMapHeader(2);
    writer.writeKey(keyName);
    writer.writeString(event.name);
    writer.writeKey(keyPayload);
    writer.writeRaw(event.payload);
  });
  writer.writeKey(keyLamportTime);
  writer.writeUnsigned64(slot.lamportTime);
}

function readStatusTimes(reader: MsgpackReader): ReadonlyMap<string, LamportTime> | undefined {
  if (reader.takeNil()) return undefined;
  const count = statusTimeCount(reader);
  const statusTimes = new Map<string, LamportTime>();
  for (let index = 0; index < count; index++) {
    const name = reader.readString();
    statusTimes.set(name, readTime(reader));
  }
  return statusTimes;
}

function checkStatusTimes(bytes: Uint8Array, reader: MsgpackReader): UnreadStatusTimes | undefined {
  if (reader.takeNil()) return undefined;
  const count = statusTimeCount(reader);
  const start = reader.position;
  for (let index = 0; index < count; index++) {
    reader.skipString();
    readTime(reader);
  }
  return new UnreadStatusTimes(bytes, start, count);
}

function statusTimeCount(reader: MsgpackReader): number {
  return checkedCount(reader.readMapHeader(), pushPullStateLimits.memberCount, "members");
}

function readTime(reader: MsgpackReader): LamportTime {
  return reader.takeNil() ? 0n : reader.readUnsigned64();
}

function readNames(reader: MsgpackReader): readonly string[] | undefined {
  if (reader.takeNil()) return undefined;
  const limit = pushPullStateLimits.memberCount;
  const count = checkedCount(reader.readArrayHeader(), limit, "left members");
  return Array.from({ length: count }, () => reader.readString());
}

function readSlots(reader: MsgpackReader): readonly (RecentUserEvents | undefined)[] | undefined {
  if (reader.takeNil()) return undefined;
  const limit = pushPullStateLimits.slotCount;
  const count = checkedCount(reader.readArrayHeader(), limit, "event slots");
  const slots: (RecentUserEvents | undefined)[] = [];
  let eventsLeft: number = pushPullStateLimits.eventCount;
  while (slots.length < count) {
    const emptyCount = reader.takeNils(count - slots.length);
    for (let empty = 0; empty < emptyCount; empty += 1) slots.push(undefined);
    if (slots.length === count) break;
    const slot = readSlot(reader, eventsLeft);
    eventsLeft -= slot.events?.length ?? 0;
    slots.push(slot);
  }
  return slots;
}

function readSlot(reader: MsgpackReader, eventsLeft: number): RecentUserEvents {
  let lamportTime = 0n;
  let events: readonly RecentUserEvent[] | undefined;
  reader.readRecord(slotFields, (field) => {
    if (field === 0) {
      lamportTime = reader.readUnsigned64();
      return;
    }
    if (reader.takeNil()) return;
    const count = checkedCount(reader.readArrayHeader(), eventsLeft, "user events");
    events = Array.from({ length: count }, () => readEvent(reader));
  });
  return { lamportTime, events };
}

function readEvent(reader: MsgpackReader): RecentUserEvent {
  let name = "";
  let payload: Uint8Array | undefined;
  reader.readRecord(eventFields, (field) => {
    if (field === 0) name = reader.readString();
    else payload = readOptionalBytes(reader);
  });
  return { name, payload };
}

function checkedCount(count: number, limit: number, what: string): number {
  if (count > limit) throw new WireError("too-many", `${count} ${what}, at most ${limit}`);
  return count;
}
