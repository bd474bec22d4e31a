/**
 * Reads one complete MessagePack value, field by field, as its reader expects it: lenient where
 * the reference is (`bin` for text, `str` for bytes, any width of integer), strict where it is
 * (a float is no integer, a negative number is not unsigned).
 *
 * Source: RPC specification §2 (the column "we accept").
 */
import { RpcWireError } from "./wire-error.ts";

const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to here a loop over the bytes beats the decoder's call. */
const SHORT_TEXT = 32;

/** @returns `undefined` if the bytes are many, or not all ASCII. */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > SHORT_TEXT) return undefined;
  let text = "";
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** A list or a map whose items follow. */
export interface ContainerHead {
  readonly kind: "list" | "map";
  /** Items of a list, pairs of a map. */
  readonly count: number;
}

/** A cursor over one value; every method consumes what it returns. */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  #lazyView: DataView | undefined;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Most values have nothing that needs one. */
  get #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return (this.#lazyView ??= new DataView(buffer, byteOffset, byteLength));
  }

  /** Consumes a nil if one comes next. */
  takeNil(): boolean {
    if (this.#peek() !== 0xc0) return false;
    this.#at += 1;
    return true;
  }

  /** A bigint only where a number would lose digits. */
  readInteger(): number | bigint {
    const head = this.#take();
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    const at = this.#at;
    switch (head) {
      case 0xcc:
        return this.#advance(1) && this.#view.getUint8(at);
      case 0xcd:
        return this.#advance(2) && this.#view.getUint16(at);
      case 0xce:
        return this.#advance(4) && this.#view.getUint32(at);
      case 0xcf:
        return this.#advance(8) && narrow(this.#view.getBigUint64(at));
      case 0xd0:
        return this.#advance(1) && this.#view.getInt8(at);
      case 0xd1:
        return this.#advance(2) && this.#view.getInt16(at);
      case 0xd2:
        return this.#advance(4) && this.#view.getInt32(at);
      case 0xd3:
        return this.#advance(8) && narrow(this.#view.getBigInt64(at));
      default:
        throw wrongType("an integer", head);
    }
  }

  /** Either float, or an integer. */
  readFloat(): number {
    const head = this.#peek();
    const at = this.#at + 1;
    if (head === 0xca) return (this.#advance(5), this.#view.getFloat32(at));
    if (head === 0xcb) return (this.#advance(9), this.#view.getFloat64(at));
    return Number(this.readInteger());
  }

  /** `true`, `false`, or an integer that is 0 or 1. */
  readBoolean(): boolean {
    const head = this.#peek();
    if (head === 0xc2 || head === 0xc3) {
      this.#at += 1;
      return head === 0xc3;
    }
    const value = this.readInteger();
    if (value !== 0 && value !== 1)
      throw new RpcWireError("out-of-range", `${value} is no boolean`);
    return value === 1;
  }

  /**
   * `str` or `bin`.
   *
   * Deviation: bytes that are not UTF-8 become U+FFFD; a JavaScript string cannot carry them.
   */
  readText(): string {
    const span = this.#span(this.#take());
    return shortAscii(span) ?? textDecoder.decode(span);
  }

  /** `bin`, `str`, or a list of numbers below 256; a copy. */
  readBytes(): Uint8Array {
    const head = this.#peek();
    if (!isListHead(head)) {
      this.#at += 1;
      // Not `slice`, which for a Buffer is no copy.
      return new Uint8Array(this.#span(head));
    }
    const { count } = this.readContainer();
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) {
      const value = this.readInteger();
      if (typeof value === "bigint" || value < 0 || value > 0xff) {
        throw new RpcWireError("out-of-range", `${value} is no byte`);
      }
      bytes[index] = value;
    }
    return bytes;
  }

  /** @throws {RpcWireError} `wrong-type` if neither a list nor a map comes next. */
  readContainer(): ContainerHead {
    const head = this.#take();
    if (head >= 0x80 && head <= 0x8f) return this.#container("map", head & 0x0f);
    if (head >= 0x90 && head <= 0x9f) return this.#container("list", head & 0x0f);
    if (head === 0xdc || head === 0xde) {
      const at = this.#at;
      this.#advance(2);
      return this.#container(head === 0xdc ? "list" : "map", this.#view.getUint16(at));
    }
    if (head === 0xdd || head === 0xdf) {
      const at = this.#at;
      this.#advance(4);
      return this.#container(head === 0xdd ? "list" : "map", this.#view.getUint32(at));
    }
    throw wrongType("a list or a map", head);
  }

  /** Consumes a text and returns it, or skips a value of any other kind. */
  readKey(): string | undefined {
    const head = this.#peek();
    if (isSpanHead(head)) return this.readText();
    this.skip();
    return undefined;
  }

  /** Consumes the bytes given, encoded values themselves, if they come next. */
  takeExact(expected: Uint8Array): boolean {
    const at = this.#at;
    for (let index = 0; index < expected.length; index += 1) {
      if (this.#bytes[at + index] !== expected[index]) return false;
    }
    this.#at = at + expected.length;
    return true;
  }

  /** Consumes one value of any kind and depth. */
  skip(): void {
    let owed = 1;
    while (owed > 0) {
      owed -= 1;
      const head = this.#peek();
      if (isContainerHead(head)) {
        const { kind, count } = this.readContainer();
        owed += kind === "map" ? count * 2 : count;
      } else if (isSpanHead(head)) {
        this.#at += 1;
        this.#span(head);
      } else {
        this.#skipScalar(this.#take());
      }
    }
  }

  #skipScalar(head: number): void {
    if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) return;
    const fixed = scalarBytes.get(head);
    if (fixed !== undefined) {
      this.#advance(fixed);
      return;
    }
    if (head < 0xc7 || head > 0xc9) throw new RpcWireError("invalid-byte", invalidByte(head));
    this.#advance(this.#length(head, 0xc7) + 1);
  }

  #span(head: number): Uint8Array {
    let length: number;
    if (head >= 0xa0 && head <= 0xbf) length = head & 0x1f;
    else if (head >= 0xc4 && head <= 0xc6) length = this.#length(head, 0xc4);
    else if (head >= 0xd9 && head <= 0xdb) length = this.#length(head, 0xd9);
    else throw wrongType("text or bytes", head);
    const at = this.#at;
    this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The length after one of three heads in a row: 8, 16 or 32 bits wide. */
  #length(head: number, first: number): number {
    const at = this.#at;
    if (head === first) return (this.#advance(1), this.#view.getUint8(at));
    if (head === first + 1) return (this.#advance(2), this.#view.getUint16(at));
    return (this.#advance(4), this.#view.getUint32(at));
  }

  #container(kind: "list" | "map", count: number): ContainerHead {
    // Each item takes a byte at least: a larger claim is a lie, and nothing is allocated for it.
    if (count > this.#bytes.length - this.#at) throw truncated();
    return { kind, count };
  }

  #peek(): number {
    const head = this.#bytes[this.#at];
    if (head === undefined) throw truncated();
    return head;
  }

  #take(): number {
    const head = this.#peek();
    this.#at += 1;
    return head;
  }

  #advance(count: number): true {
    if (count > this.#bytes.length - this.#at) throw truncated();
    this.#at += count;
    return true;
  }
}

/** Bytes that follow the heads of fixed size: floats, integers, fixed extensions. */
const scalarBytes: ReadonlyMap<number, number> = new Map([
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
  [0xd4, 2],
  [0xd5, 3],
  [0xd6, 5],
  [0xd7, 9],
  [0xd8, 17],
]);

function isListHead(head: number): boolean {
  return (head >= 0x90 && head <= 0x9f) || head === 0xdc || head === 0xdd;
}

function isContainerHead(head: number): boolean {
  return (head >= 0x80 && head <= 0x9f) || (head >= 0xdc && head <= 0xdf);
}

function isSpanHead(head: number): boolean {
  return (
    (head >= 0xa0 && head <= 0xbf) ||
    (head >= 0xc4 && head <= 0xc6) ||
    (head >= 0xd9 && head <= 0xdb)
  );
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function truncated(): RpcWireError {
  return new RpcWireError("truncated", "the value ends early");
}

function wrongType(wanted: string, head: number): RpcWireError {
  return new RpcWireError("wrong-type", `expected ${wanted}, found 0x${head.toString(16)}`);
}

function invalidByte(head: number): string {
  return `0x${head.toString(16)} begins no value`;
}
