/**
 * Push-pull: a header, one record for each member the sender knows, and the state of the layer
 * above.
 *
 * Source: wire specification §11.2, §13.
 */
import { WireError } from "./errors.ts";
import { MessageType, type PushPullMessage, type PushPullNode } from "./message.ts";
import { readVersions, sharedVersions, type Draft } from "./message-codec.ts";
import { checkPushPullNode } from "./message-rules.ts";
import { encodeKey, MsgpackFields } from "./msgpack-dialect.ts";
import type { MsgpackReader } from "./msgpack-reader.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import { copyOf, RecordLayout } from "./record-layout.ts";
import { decodeName } from "./utf8.ts";
import type { WireLimits } from "./wire-limits.ts";

const headerFields = new MsgpackFields(["Nodes", "UserStateLen", "Join"]);
const nodeFields = new MsgpackFields([
  "Name",
  "Addr",
  "Port",
  "Meta",
  "Incarnation",
  "State",
  "Vsn",
]);

const key = {
  addr: encodeKey("Addr"),
  incarnation: encodeKey("Incarnation"),
  join: encodeKey("Join"),
  meta: encodeKey("Meta"),
  name: encodeKey("Name"),
  nodes: encodeKey("Nodes"),
  port: encodeKey("Port"),
  state: encodeKey("State"),
  userStateLen: encodeKey("UserStateLen"),
  vsn: encodeKey("Vsn"),
} as const;

const nodeWriter = new MsgpackWriter();

const noBytes = new Uint8Array(0);

/**
 * Type byte, header, members and user state.
 *
 * Lengths and states are signed for the reference, and its codec has changed how it writes those;
 * both forms are read by all. The older, unsigned one is never longer.
 *
 * @returns bytes that never change, possibly a view into shared memory.
 */
export function encodePushPull(message: PushPullMessage, writer: MsgpackWriter): Uint8Array {
  const { encodedNodes, nodes, userState } = message;
  writer.reset();
  writer.writeByte(MessageType.pushPull);
  writer.writeMapHeader(3);
  writer.writeKey(key.join);
  writer.writeBoolean(message.isJoin);
  writer.writeKey(key.nodes);
  writer.writeUnsigned(nodes.length + (encodedNodes?.count ?? 0));
  writer.writeKey(key.userStateLen);
  writer.writeUnsigned(userState.length);
  for (const node of nodes) writeNode(node, writer);
  if (encodedNodes === undefined) {
    writer.writeBytes(userState);
    return writer.finish();
  }
  // A megabyte perhaps: into its own memory at once, instead of through a writer that grows.
  const head = writer.finish();
  const told = encodedNodes.bytes;
  const whole = new Uint8Array(head.length + told.length + userState.length);
  whole.set(head);
  whole.set(told, head.length);
  whole.set(userState, head.length + told.length);
  return whole;
}

/** One record as it stands in a push-pull, in memory of its own. */
export function encodeNode(node: PushPullNode): Uint8Array {
  nodeWriter.reset();
  writeNode(node, nodeWriter);
  return nodeWriter.finish().slice();
}

function writeNode(node: PushPullNode, writer: MsgpackWriter): void {
  if (node.port > 0xffff || node.incarnation > 0xffff_ffff) {
    throw new RangeError(`a member has a port of 16 bits and an incarnation of 32: ${node.name}`);
  }
  writer.writeMapHeader(7);
  writer.writeKey(key.addr);
  writeBytes(node.address, writer);
  writer.writeKey(key.incarnation);
  writer.writeUnsigned(node.incarnation);
  writer.writeKey(key.meta);
  writeBytes(node.meta, writer);
  writer.writeKey(key.name);
  writer.writeString(node.name);
  writer.writeKey(key.port);
  writer.writeUnsigned(node.port);
  writer.writeKey(key.state);
  writer.writeUnsigned(node.state);
  writer.writeKey(key.vsn);
  writeBytes(node.versions, writer);
}

function writeBytes(bytes: Uint8Array, writer: MsgpackWriter): void {
  writer.writeRaw(bytes.length === 0 ? undefined : bytes);
}

/** A member that need not be decoded: its owner knows it as it is, or somebody decoded it before. */
export type RecognisedNode = "known" | PushPullNode;

/** Which members of a push-pull need not be decoded. */
export interface KnownNodes {
  /**
   * Asked before anything of the next record is read.
   *
   * @returns how many bytes it has if it is one the owner expected here, else 0.
   */
  expect(bytes: Uint8Array, start: number, end: number): number;
  /** What the record is whose length `expect` has just told. */
  expected(isJoin: boolean): RecognisedNode;
  /**
   * @param layout - where the fields of a record are; good for this call only.
   * @returns nothing for one that is to be decoded.
   */
  recognise(layout: RecordLayout, isJoin: boolean): RecognisedNode | undefined;
}

/** There is one record at a time. */
const layout = new RecordLayout();

/** A push-pull while its records come in: first the header, then member after member. */
export class PushPullDraft {
  readonly #limits: WireLimits;
  readonly #known: KnownNodes | undefined;
  #knownCount = 0;
  readonly #nodes: PushPullNode[] = [];
  #hasHeader = false;
  #isJoin = false;
  /** Members announced that have not come yet. */
  #missingNodes = 0;
  #userStateBytes = 0;
  #usedBytes = 0;
  #rejectedNodeCount = 0;

  constructor(limits: WireLimits, known?: KnownNodes) {
    this.#limits = limits;
    this.#known = known;
  }

  /** Whether a record comes next: the header, or a member. Afterwards it is the user state. */
  get wantsRecord(): boolean {
    return !this.#hasHeader || this.#missingNodes > 0;
  }

  /** Whether the header has come, so that the next record is a member. */
  get hasHeader(): boolean {
    return this.#hasHeader;
  }

  /** How many bytes of user state the header announced. */
  get userStateBytes(): number {
    return this.#userStateBytes;
  }

  /** Members left out because what they claim is impossible. */
  get rejectedNodeCount(): number {
    return this.#rejectedNodeCount;
  }

  /** @throws {WireError} `too-large` if the records so far and `waitingBytes` more are above the limit. */
  checkSize(waitingBytes: number): void {
    if (this.#usedBytes + waitingBytes > this.#limits.pushPullBytes) {
      throw new WireError(
        "too-large",
        `a push-pull has more than ${this.#limits.pushPullBytes} bytes`,
      );
    }
  }

  /**
   * Takes the next member if it is there in full and written as members write it.
   *
   * @returns how many bytes it has; 0 where it must be scanned and decoded step by step.
   */
  readQuickly(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#hasHeader) return 0;
    const known = this.#known;
    const expectedBytes = known?.expect(bytes, start, end) ?? 0;
    if (known !== undefined && expectedBytes > 0) {
      this.#takeRecognised(known.expected(this.#isJoin));
      return this.#count(expectedBytes);
    }
    if (!layout.readNode(bytes, start, end)) return 0;
    const length = layout.end - start;
    if (length > this.#limits.recordBytes) return 0;
    this.#takeRecognised(known?.recognise(layout, this.#isJoin) ?? nodeOf(layout));
    return this.#count(length);
  }

  #takeRecognised(node: RecognisedNode): void {
    if (node === "known") this.#knownCount += 1;
    else this.#take(node);
  }

  /** One member more has come. */
  #count(length: number): number {
    this.#usedBytes += length;
    this.#missingNodes -= 1;
    return length;
  }

  /** @throws {WireError} for a header beyond the limits, or a record that cannot be decoded. */
  readRecord(reader: MsgpackReader, recordBytes: number): void {
    this.#usedBytes += recordBytes;
    if (this.#hasHeader) this.#readNode(reader);
    else this.#readHeader(reader);
  }

  /** The whole, once `wantsRecord` is over. */
  finish(userState: Uint8Array): PushPullMessage {
    const knownCount = this.#knownCount;
    const known = knownCount === 0 ? {} : { knownCount };
    return { kind: "push-pull", isJoin: this.#isJoin, nodes: this.#nodes, ...known, userState };
  }

  #readHeader(reader: MsgpackReader): void {
    reader.readRecord(headerFields, (index) => {
      if (index === 0) this.#missingNodes = reader.readUnsigned(Number.MAX_SAFE_INTEGER);
      else if (index === 1) this.#userStateBytes = reader.readUnsigned(Number.MAX_SAFE_INTEGER);
      else this.#isJoin = reader.readBoolean();
    });
    const { pushPullNodes, userStateBytes } = this.#limits;
    if (this.#missingNodes > pushPullNodes) {
      throw new WireError("too-many", `a push-pull has more than ${pushPullNodes} members`);
    }
    if (this.#userStateBytes > userStateBytes) {
      throw new WireError(
        "too-large",
        `a push-pull has more than ${userStateBytes} bytes of user state`,
      );
    }
    this.#hasHeader = true;
  }

  #readNode(reader: MsgpackReader): void {
    this.#missingNodes -= 1;
    this.#take(decodeNode(reader));
  }

  #take(node: PushPullNode): void {
    try {
      checkPushPullNode(node, this.#limits);
    } catch (error) {
      // One impossible member must not cost us what the sender knows of the others.
      if (!(error instanceof WireError)) throw error;
      this.#rejectedNodeCount += 1;
      return;
    }
    this.#nodes.push(node);
  }
}

/** The member `layout` lies over. */
function nodeOf(at: RecordLayout): PushPullNode {
  const { bytes } = at;
  return {
    name: decodeName(bytes, at.nameStart, at.nameEnd),
    address: copyOf(bytes, at.addressStart, at.addressEnd),
    port: at.port,
    meta: copyOf(bytes, at.metaStart, at.metaEnd),
    incarnation: at.incarnation,
    state: at.state,
    versions: sharedVersions(bytes, at.versionsStart, at.versionsEnd),
  };
}

function decodeNode(reader: MsgpackReader): PushPullNode {
  const draft: Draft<PushPullNode> = {
    name: "",
    address: noBytes,
    port: 0,
    meta: noBytes,
    incarnation: 0,
    state: 0,
    versions: noBytes,
  };
  reader.readRecord(nodeFields, (index) => {
    if (index === 0) draft.name = reader.readString();
    else if (index === 1) draft.address = reader.readRawCopy();
    else if (index === 2) draft.port = reader.readUnsigned(0xffff);
    else if (index === 3) draft.meta = reader.readRawCopy();
    else if (index === 4) draft.incarnation = reader.readUnsigned(0xffff_ffff);
    else if (index === 5) {
      draft.state = reader.readSigned(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    } else draft.versions = readVersions(reader);
  });
  return draft;
}
