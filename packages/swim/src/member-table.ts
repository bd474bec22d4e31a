/**
 * Everybody this member has heard of, one row each.
 *
 * Cells of 16 bytes instead of objects, next to one array of shared records. All that is asked of a
 * row when something is heard of its member lies in one cell, because in a large table each look at
 * memory elsewhere costs more than all that is computed. Rows are dense; the last one moves into the
 * gap of a removed one, so a row number is valid until the next `remove` only. Whoever waits keeps
 * the name's key.
 *
 * Source: behaviour specification §1. Read next: `membership.ts`, its only writer.
 */
import type { Member, MemberState } from "./member.ts";
import type {
  MemberDescription,
  MemberRecord,
  MemberRecordPool,
  NameKey,
  SharedByTables,
} from "./member-record.ts";
import { InvariantError } from "./errors.ts";
import type { AliveMessage, DeadMessage, SuspectMessage } from "./wire/index.ts";

/** Wire numbers of the states, which the column holds. Source: behaviour specification §1. */
const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];
const STATE_NUMBERS: Readonly<Record<MemberState, number>> = {
  alive: 0,
  suspect: 1,
  dead: 2,
  left: 3,
};

/** A cell: the incarnation; state, marks and the name's number; the time of the last change. */
const CELL_WORDS = 4;
const CELL_BYTES = 4 * CELL_WORDS;
const STATE_MASK = 0b11;
/** The number stands above state and marks. */
const NUMBER_SHIFT = 8;
const NUMBER_LIMIT = 2 ** (32 - NUMBER_SHIFT);

/** Marks beside the state. Passes news on at once. */
const PROMPT = 0b100;
/** Learned from a state nobody else needs to hear of. */
const UNTOLD = 0b1000;
/** There may be a rumour about it among ours. */
const TOLD = 0b1_0000;

/** What is told of a member. */
export type Claim = AliveMessage | SuspectMessage | DeadMessage;

const NO_ROW = -1;
const FIRST_CAPACITY = 16;

/** The node table of the specification. */
export class MemberTable {
  readonly #pool: MemberRecordPool;
  readonly #records: MemberRecord[] = [];
  /** Cells of `CELL_WORDS`, and the same memory as times. */
  #words = new Uint32Array(0);
  #times = new Float64Array(0);
  /** Row by the number of the name. */
  #rows: Int32Array;
  /** Rows by state. */
  readonly #counts = [0, 0, 0, 0];
  /** How many living members speak each combination of versions: two or three in a real cluster. */
  readonly #spoken = new Map<Uint8Array, number>();
  #version = 0;
  /** Names, by number, that became live or ceased to be since somebody asked; none: too many. */
  #turned: number[] | undefined = [];

  constructor(pool: MemberRecordPool) {
    this.#pool = pool;
    pool.addUser();
    const capacity = Math.max(FIRST_CAPACITY, pool.expectedMembers);
    this.#reserveCells(capacity);
    this.#rows = new Int32Array(capacity).fill(NO_ROW);
  }

  /** For how many members room is made at once. */
  get expectedSize(): number {
    return this.#pool.expectedMembers;
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

  /** The combinations of versions that alive members speak. */
  spokenVersions(): Iterable<Uint8Array> {
    return this.#spoken.keys();
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

  /** The key of a name as it stands in a message, known here or to others; only plain ASCII. O(1). */
  findEncoded(bytes: Uint8Array, start: number, end: number): NameKey | undefined {
    return this.#pool.findEncoded(bytes, start, end);
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

  /** The number of the name of this row. */
  number(row: number): number {
    return this.#flags(row) >>> NUMBER_SHIFT;
  }

  /** What several tables of a pool tell alike; nothing for a table alone. */
  get shared(): SharedByTables | undefined {
    return this.#pool.shared;
  }

  /** An encoded claim about the member of a row in memory of its own: one copy for all who tell it. */
  claimBytes(row: number, claim: Claim, encoded: Uint8Array): Uint8Array {
    const claims = this.#pool.shared?.claims;
    if (claims === undefined || claim.kind !== "alive") return encoded.slice();
    const number = this.number(row);
    const held = claims.held(number)?.encoded;
    if (held === encoded) return held;
    const isHeld = claims.length(number) === encoded.length;
    if (held !== undefined && isHeld && claims.find(encoded, 0, encoded.length) === number)
      return held;
    const copy = encoded.slice();
    const record = this.record(row);
    if (record.hasMeta(claim.meta)) claims.put(number, record, { message: claim, encoded: copy });
    return copy;
  }

  state(row: number): MemberState {
    return STATES[this.#flags(row) & STATE_MASK] ?? "alive";
  }

  /** Alive or suspect. */
  isLive(row: number): boolean {
    return (this.#flags(row) & STATE_MASK) <= 1;
  }

  incarnation(row: number): number {
    return this.#words[row * CELL_WORDS] ?? 0;
  }

  /** Time of the last change of state; -Infinity = never. */
  changedMs(row: number): number {
    return this.#times[row * 2 + 1] ?? -Infinity;
  }

  /** Whether this member was seen to be one that passes news on at once. */
  isPrompt(row: number): boolean {
    return (this.#flags(row) & PROMPT) !== 0;
  }

  /** Whether all live members but this one were seen to be such. O(n). */
  isEveryonePromptBut(name: string): boolean {
    for (let row = 0; row < this.size; row += 1) {
      if (this.isLive(row) && !this.isPrompt(row) && this.record(row).name !== name) return false;
    }
    return true;
  }

  notePrompt(row: number): void {
    this.#mark(row, PROMPT, true);
  }

  /** Whether we know what we know of this member without having told it on. */
  isUntold(row: number): boolean {
    return (this.#flags(row) & UNTOLD) !== 0;
  }

  noteUntold(row: number, isUntold: boolean): void {
    this.#mark(row, UNTOLD, isUntold);
  }

  /** Whether there may be a rumour about this member among ours: surely not if this says no. */
  isTold(row: number): boolean {
    return (this.#flags(row) & TOLD) !== 0;
  }

  noteTold(row: number, isTold: boolean): void {
    this.#mark(row, TOLD, isTold);
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
    if (key.number >= NUMBER_LIMIT) throw new InvariantError(`a pool of ${key.number} names`);
    this.#reserve(row, key.number);
    this.#records.push(this.#pool.record(key, description));
    this.#words[row * CELL_WORDS] = 0;
    this.#words[row * CELL_WORDS + 1] = (key.number << NUMBER_SHIFT) | STATE_NUMBERS.dead;
    this.#times[row * 2 + 1] = -Infinity;
    this.#rows[key.number] = row;
    this.#addCount(STATE_NUMBERS.dead, 1);
    return row;
  }

  describe(row: number, description: MemberDescription): void {
    const record = this.record(row);
    if (record.equals(description)) return;
    const isAlive = (this.#flags(row) & STATE_MASK) === STATE_NUMBERS.alive;
    if (isAlive) this.#countSpoken(row, -1);
    this.#records[row] = this.#pool.record(record.key, description);
    if (isAlive) this.#countSpoken(row, 1);
  }

  setIncarnation(row: number, incarnation: number): void {
    this.#words[row * CELL_WORDS] = incarnation;
  }

  setState(row: number, state: MemberState, nowMs: number): void {
    const before = this.#flags(row);
    const number = STATE_NUMBERS[state];
    const isLive = number <= 1;
    // Whoever comes back may be another program.
    const marks = before & ~STATE_MASK & (isLive ? -1 : ~PROMPT);
    this.#words[row * CELL_WORDS + 1] = marks | number;
    this.#times[row * 2 + 1] = nowMs;
    if ((before & STATE_MASK) <= 1 !== isLive) this.#noteTurn(row);
    this.#addCount(before & STATE_MASK, -1);
    this.#addCount(number, 1);
    if ((before & STATE_MASK) === number) return;
    if (number === STATE_NUMBERS.alive) this.#countSpoken(row, 1);
    else if ((before & STATE_MASK) === STATE_NUMBERS.alive) this.#countSpoken(row, -1);
  }

  /** Removes a row; the last one takes its number. @returns the number the last row had. */
  remove(row: number): number {
    const record = this.record(row);
    const last = this.size - 1;
    if (this.isLive(row)) this.#noteTurn(row);
    const stateNumber = this.#flags(row) & STATE_MASK;
    this.#addCount(stateNumber, -1);
    if (stateNumber === STATE_NUMBERS.alive) this.#countSpoken(row, -1);
    this.#rows[record.key.number] = NO_ROW;
    if (row !== last) {
      const moved = this.record(last);
      this.#records[row] = moved;
      this.#words.copyWithin(row * CELL_WORDS, last * CELL_WORDS, (last + 1) * CELL_WORDS);
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

  #countSpoken(row: number, difference: number): void {
    const versions = this.record(row).versionBytes;
    const count = (this.#spoken.get(versions) ?? 0) + difference;
    if (count === 0) this.#spoken.delete(versions);
    else this.#spoken.set(versions, count);
  }

  #addCount(stateNumber: number, difference: number): void {
    this.#counts[stateNumber] = (this.#counts[stateNumber] ?? 0) + difference;
  }

  #flags(row: number): number {
    return this.#words[row * CELL_WORDS + 1] ?? 0;
  }

  #mark(row: number, mark: number, isSet: boolean): void {
    const others = this.#flags(row) & ~mark;
    this.#words[row * CELL_WORDS + 1] = isSet ? others | mark : others;
  }

  #reserve(row: number, number: number): void {
    if (row * CELL_WORDS >= this.#words.length) this.#reserveCells(Math.ceil(row * 1.5) + 1);
    if (number >= this.#rows.length) {
      const rows = new Int32Array(Math.ceil(number * 1.5) + 1).fill(NO_ROW);
      rows.set(this.#rows);
      this.#rows = rows;
    }
  }

  #reserveCells(capacity: number): void {
    const words = new Uint32Array(new ArrayBuffer(capacity * CELL_BYTES));
    words.set(this.#words);
    this.#words = words;
    this.#times = new Float64Array(words.buffer);
  }
}
