/**
 * Everybody this member has heard of, one row each.
 *
 * Columns instead of objects: about 40 bytes per row beside the shared record, and choosing a
 * random member touches no memory but the state column. Rows are dense; the last one moves into
 * the gap of a removed one, so a row number is valid until the next `remove` only. Whoever waits
 * keeps the name's key.
 *
 * Source: behaviour specification §1. Read next: `membership.ts`, its only writer.
 */
import type { Member, MemberState } from "./member.ts";
import type {
  MemberDescription,
  MemberRecord,
  MemberRecordPool,
  NameKey,
} from "./member-record.ts";
import { InvariantError } from "./errors.ts";

/** Wire numbers of the states, which the column holds. Source: behaviour specification §1. */
const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
const STATE_NUMBERS: Readonly<Record<MemberState, number>> = {
  alive: 0,
  suspect: 1,
  dead: 2,
  left: 3,
};

const NO_ROW = -1;
const FIRST_CAPACITY = 16;

/** The node table of the specification. */
export class MemberTable {
  readonly #pool: MemberRecordPool;
  readonly #records: MemberRecord[] = [];
  #incarnations = new Uint32Array(FIRST_CAPACITY);
  #states = new Uint8Array(FIRST_CAPACITY);
  /** 1 = passes news on at once. */
  #prompt = new Uint8Array(FIRST_CAPACITY);
  /** Time of the last change of state; -Infinity = never. */
  #changedMs = new Float64Array(FIRST_CAPACITY);
  /** Row by the number of the name. */
  #rows = new Int32Array(FIRST_CAPACITY).fill(NO_ROW);
  /** Rows by state. */
  readonly #counts = [0, 0, 0, 0];
  #version = 0;

  constructor(pool: MemberRecordPool) {
    this.#pool = pool;
  }

  /** All records, dead and left ones included: the `n` of every formula. */
  get size(): number {
    return this.#records.length;
  }

  /** Another number whenever somebody becomes live, stops being live, or is removed. */
  get version(): number {
    return this.#version;
  }

  /** Rows in one state. O(1). */
  count(state: MemberState): number {
    return this.#counts[STATE_NUMBERS[state]] ?? 0;
  }

  /** Alive and suspect. O(1). */
  get liveCount(): number {
    return this.count("alive") + this.count("suspect");
  }

  /** @returns the row, or `undefined` for an unknown name. O(1). */
  find(name: string): number | undefined {
    const key = this.#pool.find(name);
    return key === undefined ? undefined : this.row(key);
  }

  row(key: NameKey): number | undefined {
    const row = this.#rows[key.number] ?? NO_ROW;
    // A number may have been given to another name since.
    return row === NO_ROW || this.record(row).name !== key.name ? undefined : row;
  }

  record(row: number): MemberRecord {
    const record = this.#records[row];
    if (record === undefined) throw new InvariantError(`no row ${row} of ${this.size}`);
    return record;
  }

  state(row: number): MemberState {
    return STATES[this.#states[row] ?? 0] ?? "alive";
  }

  /** Alive or suspect. */
  isLive(row: number): boolean {
    return (this.#states[row] ?? 0) <= 1;
  }

  incarnation(row: number): number {
    return this.#incarnations[row] ?? 0;
  }

  changedMs(row: number): number {
    return this.#changedMs[row] ?? -Infinity;
  }

  /** Whether this member was seen to be one that passes news on at once. */
  isPrompt(row: number): boolean {
    return this.#prompt[row] === 1;
  }

  /** Whether all live members but this one were seen to be such. O(n). */
  isEveryonePromptBut(name: string): boolean {
    for (let row = 0; row < this.size; row += 1) {
      if (this.isLive(row) && !this.isPrompt(row) && this.record(row).name !== name) return false;
    }
    return true;
  }

  notePrompt(row: number): void {
    this.#prompt[row] = 1;
  }

  /** An immutable picture of one row. */
  member(row: number): Member {
    return this.record(row).picture(this.incarnation(row), this.state(row));
  }

  /** Pictures of the rows that pass. O(n). */
  members(passes: (row: number) => boolean): Member[] {
    const members: Member[] = [];
    for (let row = 0; row < this.size; row += 1) {
      if (passes(row)) members.push(this.member(row));
    }
    return members;
  }

  /** A new row at the end: dead, incarnation 0, never changed. @returns its number. */
  add(name: string, description: MemberDescription): number {
    const key = this.#pool.hold(name);
    const row = this.size;
    this.#reserve(row, key.number);
    this.#records.push(this.#pool.record(key, description));
    this.#incarnations[row] = 0;
    this.#prompt[row] = 0;
    this.#states[row] = STATE_NUMBERS.dead;
    this.#changedMs[row] = -Infinity;
    this.#rows[key.number] = row;
    this.#addCount(STATE_NUMBERS.dead, 1);
    return row;
  }

  describe(row: number, description: MemberDescription): void {
    const record = this.record(row);
    if (!record.equals(description))
      this.#records[row] = this.#pool.record(record.key, description);
  }

  setIncarnation(row: number, incarnation: number): void {
    this.#incarnations[row] = incarnation;
  }

  setState(row: number, state: MemberState, nowMs: number): void {
    const wasLive = this.isLive(row);
    this.#addCount(this.#states[row] ?? 0, -1);
    const number = STATE_NUMBERS[state];
    this.#states[row] = number;
    if (this.isLive(row) !== wasLive) this.#version += 1;
    // Whoever comes back may be another program.
    if (!this.isLive(row)) this.#prompt[row] = 0;
    this.#changedMs[row] = nowMs;
    this.#addCount(number, 1);
  }

  /** Removes a row; the last one takes its number. @returns the number the last row had. */
  remove(row: number): number {
    const record = this.record(row);
    const last = this.size - 1;
    if (this.isLive(row)) this.#version += 1;
    this.#addCount(this.#states[row] ?? 0, -1);
    this.#rows[record.key.number] = NO_ROW;
    if (row !== last) {
      const moved = this.record(last);
      this.#records[row] = moved;
      this.#incarnations[row] = this.#incarnations[last] ?? 0;
      this.#states[row] = this.#states[last] ?? 0;
      this.#prompt[row] = this.#prompt[last] ?? 0;
      this.#changedMs[row] = this.#changedMs[last] ?? 0;
      this.#rows[moved.key.number] = row;
    }
    this.#records.pop();
    this.#pool.release(record.name);
    return last;
  }

  /** Gives every name back to the pool. */
  clear(): void {
    while (this.size > 0) this.remove(this.size - 1);
  }

  #addCount(stateNumber: number, difference: number): void {
    this.#counts[stateNumber] = (this.#counts[stateNumber] ?? 0) + difference;
  }

  #reserve(row: number, number: number): void {
    if (row >= this.#states.length) {
      const capacity = Math.ceil(row * 1.5) + 1;
      this.#incarnations = grown(this.#incarnations, new Uint32Array(capacity));
      this.#states = grown(this.#states, new Uint8Array(capacity));
      this.#prompt = grown(this.#prompt, new Uint8Array(capacity));
      this.#changedMs = grown(this.#changedMs, new Float64Array(capacity));
    }
    if (number >= this.#rows.length) {
      const rows = new Int32Array(Math.ceil(number * 1.5) + 1).fill(NO_ROW);
      this.#rows = grown(this.#rows, rows);
    }
  }
}

function grown<Column extends { set(values: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
