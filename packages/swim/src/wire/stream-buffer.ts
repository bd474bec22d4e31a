/**
 * Bytes of a stream that have arrived and are not used up.
 *
 * Grows only by what arrives, never by what is announced; each byte is copied a bounded number of
 * times, however small the pieces are.
 */
export class StreamBuffer {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** The memory; only `start` to `end` is content. Changes with every `append`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the content begins. */
  get start(): number {
    return this.#start;
  }

  /** Behind the content. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of content. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The byte `offset` bytes into the content, if it is there. */
  at(offset: number): number | undefined {
    return offset < this.length ? this.#bytes[this.#start + offset] : undefined;
  }

  /** The first `count` bytes, which must be there. A view, good until the next `append`. */
  view(count: number): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#start + count);
  }

  /** Adds a copy of `bytes` behind the content. */
  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Makes `bytes` the content, without copying. They must not be changed afterwards. */
  replace(bytes: Uint8Array): void {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#start = 0;
    this.#end = bytes.length;
  }

  /** Uses up the first `count` bytes, which must be there. */
  discard(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  /** Moves the content to the front if at least half of the memory is free, else doubles it. */
  #makeRoom(count: number): void {
    const needed = this.length + count;
    const content = this.#bytes.subarray(this.#start, this.#end);
    const target =
      2 * needed <= this.#bytes.length ? this.#bytes : new Uint8Array(Math.max(256, 2 * needed));
    target.set(content);
    this.#bytes = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
