/**
 * Whom to tell first, so that everybody is told soon and by somebody.
 *
 * The live members stand in a ring in the order of a hash of their names, which every member
 * computes alike. Each tells the members 1, 2, 4, 8, … places on. Whoever hears something for the
 * first time does the same, so news reaches a distance by the sum of its binary digits: everybody in
 * at most log2(n) hops, with log2(n) transmissions each, which the retransmit limit allows. Random
 * targets would miss about one member in e^k after k transmissions each, and wait for a round there.
 *
 * Views differ for moments and members of the reference do not forward at once; what the ring so
 * misses is told by the random rounds, as everything is without it.
 *
 * Source: the finger tables of Chord (Stoica et al. 2001 §4.3), used for one-to-all.
 */
import type { MemberTable } from "./member-table.ts";

/** Places looked at per millisecond at most, so that churn in a large cluster costs little. */
const PLACES_PER_MS = 50;
/** The number of a name is packed below its 32-bit hash in one exact number. */
const NUMBER_SPAN = 2 ** 21;
/** A ring that grows gets so much more room than it needs. */
const GROWTH = 1.25;

/** Where one ring after the other is put together: they are many, and each is changed at a stretch. */
let workbench = new Float64Array(64);
/** By number of a name, for the same. */
let marks = new Uint8Array(64);

/**
 * How far along a ring of `memberCount` each transmission goes.
 *
 * @param transmissionCount - how many may be spent, at least 1. Below log2(n) the steps are wider:
 *   still everybody is reached, in more hops.
 * @returns growing distances, the first one 1; empty for a member alone.
 *
 * @example
 * ringDistances(16, 8); // => [1, 2, 4, 8]
 */
export function ringDistances(memberCount: number, transmissionCount: number): number[] {
  const wanted = Math.ceil(Math.log2(memberCount));
  const count = Math.min(wanted, transmissionCount);
  const distances: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const exact = count === wanted ? 2 ** step : Math.round(memberCount ** (step / count));
    const distance = Math.max(exact, (distances.at(-1) ?? 0) + 1);
    if (distance < memberCount) distances.push(distance);
  }
  return distances;
}

/** The ring as one member sees it. */
export class SpreadRing {
  readonly #table: MemberTable;
  readonly #ownName: string;
  /** In order; the first `#length` count. */
  #places = new Float64Array(0);
  #length = 0;
  #ownPlace = -1;
  #version = -1;
  #sortedMs = -Infinity;

  constructor(table: MemberTable, ownName: string) {
    this.#table = table;
    this.#ownName = ownName;
  }

  /**
   * @param transmissionCount - how many targets at most.
   * @returns rows of live members, nearest first; empty when this member stands in no ring.
   */
  targets(transmissionCount: number, nowMs: number): number[] {
    this.#follow(nowMs);
    if (this.#ownPlace < 0 || this.#length < 2) return [];
    const rows: number[] = [];
    for (const distance of ringDistances(this.#length, transmissionCount)) {
      const place = (this.#ownPlace + distance) % this.#length;
      const row = this.#table.rowOf(numberOf(this.#places[place] ?? 0));
      if (row !== undefined && this.#table.isLive(row)) rows.push(row);
    }
    return rows;
  }

  /** Follows those who came or went, but not more often than its cost allows. */
  #follow(nowMs: number): void {
    const table = this.#table;
    if (this.#version === table.version) return;
    if (nowMs - this.#sortedMs < table.size / PLACES_PER_MS) return;
    const isFirst = this.#version < 0;
    this.#version = table.version;
    this.#sortedMs = nowMs;
    const turned = table.takeTurned();
    this.#keep(isFirst || turned === undefined ? this.#sorted() : this.#workedIn(turned));
    this.#ownPlace = this.#findOwnPlace();
  }

  /** Puts all places on the workbench. @returns how many there are. */
  #sorted(): number {
    const table = this.#table;
    const places = benchOf(table.liveCount + 1);
    let count = 0;
    for (let row = 0; row < table.size; row += 1) {
      if (!this.#belongs(row)) continue;
      places[count] = this.#placeOf(row);
      count += 1;
    }
    places.subarray(0, count).sort();
    return count;
  }

  /** The same with few changes: one walk along the ring, without sorting it. */
  #workedIn(turned: readonly number[]): number {
    const table = this.#table;
    const isTurned = marksUpTo(turned);
    const come: number[] = [];
    for (const number of turned) {
      if (isTurned[number] !== 0) continue;
      isTurned[number] = 1;
      const row = table.rowOf(number);
      if (row !== undefined && this.#belongs(row)) come.push(this.#placeOf(row));
    }
    come.sort((a, b) => a - b);
    const places = benchOf(this.#length + come.length);
    let count = 0;
    let next = 0;
    for (let at = 0; at < this.#length; at += 1) {
      const place = this.#places[at] ?? 0;
      if (isTurned[numberOf(place)] === 1) continue;
      for (; (come[next] ?? Infinity) < place; next += 1, count += 1)
        places[count] = come[next] ?? 0;
      places[count] = place;
      count += 1;
    }
    for (; next < come.length; next += 1, count += 1) places[count] = come[next] ?? 0;
    for (const number of turned) isTurned[number] = 0;
    return count;
  }

  #keep(count: number): void {
    if (count > this.#places.length) {
      const capacity = Math.max(Math.ceil(count * GROWTH), this.#table.expectedSize);
      this.#places = new Float64Array(capacity);
    }
    this.#places.set(workbench.subarray(0, count));
    this.#length = count;
  }

  /** The living, and ourselves: a member that is leaving still has its farewell to tell. */
  #belongs(row: number): boolean {
    return this.#table.isLive(row) || this.#table.record(row).name === this.#ownName;
  }

  #placeOf(row: number): number {
    const { hash, number } = this.#table.record(row).key;
    return hash * NUMBER_SPAN + number;
  }

  #findOwnPlace(): number {
    const row = this.#table.find(this.#ownName);
    if (row === undefined) return -1;
    return lowerBound(this.#places, this.#length, this.#placeOf(row));
  }
}

/** The number of a name out of its place; many times faster than the remainder of a division. */
function numberOf(place: number): number {
  return place - Math.floor(place / NUMBER_SPAN) * NUMBER_SPAN;
}

/** All zero, with room for these numbers; to be left so. */
function marksUpTo(numbers: readonly number[]): Uint8Array {
  let largest = 0;
  for (const number of numbers) if (number > largest) largest = number;
  if (marks.length <= largest) marks = new Uint8Array(largest * 2 + 1);
  return marks;
}

function benchOf(length: number): Float64Array {
  if (workbench.length < length) workbench = new Float64Array(length * 2);
  return workbench;
}

/** The first index whose value is not below `wanted`. */
function lowerBound(values: Float64Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
