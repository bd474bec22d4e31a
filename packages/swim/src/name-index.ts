/**
 * Finds a name's number by its encoded bytes, without making a string of them.
 *
 * Nearly everything a member hears in a large cluster is about names it knows. Chains of numbers in
 * two typed arrays, by the names' hashes; walks are short whatever names strangers choose.
 */

const NONE = -1;
const FIRST_CAPACITY = 16;
/** Longer chains are the work of somebody who chose the names: the slow way is found instead. */
const WALK_LIMIT = 16;
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/** FNV-1a of the characters: quick, and the same for everybody. @returns 0 to 2³² − 1. */
export function hashName(name: string): number {
  let hash = HASH_START;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), HASH_FACTOR);
  }
  return hash >>> 0;
}

/** A name as the index knows it. */
export interface IndexedName {
  readonly name: string;
  /** Small and dense. */
  readonly number: number;
  readonly hash: number;
}

/** Names by their bytes. */
export class NameIndex<Name extends IndexedName> {
  readonly #names: (Name | undefined)[] = [];
  #heads = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #nexts = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #size = 0;

  /** Adds a name whose number is free. O(1) amortised. */
  add(name: Name): void {
    const { number } = name;
    if (number >= this.#nexts.length) {
      const nexts = new Int32Array(number * 2).fill(NONE);
      nexts.set(this.#nexts);
      this.#nexts = nexts;
    }
    this.#names[number] = name;
    this.#size += 1;
    if (this.#size > this.#heads.length) this.#rehash();
    else this.#link(name);
  }

  remove({ number, hash }: Name): void {
    this.#names[number] = undefined;
    this.#size -= 1;
    const slot = hash & (this.#heads.length - 1);
    let at = this.#heads[slot] ?? NONE;
    const next = this.#nexts[number] ?? NONE;
    if (at === number) {
      this.#heads[slot] = next;
      return;
    }
    while (at !== NONE) {
      const following = this.#nexts[at] ?? NONE;
      if (following === number) {
        this.#nexts[at] = next;
        return;
      }
      at = following;
    }
  }

  /** @returns the name these bytes encode; nothing for one that is unknown or not plain ASCII. */
  find(bytes: Uint8Array, start: number, end: number): Name | undefined {
    let hash = HASH_START;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) return undefined;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    let number = this.#heads[hash & (this.#heads.length - 1)] ?? NONE;
    for (let walked = 0; number !== NONE && walked < WALK_LIMIT; walked += 1) {
      const name = this.#names[number];
      if (name !== undefined && isEncoded(name.name, bytes, start, end)) return name;
      number = this.#nexts[number] ?? NONE;
    }
    return undefined;
  }

  #link({ number, hash }: Name): void {
    const slot = hash & (this.#heads.length - 1);
    this.#nexts[number] = this.#heads[slot] ?? NONE;
    this.#heads[slot] = number;
  }

  #rehash(): void {
    this.#heads = new Int32Array(this.#heads.length * 4).fill(NONE);
    for (const name of this.#names) if (name !== undefined) this.#link(name);
  }
}

function isEncoded(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
