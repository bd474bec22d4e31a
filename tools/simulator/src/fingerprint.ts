/**
 * Short names for long bytes.
 *
 * The timeline names every packet it records. Hashing whole packets with SHA-256 would cost more
 * than the cores under test, so each is folded to 64 bits first; nobody is trying to collide.
 *
 * Source: two lanes of MurmurHash3's 32-bit mix (Austin Appleby), with different multipliers.
 */

/** The two halves of the fingerprint taken last; read them before taking another. */
export class Fingerprint {
  low = 0;
  high = 0;

  /** Takes the fingerprint of bytes. */
  ofBytes(bytes: Uint8Array): this {
    let low = bytes.length | 0;
    let high = ~bytes.length;
    const end = bytes.length & ~3;
    let index = 0;
    for (; index < end; index += 4) {
      const word =
        (bytes[index] as number) |
        ((bytes[index + 1] as number) << 8) |
        ((bytes[index + 2] as number) << 16) |
        ((bytes[index + 3] as number) << 24);
      low = Math.imul(low ^ word, 0xcc9e2d51);
      low = (low << 15) | (low >>> 17);
      high = Math.imul((high + word) | 0, 0x1b873593);
      high = (high << 13) | (high >>> 19);
    }
    for (; index < bytes.length; index += 1) {
      low = Math.imul(low ^ (bytes[index] as number), 0x01000193);
      high = Math.imul((high + (bytes[index] as number)) | 0, 0x85ebca6b);
    }
    return this.#set(low, high);
  }

  /** Takes the fingerprint of a text. */
  ofText(text: string): this {
    let low = text.length | 0;
    let high = ~text.length;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul((high + unit) | 0, 0x85ebca6b);
      high = (high << 13) | (high >>> 19);
    }
    return this.#set(low, high);
  }

  /** Forgets what was taken: nothing has this fingerprint. */
  clear(): this {
    this.low = 0;
    this.high = 0;
    return this;
  }

  #set(low: number, high: number): this {
    this.low = finished(low ^ high);
    this.high = finished((high + Math.imul(low, 5)) | 0);
    return this;
  }
}

function finished(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
