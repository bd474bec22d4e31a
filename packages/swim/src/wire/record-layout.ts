/**
 * Where the fields of a member's record lie, without taking them out.
 *
 * In a large cluster nearly everything a member is told about others it knows already: alive
 * messages heard again from many, and thousands of records in every push-pull. To see that, a record
 * need not be decoded. This looks at it in place, if it is written as members write it: all fields,
 * in the order of their names, in their short forms. Anything else is left to the decoder, which
 * takes all that the reference takes.
 *
 * Source: wire specification §9, §10.6, §11.2.
 */
import { encodeKey, nil, prefix } from "./msgpack-dialect.ts";

const key = {
  addr: encodeKey("Addr"),
  incarnation: encodeKey("Incarnation"),
  meta: encodeKey("Meta"),
  name: encodeKey("Name"),
  node: encodeKey("Node"),
  port: encodeKey("Port"),
  state: encodeKey("State"),
  vsn: encodeKey("Vsn"),
} as const;

const MAX_PORT = 0xffff;
const ALIVE_FIELDS = 6;
const NODE_FIELDS = 7;

/** Where the address stands in the record of a push-pull: behind the map's header, its key and its length. */
export const nodeAddressAt: number = 1 + key.addr.length + 1;
/** The same in a claim, which begins with its type. */
export const claimAddressAt: number = 1 + nodeAddressAt;

/** One record at a time: each reading overwrites the last. */
export class RecordLayout {
  bytes: Uint8Array = new Uint8Array(0);
  addressStart = 0;
  addressEnd = 0;
  metaStart = 0;
  metaEnd = 0;
  nameStart = 0;
  nameEnd = 0;
  versionsStart = 0;
  versionsEnd = 0;
  incarnation = 0;
  port = 0;
  /** Of a push-pull record. */
  state = 0;
  /** Behind the record. */
  end = 0;
  #at = 0;
  #limit = 0;
  #isGood = false;
  /** The string read last. */
  #start = 0;

  /** Looks at the body of an alive message. @returns whether it has the expected form. */
  readAlive(bytes: Uint8Array, start: number, end: number): boolean {
    this.#begin(bytes, start, end, ALIVE_FIELDS);
    this.#readDescription(key.node);
    this.#skipKey(key.vsn);
    this.#readVersions();
    return this.#isGood;
  }

  /** Looks at one member of a push-pull. @returns whether it is there in full, in the expected form. */
  readNode(bytes: Uint8Array, start: number, end: number): boolean {
    this.#begin(bytes, start, end, NODE_FIELDS);
    this.#readDescription(key.name);
    this.#skipKey(key.state);
    this.state = this.#readUnsigned();
    this.#skipKey(key.vsn);
    this.#readVersions();
    return this.#isGood;
  }

  #begin(bytes: Uint8Array, start: number, end: number, fieldCount: number): void {
    this.bytes = bytes;
    this.#at = start + 1;
    this.#limit = end;
    this.#isGood = start < end && bytes[start] === (prefix.fixmap | fieldCount);
  }

  #readDescription(nameKey: Uint8Array): void {
    this.#skipKey(key.addr);
    this.#readRaw();
    this.addressStart = this.#start;
    this.addressEnd = this.#at;
    this.#skipKey(key.incarnation);
    this.incarnation = this.#readUnsigned();
    this.#skipKey(key.meta);
    this.#readRaw();
    this.metaStart = this.#start;
    this.metaEnd = this.#at;
    this.#skipKey(nameKey);
    this.#readRaw();
    this.nameStart = this.#start;
    this.nameEnd = this.#at;
    this.#skipKey(key.port);
    this.port = this.#readUnsigned();
    if (this.port > MAX_PORT) this.#isGood = false;
  }

  #readVersions(): void {
    this.#readRaw();
    this.versionsStart = this.#start;
    this.versionsEnd = this.#at;
    this.end = this.#at;
    if (this.#at > this.#limit) this.#isGood = false;
  }

  #skipKey(name: Uint8Array): void {
    const { bytes } = this;
    const at = this.#at;
    for (let index = 0; index < name.length; index += 1) {
      if (bytes[at + index] !== name[index]) {
        this.#isGood = false;
        return;
      }
    }
    this.#at = at + name.length;
  }

  #readRaw(): void {
    const { bytes } = this;
    const at = this.#at;
    const first = bytes[at] ?? 0;
    let length = 0;
    let headerBytes = 1;
    if (first >= prefix.fixraw && first < prefix.fixraw + 32) {
      length = first - prefix.fixraw;
    } else if (first === prefix.raw16) {
      length = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      headerBytes = 3;
    } else if (first !== nil) {
      this.#isGood = false;
    }
    this.#start = at + headerBytes;
    this.#at = this.#start + length;
    if (this.#at > this.#limit) this.#isGood = false;
  }

  #readUnsigned(): number {
    const { bytes } = this;
    const at = this.#at;
    const first = bytes[at] ?? 0;
    let length = 1;
    let value = first;
    if (first === prefix.uint8) {
      length = 2;
      value = bytes[at + 1] ?? 0;
    } else if (first === prefix.uint16) {
      length = 3;
      value = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    } else if (first === prefix.uint32) {
      length = 5;
      const high = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      value = high * 0x1_0000 + (((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0));
    } else if (first >= 0x80) {
      this.#isGood = false;
    }
    this.#at = at + length;
    return value;
  }
}

const NO_BYTES = new Uint8Array(0);

/** A copy of a few bytes, whatever kind of array they stand in; absent ones share one. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (start === end) return NO_BYTES;
  const copy = new Uint8Array(end - start);
  for (let index = 0; index < copy.length; index += 1) copy[index] = bytes[start + index] ?? 0;
  return copy;
}
