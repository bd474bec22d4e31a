/**
 * Cuts a byte stream into MessagePack values.
 *
 * The protocol has no length prefix: a message ends where its value ends. This finds that end,
 * whatever the segment borders, looking at every byte once and holding no more than one value
 * and one segment. It knows shapes, not meanings; `record-codec.ts` reads what it hands out.
 *
 * Source: RPC specification §1 (framing) and §15 (limits).
 */
import { RpcWireError } from "./wire-error.ts";

/** What one value may cost. */
export interface FrameLimits {
  /** Bytes of one value. */
  readonly valueBytesLimit: number;
  /** Lists and maps within each other. */
  readonly depthLimit: number;
}

/** What a server takes from a client: 1 MiB a value, 16 deep. Source: RPC specification §15. */
export const requestLimits: FrameLimits = { valueBytesLimit: 1 << 20, depthLimit: 16 };

/**
 * What a client takes from a server: 64 MiB a value, since the list of all members of a large
 * cluster is one value, and 16 deep.
 */
export const responseLimits: FrameLimits = { valueBytesLimit: 64 << 20, depthLimit: 16 };

const INITIAL_BYTES = 256;

/** Collects segments and hands out complete values. */
export class FrameSplitter {
  readonly #limits: FrameLimits;
  #buffer = new Uint8Array(INITIAL_BYTES);
  /** Where the current value begins, how far it is understood, where the known bytes end. */
  #start = 0;
  #scan = 0;
  #end = 0;
  /** Bytes of a text, byte string or number still to be passed over. */
  #passBytes = 0;
  /** Items still to come, for every list and map that is open. */
  readonly #open: number[] = [];

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Bytes held. At most one value and the last segment, if values are taken after every push. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Whether a value has begun that is not complete. Meaningful once `next` returned undefined. */
  get isMidValue(): boolean {
    return this.#end > this.#start;
  }

  push(segment: Uint8Array): void {
    this.#makeRoom(segment.length);
    this.#buffer.set(segment, this.#end);
    this.#end += segment.length;
  }

  /**
   * @returns the bytes of the next complete value, valid until the next `push`; `undefined` when
   *   more bytes are needed.
   * @throws {RpcWireError} `too-large`, `too-deep` or `invalid-byte`, as soon as it is known; the
   *   stream cannot be followed any further.
   */
  next(): Uint8Array | undefined {
    for (;;) {
      if (this.#passBytes > 0) {
        const step = Math.min(this.#passBytes, this.#end - this.#scan);
        this.#scan += step;
        this.#passBytes -= step;
        if (this.#passBytes > 0) return undefined;
        if (this.#closeItem()) return this.#takeValue();
      }
      const head = this.#buffer[this.#scan];
      if (this.#scan >= this.#end || head === undefined) return undefined;
      const prefixBytes = lengthPrefixBytes(head);
      if (this.#end - this.#scan < 1 + prefixBytes) return undefined;
      if (this.#openItem(head, prefixBytes)) return this.#takeValue();
    }
  }

  /** Takes in the head of an item. Returns whether it completed the value. */
  #openItem(head: number, prefixBytes: number): boolean {
    const claimed = this.#readPrefix(prefixBytes);
    const { bodyBytes, itemCount } = itemShape(head, claimed);
    this.#scan += 1 + prefixBytes;
    const knownBytes = this.#scan - this.#start + bodyBytes + itemCount;
    if (knownBytes > this.#limits.valueBytesLimit) {
      throw new RpcWireError(
        "too-large",
        `a value of ${knownBytes} bytes or more exceeds ${this.#limits.valueBytesLimit}`,
      );
    }
    if (itemCount > 0) {
      if (this.#open.length >= this.#limits.depthLimit) {
        throw new RpcWireError("too-deep", `a value deeper than ${this.#limits.depthLimit}`);
      }
      this.#open.push(itemCount);
      return false;
    }
    this.#passBytes = bodyBytes;
    return bodyBytes === 0 && this.#closeItem();
  }

  #closeItem(): boolean {
    for (let depth = this.#open.length - 1; depth >= 0; depth -= 1) {
      const left = (this.#open[depth] ?? 0) - 1;
      this.#open[depth] = left;
      if (left > 0) return false;
      this.#open.pop();
    }
    return true;
  }

  #takeValue(): Uint8Array {
    const value = this.#buffer.subarray(this.#start, this.#scan);
    this.#start = this.#scan;
    return value;
  }

  #readPrefix(prefixBytes: number): number {
    let claimed = 0;
    for (let offset = 1; offset <= prefixBytes; offset += 1) {
      claimed = claimed * 0x100 + (this.#buffer[this.#scan + offset] ?? 0);
    }
    return claimed;
  }

  #makeRoom(extraBytes: number): void {
    if (this.#end + extraBytes <= this.#buffer.length) return;
    const held = this.bufferedBytes;
    const wanted = held + extraBytes;
    // Twice what is needed keeps the copying linear; a value that was large once is not kept room for.
    const target = new Uint8Array(Math.max(INITIAL_BYTES, wanted * 2));
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#scan -= this.#start;
    this.#start = 0;
    this.#end = held;
  }
}

/** How many bytes of length or count follow the head. */
function lengthPrefixBytes(head: number): 0 | 1 | 2 | 4 {
  switch (head) {
    case 0xc4:
    case 0xc7:
    case 0xd9:
      return 1;
    case 0xc5:
    case 0xc8:
    case 0xda:
    case 0xdc:
    case 0xde:
      return 2;
    case 0xc6:
    case 0xc9:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 4;
    default:
      return 0;
  }
}

interface ItemShape {
  readonly bodyBytes: number;
  readonly itemCount: number;
}

/** Bytes from 0xca to 0xd8: floats, integers, extensions of fixed size with their type byte. */
const fixedBodyBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

function itemShape(head: number, claimed: number): ItemShape {
  if (head < 0x80 || head >= 0xe0) return { bodyBytes: 0, itemCount: 0 };
  if (head < 0x90) return { bodyBytes: 0, itemCount: (head & 0x0f) * 2 };
  if (head < 0xa0) return { bodyBytes: 0, itemCount: head & 0x0f };
  if (head < 0xc0) return { bodyBytes: head & 0x1f, itemCount: 0 };
  if (head === 0xc1) throw new RpcWireError("invalid-byte", "0xc1 begins no value");
  if (head < 0xc4) return { bodyBytes: 0, itemCount: 0 };
  if (head < 0xc7) return { bodyBytes: claimed, itemCount: 0 };
  if (head < 0xca) return { bodyBytes: claimed + 1, itemCount: 0 };
  if (head < 0xd9) return { bodyBytes: fixedBodyBytes[head - 0xca] ?? 0, itemCount: 0 };
  if (head < 0xdc) return { bodyBytes: claimed, itemCount: 0 };
  return { bodyBytes: 0, itemCount: head < 0xde ? claimed : claimed * 2 };
}

/**
 * One piece of memory for several frames.
 *
 * Not `Buffer.concat`, whose pooled memory would stay as long as the slowest client's share.
 */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  const [first] = frames;
  if (first !== undefined && frames.length === 1) return first;
  const joined = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    joined.set(frame, at);
    at += frame.length;
  }
  return joined;
}
