/**
 * Writes MessagePack values as the agent's RPC wants them: the smallest form of every integer,
 * `str` for text, `bin` for bytes, always the 64-bit float.
 *
 * Source: RPC specification §2 (the column "we emit").
 */

const INITIAL_BYTES = 128;
/** A larger buffer was for a rare value, such as the list of all members. */
const KEPT_BYTES_LIMIT = 64 * 1024;
/** Up to here a loop over the characters beats the encoder's call. */
const SHORT_TEXT = 32;
const textEncoder = new TextEncoder();

/** An append-only buffer with one method per kind of value. */
export class MsgpackWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** What was written so far; a copy, so that the writer may go on. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Forgets what was written. @returns whether the buffer is small enough to be kept for long. */
  reuse(): boolean {
    this.#length = 0;
    return this.#bytes.length <= KEPT_BYTES_LIMIT;
  }

  writeNil(): void {
    this.#byte(0xc0);
  }

  writeBoolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /**
   * @throws {RangeError} for a fraction, for a number beyond 2⁵³ (which may have lost its last
   *   digits: pass a bigint) and for a bigint outside −2⁶³ … 2⁶⁴−1.
   */
  writeInteger(value: number | bigint): void {
    if (typeof value === "bigint") {
      if (value > 0xffff_ffffn || value < -0x8000_0000n) this.#wide(value);
      else this.writeInteger(Number(value));
      return;
    }
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`${value} is no safe integer: pass a bigint`);
    }
    if (value >= 0) this.#unsigned(value);
    else this.#negative(value);
  }

  writeFloat(value: number): void {
    this.#byte(0xcb);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  writeText(text: string): void {
    if (text.length < SHORT_TEXT && this.#shortAscii(text)) return;
    const encoded = textEncoder.encode(text);
    const size = encoded.length;
    if (size < 32) this.#byte(0xa0 | size);
    else if (size < 0x100) this.#sized(0xd9, size, 1);
    else if (size < 0x1_0000) this.#sized(0xda, size, 2);
    else this.#sized(0xdb, size, 4);
    this.writeRaw(encoded);
  }

  writeBytes(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size < 0x100) this.#sized(0xc4, size, 1);
    else if (size < 0x1_0000) this.#sized(0xc5, size, 2);
    else this.#sized(0xc6, size, 4);
    this.writeRaw(bytes);
  }

  writeListHead(itemCount: number): void {
    if (itemCount < 16) this.#byte(0x90 | itemCount);
    else if (itemCount < 0x1_0000) this.#sized(0xdc, itemCount, 2);
    else this.#sized(0xdd, itemCount, 4);
  }

  writeMapHead(entryCount: number): void {
    if (entryCount < 16) this.#byte(0x80 | entryCount);
    else if (entryCount < 0x1_0000) this.#sized(0xde, entryCount, 2);
    else this.#sized(0xdf, entryCount, 4);
  }

  /** Appends bytes that are MessagePack already. */
  writeRaw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** @returns false, with nothing written, when there is a character beyond ASCII. */
  #shortAscii(text: string): boolean {
    const size = text.length;
    this.#reserve(1 + size);
    const start = this.#length + 1;
    for (let index = 0; index < size; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      this.#bytes[start + index] = unit;
    }
    this.#bytes[this.#length] = 0xa0 | size;
    this.#length = start + size;
    return true;
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value < 0x100) this.#sized(0xcc, value, 1);
    else if (value < 0x1_0000) this.#sized(0xcd, value, 2);
    else if (value < 0x1_0000_0000) this.#sized(0xce, value, 4);
    else this.#wide(BigInt(value));
  }

  #negative(value: number): void {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#sized(0xd0, value & 0xff, 1);
    else if (value >= -0x8000) this.#sized(0xd1, value & 0xffff, 2);
    else if (value >= -0x8000_0000) this.#sized(0xd2, value >>> 0, 4);
    else this.#wide(BigInt(value));
  }

  #wide(value: bigint): void {
    if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
      throw new RangeError(`${value} does not fit into 64 bits`);
    }
    this.#byte(value >= 0n ? 0xcf : 0xd3);
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value));
    this.#length += 8;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #sized(head: number, size: number, sizeBytes: 1 | 2 | 4): void {
    this.#byte(head);
    this.#reserve(sizeBytes);
    if (sizeBytes === 1) this.#view.setUint8(this.#length, size);
    else if (sizeBytes === 2) this.#view.setUint16(this.#length, size);
    else this.#view.setUint32(this.#length, size);
    this.#length += sizeBytes;
  }

  #reserve(extraBytes: number): void {
    const wanted = this.#length + extraBytes;
    if (wanted <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(wanted, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
