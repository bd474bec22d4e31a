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
import type { NameKey } from "./member-record.ts";
import type { MemberTable } from "./member-table.ts";

/** Members sorted per millisecond at most, so that churn in a large cluster costs little. */
const SORTED_MEMBERS_PER_MS = 50;
/** Rows are packed below a 32-bit hash in one exact number. */
const ROW_SPAN = 2 ** 21;

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

/** FNV-1a of the characters: quick, and the same for everybody. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The ring as one member sees it. */
export class SpreadRing {
  readonly #table: MemberTable;
  readonly #ownName: string;
  #keys: NameKey[] = [];
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
    this.#sort(nowMs);
    const { length } = this.#keys;
    if (this.#ownPlace < 0 || length < 2) return [];
    const rows: number[] = [];
    for (const distance of ringDistances(length, transmissionCount)) {
      const key = this.#keys[(this.#ownPlace + distance) % length];
      const row = key === undefined ? undefined : this.#table.row(key);
      if (row !== undefined && this.#table.isLive(row)) rows.push(row);
    }
    return rows;
  }

  /** Sorts anew when somebody came or went, but not more often than its cost allows. */
  #sort(nowMs: number): void {
    const table = this.#table;
    if (this.#version === table.version) return;
    if (nowMs - this.#sortedMs < table.size / SORTED_MEMBERS_PER_MS) return;
    this.#version = table.version;
    this.#sortedMs = nowMs;
    // One more than live: a member that is leaving still has its farewell to tell.
    const places = new Float64Array(table.liveCount + 1);
    let count = 0;
    for (let row = 0; row < table.size && count < places.length; row += 1) {
      if (!table.isLive(row) && table.record(row).name !== this.#ownName) continue;
      places[count] = hashName(table.record(row).name) * ROW_SPAN + row;
      count += 1;
    }
    places.subarray(0, count).sort();
    this.#keys = [];
    this.#ownPlace = -1;
    for (let place = 0; place < count; place += 1) {
      const { key } = table.record((places[place] ?? 0) % ROW_SPAN);
      if (key.name === this.#ownName) this.#ownPlace = place;
      this.#keys.push(key);
    }
  }
}
