/**
 * The memory of a stream while its one message comes in.
 *
 * That of large ones is used again: an exchange with ten thousand members needs a megabyte, and all
 * of them together would keep the garbage collector busy.
 */
const NO_BYTES = new Uint8Array(0);
/** Less is not worth being kept. */
const LEAST_SPARE_BYTES = 16 * 1024;
/** What is kept altogether: two of the largest exchanges that are usual. */
export const SPARE_LIMIT_BYTES: number = 4 * 1024 * 1024;

/** Memory of streams that are over, for those to come. */
const spares: Uint8Array[] = [];

/** Bytes kept for streams to come. */
export function spareBytes(): number {
  return spares.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Bytes of a stream that have arrived and are not used up.
 *
 * Grows only by what arrives, never by what is announced; each byte is copied a bounded number of
 * times, however small the pieces are.
 */
export class StreamBuffer {
  #bytes: Uint8Array = NO_BYTES;
  /** Whether the memory is ours alone. */
  #isOwn = false;
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

  /** The first `count` bytes, which must be there. A view, good until the next `append` or `release`. */
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
    if (bytes.buffer !== this.#bytes.buffer) this.release();
    this.#isOwn = false;
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

  /** Forgets the content; all views end. */
  release(): void {
    if (this.#isOwn) keepSpare(this.#bytes);
    this.#isOwn = false;
    this.#bytes = NO_BYTES;
    this.#start = 0;
    this.#end = 0;
  }

  /** Moves the content to the front if at least half of the memory is free, else doubles it. */
  #makeRoom(count: number): void {
    const needed = this.length + count;
    const content = this.#bytes.subarray(this.#start, this.#end);
    const isRoomy = this.#isOwn && 2 * needed <= this.#bytes.length;
    const target = isRoomy ? this.#bytes : memoryOf(Math.max(256, 2 * needed));
    target.set(content);
    if (this.#isOwn && !isRoomy) keepSpare(this.#bytes);
    this.#isOwn = true;
    this.#bytes = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** Memory of at least so many bytes, whatever is in it. */
function memoryOf(bytes: number): Uint8Array {
  if (bytes < LEAST_SPARE_BYTES) return new Uint8Array(bytes);
  const index = spares.findIndex(({ length }) => length >= bytes);
  const [spare] = index < 0 ? [] : spares.splice(index, 1);
  return spare ?? new Uint8Array(bytes);
}

/** The larger ones are worth more. */
function keepSpare(bytes: Uint8Array): void {
  if (bytes.length < LEAST_SPARE_BYTES || bytes.length > SPARE_LIMIT_BYTES) return;
  spares.push(bytes);
  spares.sort((first, second) => first.length - second.length);
  while (spareBytes() > SPARE_LIMIT_BYTES) spares.shift();
}
