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

/** Passes news on at once. */
const PROMPT = 1;
/** Learned from a state nobody else needs to hear of. */
const UNTOLD = 2;

const NO_ROW = -1;
const FIRST_CAPACITY = 16;

/** The node table of the specification. */
export class MemberTable {
  readonly #pool: MemberRecordPool;
  readonly #records: MemberRecord[] = [];
  #incarnations = new Uint32Array(FIRST_CAPACITY);
  #states = new Uint8Array(FIRST_CAPACITY);
  /** What else is known of each: `PROMPT`, `UNTOLD`. */
  #marks = new Uint8Array(FIRST_CAPACITY);
  /** Time of the last change of state; -Infinity = never. */
  #changedMs = new Float64Array(FIRST_CAPACITY);
  /** Row by the number of the name. */
  #rows = new Int32Array(FIRST_CAPACITY).fill(NO_ROW);
  /** Rows by state. */
  readonly #counts = [0, 0, 0, 0];
  #version = 0;
  /** Names, by number, that became live or ceased to be since somebody asked; none: too many. */
  #turned: number[] | undefined = [];

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

  /**
   * Numbers of the names that became live or ceased to be since the last call, some more than once;
   * for the one part that follows along.
   *
   * @returns `undefined` when they were more than half of the rows: look at all of them.
   */
  takeTurned(): readonly number[] | undefined {
    const turned = this.#turned;
    this.#turned = [];
    return turned;
  }

  /** The row of a name by its number, if it has one. O(1). */
  rowOf(number: number): number | undefined {
    const row = this.#rows[number] ?? NO_ROW;
    return row === NO_ROW ? undefined : row;
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

  /** As `find`, by a name as it stands in a message; only for plain ASCII. O(1). */
  findEncoded(bytes: Uint8Array, start: number, end: number): number | undefined {
    const key = this.#pool.findEncoded(bytes, start, end);
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

  /** A copy of an encoded claim about a member. */
  claimBytes(name: string, encoded: Uint8Array): Uint8Array {
    const row = this.find(name);
    return row === undefined ? encoded.slice() : this.record(row).claimBytes(encoded);
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
    return ((this.#marks[row] ?? 0) & PROMPT) !== 0;
  }

  /** Whether all live members but this one were seen to be such. O(n). */
  isEveryonePromptBut(name: string): boolean {
    for (let row = 0; row < this.size; row += 1) {
      if (this.isLive(row) && !this.isPrompt(row) && this.record(row).name !== name) return false;
    }
    return true;
  }

  notePrompt(row: number): void {
    this.#marks[row] = (this.#marks[row] ?? 0) | PROMPT;
  }

  /** Whether we know what we know of this member without having told it on. */
  isUntold(row: number): boolean {
    return ((this.#marks[row] ?? 0) & UNTOLD) !== 0;
  }

  noteUntold(row: number, isUntold: boolean): void {
    const others = (this.#marks[row] ?? 0) & ~UNTOLD;
    this.#marks[row] = isUntold ? others | UNTOLD : others;
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
    this.#marks[row] = 0;
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
    if (this.isLive(row) !== wasLive) this.#noteTurn(row);
    // Whoever comes back may be another program.
    if (!this.isLive(row)) this.#marks[row] = (this.#marks[row] ?? 0) & ~PROMPT;
    this.#changedMs[row] = nowMs;
    this.#addCount(number, 1);
  }

  /** Removes a row; the last one takes its number. @returns the number the last row had. */
  remove(row: number): number {
    const record = this.record(row);
    const last = this.size - 1;
    if (this.isLive(row)) this.#noteTurn(row);
    this.#addCount(this.#states[row] ?? 0, -1);
    this.#rows[record.key.number] = NO_ROW;
    if (row !== last) {
      const moved = this.record(last);
      this.#records[row] = moved;
      this.#incarnations[row] = this.#incarnations[last] ?? 0;
      this.#states[row] = this.#states[last] ?? 0;
      this.#marks[row] = this.#marks[last] ?? 0;
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

  #noteTurn(row: number): void {
    this.#version += 1;
    if (this.#turned === undefined) return;
    // Nobody may ever ask: what is noted stays in proportion to the table.
    if (this.#turned.length * 2 > this.size) this.#turned = undefined;
    else this.#turned.push(this.record(row).key.number);
  }

  #addCount(stateNumber: number, difference: number): void {
    this.#counts[stateNumber] = (this.#counts[stateNumber] ?? 0) + difference;
  }

  #reserve(row: number, number: number): void {
    if (row >= this.#states.length) {
      const capacity = Math.ceil(row * 1.5) + 1;
      this.#incarnations = grown(this.#incarnations, new Uint32Array(capacity));
      this.#states = grown(this.#states, new Uint8Array(capacity));
      this.#marks = grown(this.#marks, new Uint8Array(capacity));
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
