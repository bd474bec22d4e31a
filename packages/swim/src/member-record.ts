/**
 * What a member announced about itself, stored compactly and shared.
 *
 * A cluster of ten thousand simulated in one process holds a hundred million (observer, member)
 * pairs, and a real agent in such a cluster holds ten thousand records. So the description of a
 * member exists once per process that shares a pool, its bytes packed into one string (16 bytes of
 * overhead where two `Uint8Array`s cost some 400), and names are numbered so that each core's index
 * by name is a plain array of integers.
 *
 * Read next: `member-table.ts`.
 */
import type { Member, MemberState, ProtocolVersions } from "./member.ts";
import { hashName, NameIndex } from "./name-index.ts";
import type { Endpoint } from "./protocol-core.ts";
import { addressText, sameAddress, type AliveMessage, type PushPullNode } from "./wire/index.ts";
import { SharedEncodings } from "./shared-encodings.ts";
import { claimAddressAt, nodeAddressAt, type RecordLayout } from "./wire/record-layout.ts";

/** A member as a claim describes it. */
export interface MemberDescription {
  /** Raw IP, 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array;
  /** `[pmin, pmax, pcur, dmin, dmax, dcur]`. */
  readonly versions: Uint8Array;
}

const VERSION_COUNT = 6;
const NO_BYTES = new Uint8Array(0);

interface SharedVersions {
  readonly bytes: Uint8Array;
  readonly versions: ProtocolVersions;
}

/** A cluster speaks two or three combinations of versions: each is unpacked once. */
const SHARED_VERSIONS = new Map<string, SharedVersions>();
const SHARED_VERSIONS_LIMIT = 256;

/** An immutable description of one member, shared by all cores of one pool. */
export class MemberRecord {
  readonly key: NameKey;
  readonly port: number;
  /** Six version bytes, the length of the address, the address, the metadata: one char each. */
  readonly #packed: string;
  readonly #versions: SharedVersions;
  /** Whether several cores have it. */
  isShared = false;
  #endpoint: Endpoint | undefined;
  /** The picture handed out last: most observers agree on incarnation and state. */
  #picture: MemberPicture | undefined;

  constructor(key: NameKey, description: MemberDescription) {
    this.key = key;
    this.port = description.port;
    this.#packed =
      packBytes(sixVersions(description.versions)) +
      String.fromCharCode(description.address.length) +
      packBytes(description.address) +
      packBytes(description.meta);
    this.#versions = versionsOf(this.#packed);
  }

  get name(): string {
    return this.key.name;
  }

  get protocolMin(): number {
    return this.#packed.charCodeAt(0);
  }

  /** Decides what may be sent to it: TCP pings, nacks, checksums. */
  get protocolMax(): number {
    return this.#packed.charCodeAt(1);
  }

  get versions(): ProtocolVersions {
    return this.#versions.versions;
  }

  /** The six bytes. Shared: do not change them. */
  get versionBytes(): Uint8Array {
    return this.#versions.bytes;
  }

  /** A fresh copy of the raw IP as announced. */
  get address(): Uint8Array {
    return unpackBytes(this.#packed, VERSION_COUNT + 1, this.#metaStart);
  }

  /** A fresh copy of the metadata. */
  get meta(): Uint8Array {
    if (this.#packed.length === this.#metaStart) return NO_BYTES;
    return unpackBytes(this.#packed, this.#metaStart, this.#packed.length);
  }

  get endpoint(): Endpoint {
    this.#endpoint ??= Object.freeze({ address: addressText(this.address), port: this.port });
    return this.#endpoint;
  }

  /** Byte for byte. */
  equals(description: MemberDescription): boolean {
    return (
      this.port === description.port &&
      this.hasMeta(description.meta) &&
      this.hasVersions(description.versions) &&
      this.#metaStart === VERSION_COUNT + 1 + description.address.length &&
      hasBytesAt(this.#packed, VERSION_COUNT + 1, description.address)
    );
  }

  /** The same address, even if one of the two is IPv4-mapped. */
  hasAddress(address: Uint8Array): boolean {
    const length = this.#metaStart - VERSION_COUNT - 1;
    if (length === address.length) return hasBytesAt(this.#packed, VERSION_COUNT + 1, address);
    return sameAddress(this.address, address);
  }

  hasMeta(meta: Uint8Array): boolean {
    return (
      this.#packed.length === this.#metaStart + meta.length &&
      hasBytesAt(this.#packed, this.#metaStart, meta)
    );
  }

  hasVersions(versions: Uint8Array): boolean {
    return versions.length >= VERSION_COUNT && hasBytesAt(this.#packed, 0, versions, VERSION_COUNT);
  }

  /** Whether a record as it lies in a message names this address and port, and speaks these versions. */
  isDescribedBy(layout: RecordLayout): boolean {
    const { addressEnd, addressStart, bytes, versionsEnd, versionsStart } = layout;
    const length = addressEnd - addressStart;
    return (
      this.port === layout.port &&
      this.#packed.charCodeAt(VERSION_COUNT) === length &&
      versionsEnd - versionsStart >= VERSION_COUNT &&
      hasBytesAt(this.#packed, VERSION_COUNT + 1, bytes, length, addressStart) &&
      hasBytesAt(this.#packed, 0, bytes, VERSION_COUNT, versionsStart)
    );
  }

  /** As a push/pull tells it. */
  node(incarnation: number, state: number): PushPullNode {
    const { address, meta, name, port, versionBytes: versions } = this;
    return { name, address, port, meta, incarnation, state, versions };
  }

  /** The picture of this member at an incarnation and in a state. */
  picture(incarnation: number, state: MemberState): Member {
    const last = this.#picture;
    if (last !== undefined && last.incarnation === incarnation && last.state === state) return last;
    this.#picture = new MemberPicture(this, incarnation, state);
    return this.#picture;
  }

  get #metaStart(): number {
    return VERSION_COUNT + 1 + this.#packed.charCodeAt(VERSION_COUNT);
  }
}

/** A `Member` of three words: everything else is read from the shared record when asked for. */
class MemberPicture implements Member {
  readonly #record: MemberRecord;
  readonly incarnation: number;
  readonly state: MemberState;

  constructor(record: MemberRecord, incarnation: number, state: MemberState) {
    this.#record = record;
    this.incarnation = incarnation;
    this.state = state;
  }

  get name(): string {
    return this.#record.name;
  }
  get endpoint(): Endpoint {
    return this.#record.endpoint;
  }
  get addressBytes(): Uint8Array {
    return this.#record.address;
  }
  get meta(): Uint8Array {
    return this.#record.meta;
  }
  get versions(): ProtocolVersions {
    return this.#record.versions;
  }
}

/** A name with its number in one pool. */
export interface NameKey {
  readonly name: string;
  /** Small and dense: an index into arrays. Used again once nobody holds the name. */
  readonly number: number;
  /** The same for every member of a cluster, 0 to 2³² − 1. */
  readonly hash: number;
}

interface PooledName extends NameKey {
  /** How many tables hold it. */
  holderCount: number;
  latest: MemberRecord | undefined;
}

/** What is told of members, the same by all who tell it. */
export interface SharedByTables {
  /** In push-pulls. */
  readonly nodes: SharedEncodings<PushPullNode>;
  /** In rumours. */
  readonly claims: SharedEncodings<AliveMessage>;
}

/**
 * Numbers the names and shares the records of all cores it is given to.
 *
 * A name no table holds any more is forgotten, so invented names leave nothing behind.
 */
export class MemberRecordPool {
  readonly #names = new Map<string, PooledName>();
  readonly #index = new NameIndex<PooledName>();
  readonly #freeNumbers: number[] = [];
  readonly #shared: SharedByTables = {
    nodes: new SharedEncodings(nodeAddressAt),
    claims: new SharedEncodings(claimAddressAt),
  };
  #userCount = 0;
  /** For how many members tables make room at once. */
  readonly expectedMembers: number;

  /**
   * @param options.expectedMembers - how many there will be, about; 0: nobody knows. Room for that
   *   many is made once instead of little by little, which with thousands of tables counts.
   */
  constructor({ expectedMembers = 0 }: { readonly expectedMembers?: number } = {}) {
    this.expectedMembers = expectedMembers;
  }
  #numberCount = 0;

  /** One more table uses this pool. */
  addUser(): void {
    this.#userCount += 1;
  }

  /** What several tables tell alike; nothing as long as there is one. */
  get shared(): SharedByTables | undefined {
    return this.#userCount > 1 ? this.#shared : undefined;
  }

  /** How many names are held. */
  get size(): number {
    return this.#names.size;
  }

  find(name: string): NameKey | undefined {
    return this.#names.get(name);
  }

  /** As `find`, by a name as it stands in a message; only for plain ASCII. */
  findEncoded(bytes: Uint8Array, start: number, end: number): NameKey | undefined {
    return this.#index.find(bytes, start, end);
  }

  /** Holds a name; pair it with `release`. */
  hold(name: string): NameKey {
    let pooled = this.#names.get(name);
    if (pooled === undefined) {
      const number = this.#freeNumbers.pop() ?? this.#numberCount;
      if (number === this.#numberCount) this.#numberCount += 1;
      pooled = { name, number, hash: hashName(name), holderCount: 0, latest: undefined };
      this.#names.set(name, pooled);
      this.#index.add(pooled);
    }
    pooled.holderCount += 1;
    return pooled;
  }

  release(name: string): void {
    const pooled = this.#names.get(name);
    if (pooled === undefined) return;
    pooled.holderCount -= 1;
    if (pooled.holderCount > 0) return;
    this.#names.delete(name);
    this.#index.remove(pooled);
    this.#shared.nodes.drop(pooled.number);
    this.#shared.claims.drop(pooled.number);
    this.#freeNumbers.push(pooled.number);
  }

  /** The record of a held name with this description: the one others have, if they have it. */
  record(key: NameKey, description: MemberDescription): MemberRecord {
    const pooled = this.#names.get(key.name);
    const latest = pooled?.latest;
    if (latest !== undefined && latest.equals(description)) {
      latest.isShared = true;
      return latest;
    }
    const record = new MemberRecord(key, description);
    if (pooled !== undefined) pooled.latest = record;
    return record;
  }
}

function versionsOf(packed: string): SharedVersions {
  const key = packed.slice(0, VERSION_COUNT);
  const known = SHARED_VERSIONS.get(key);
  if (known !== undefined) return known;
  const bytes = unpackBytes(packed, 0, VERSION_COUNT);
  const [protocolMin = 0, protocolMax = 0, protocolCurrent = 0] = bytes;
  const [, , , delegateMin = 0, delegateMax = 0, delegateCurrent = 0] = bytes;
  const versions = Object.freeze({
    protocolMin,
    protocolMax,
    protocolCurrent,
    delegateMin,
    delegateMax,
    delegateCurrent,
  });
  // Only a forger invents more: start anew instead of growing.
  if (SHARED_VERSIONS.size >= SHARED_VERSIONS_LIMIT) SHARED_VERSIONS.clear();
  const shared = { bytes, versions };
  SHARED_VERSIONS.set(key, shared);
  return shared;
}

/** Missing ones read as 0, as in the reference. */
function sixVersions(versions: Uint8Array): Uint8Array {
  const six = new Uint8Array(VERSION_COUNT);
  six.set(versions.subarray(0, VERSION_COUNT));
  return six;
}

function packBytes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
}

function unpackBytes(packed: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = packed.charCodeAt(start + index);
  return bytes;
}

function hasBytesAt(
  packed: string,
  start: number,
  bytes: Uint8Array,
  length: number = bytes.length,
  from: number = 0,
): boolean {
  for (let index = 0; index < length; index += 1) {
    if (packed.charCodeAt(start + index) !== bytes[from + index]) return false;
  }
  return true;
}
