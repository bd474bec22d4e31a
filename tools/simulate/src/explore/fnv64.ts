/**
 * A running hash of 64 bits, as two of 32 with different offsets: short names for long histories.
 *
 * Not cryptographic. Two of a million histories share a hash with a chance of one in forty million.
 *
 * Source: Fowler, Noll and Vo, FNV-1a.
 */
const PRIME = 0x0100_0193;
const VIEW = new DataView(new ArrayBuffer(8));

export class Fnv64 {
  #first = 0x811c_9dc5;
  #second = 0x9e37_79b9;

  addByte(byte: number): void {
    this.#first = Math.imul(this.#first ^ byte, PRIME);
    // Rotated, or both halves would collide together.
    this.#second = Math.imul(((this.#second << 5) | (this.#second >>> 27)) ^ byte, PRIME);
  }

  addBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.addByte(byte);
  }

  addText(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.addByte(text.charCodeAt(index) & 255);
    this.addByte(255);
  }

  addNumber(value: number): void {
    VIEW.setFloat64(0, value);
    for (let index = 0; index < 8; index += 1) this.addByte(VIEW.getUint8(index));
  }

  text(): string {
    return (this.#first >>> 0).toString(36) + (this.#second >>> 0).toString(36).padStart(7, "0");
  }
}
