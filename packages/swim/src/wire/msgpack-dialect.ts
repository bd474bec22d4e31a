/** Old ("raw") msgpack, as the reference writes it. Emits keys in the order called: ascending byte order is the caller's job. */
export class MsgpackWriter {
  /** Starts over, keeping the memory. */
  reset(): void {
    throw new Error();
  }
  get length(): number {
    return 0;
  }
  /** A copy of what was written since `reset`. */
  finish(): Uint8Array {
    throw new Error();
  }
  /** One byte, raw (a type byte). */
  writeByte(byte: number): void {
    throw new Error(String(byte));
  }
  /** Bytes without a header. */
  writeBytes(bytes: Uint8Array): void {
    throw new Error(String(bytes));
  }
  writeMapHeader(size: number): void {
    throw new Error(String(size));
  }
  writeArrayHeader(size: number): void {
    throw new Error(String(size));
  }
  /** A key precomputed by `encodeKey`. */
  writeKey(key: Uint8Array): void {
    throw new Error(String(key));
  }
  /** Byte string; `undefined` is nil. */
  writeRaw(bytes: Uint8Array | undefined): void {
    throw new Error(String(bytes));
  }
  writeString(text: string): void {
    throw new Error(text);
  }
  /** Integer 0 to 2^53 − 1. */
  writeUnsigned(value: number): void {
    throw new Error(String(value));
  }
  /** Integer 0 to 2^64 − 1. */
  writeUnsigned64(value: bigint): void {
    throw new Error(String(value));
  }
  /** Go's signed encoding: a safe integer or a bigint of 64 bits. */
  writeSigned(value: number | bigint): void {
    throw new Error(String(value));
  }
  writeBoolean(value: boolean): void {
    throw new Error(String(value));
  }
  writeFloat64(value: number): void {
    throw new Error(String(value));
  }
  writeNil(): void {
    throw new Error();
  }
}

/** A key with its msgpack header, ready for `writeKey`. */
export function encodeKey(name: string): Uint8Array {
  throw new Error(name);
}

/** The field names of a record: index = position in the reference's declaration order (array order). */
export class MsgpackFields {
  constructor(names: readonly string[]) {
    throw new Error(String(names));
  }
}

/** Reads everything the reference reads. Every method throws only `WireError`. */
export class MsgpackReader {
  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    throw new Error(`${start} ${end}`);
  }
  /** Where the next value starts. */
  get position(): number {
    return 0;
  }
  get remaining(): number {
    return 0;
  }
  /**
   * Reads a record: a map with string keys, or an array in declaration order, or nil.
   * Calls `readField(index)` for each known field whose value is not nil; it must read exactly one value.
   * Unknown ones are skipped; a key that comes twice is read twice (last wins).
   */
  readRecord(fields: MsgpackFields, readField: (index: number) => void): void {
    throw new Error(`${String(fields)} ${String(readField)}`);
  }
  /** Entry count of a map, or 0 for nil; bounded by the bytes that remain. */
  readMapHeader(): number {
    throw new Error();
  }
  /** Element count of an array, or 0 for nil; bounded by the bytes that remain. */
  readArrayHeader(): number {
    throw new Error();
  }
  /** Consumes a nil if one stands here. */
  takeNil(): boolean {
    throw new Error();
  }
  /** A view into the bytes (raw, str, bin), or new bytes from an array of small integers; nil is empty. */
  readRaw(): Uint8Array {
    throw new Error();
  }
  /** As `decodeName`, lossless. */
  readString(): string {
    throw new Error();
  }
  /** 0 to `max` (≤ 2^53 − 1). */
  readUnsigned(max: number): number {
    throw new Error(String(max));
  }
  readUnsigned64(): bigint {
    throw new Error();
  }
  /** min to max, both safe integers. */
  readSigned(min: number, max: number): number {
    throw new Error(`${min} ${max}`);
  }
  readSigned64(): bigint {
    throw new Error();
  }
  readBoolean(): boolean {
    throw new Error();
  }
  readFloat64(): number {
    throw new Error();
  }
  /** Skips one value of any kind, nested at most 32 deep. */
  skip(): void {
    throw new Error();
  }
}
