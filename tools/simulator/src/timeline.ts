/**
 * Writes down what happened.
 *
 * Every entry goes into a running SHA-256, so that two runs are the same exactly if their digests
 * are, and the last ones are kept to be shown with a failure. Entries are numbers in typed arrays
 * until somebody wants to read them: most are never read.
 */
import { Fingerprint } from "./fingerprint.ts";
import { Sha256 } from "./sha256.ts";
import { textOf } from "./value-text.ts";

/** Everything that can happen. The order is part of the digest: add at the end. */
const HAPPENINGS = [
  "member-added",
  "member-removed",
  "datagram-sent",
  "datagram-dropped",
  "datagram-received",
  "datagram-failed",
  "timeout",
  "call",
  "stream-dialled",
  "stream-event",
  "stream-written",
  "stream-closed",
  "stream-reset",
  "event",
  "report",
  "fault",
] as const;

export type Happening = (typeof HAPPENINGS)[number];

const CODES = new Map<Happening, number>(HAPPENINGS.map((what, index) => [what, index]));

/** One thing that happened. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly what: Happening;
  /** Whom it happened to; empty if to nobody in particular. */
  readonly member: string;
  /** The other one, or empty. */
  readonly other: string;
  /** Bytes, or whatever number says most about it. */
  readonly size: number;
  readonly detail: string;
}

export interface TimelineOptions {
  /** Compute the digest; on. Off saves a tenth of the time of a large simulation. */
  readonly digest?: boolean;
  /** How many entries to keep; 256. With 0 nothing is, and what nobody listens to costs nothing. */
  readonly keep?: number;
}

const ENTRY_BYTES = 32;
const BUFFERED_ENTRIES = 128;

/** The record of a simulation. */
export class Timeline {
  readonly #hash: Sha256 | undefined;
  readonly #buffer = new Uint8Array(ENTRY_BYTES * BUFFERED_ENTRIES);
  readonly #view = new DataView(this.#buffer.buffer);
  #buffered = 0;
  readonly #fingerprint = new Fingerprint();
  readonly #names: string[] = [];
  readonly #listeners: ((entry: TimelineEntry) => void)[] = [];
  readonly #keep: number;
  readonly #slots: number;
  readonly #times: Float64Array;
  readonly #codes: Uint8Array;
  readonly #members: Int32Array;
  readonly #others: Int32Array;
  readonly #sizes: Float64Array;
  readonly #details: unknown[];
  #count = 0;

  /** @throws {RangeError} if `keep` is not a whole number of at least 0. */
  constructor(options: TimelineOptions = {}) {
    const { digest = true, keep = 256 } = options;
    if (!Number.isSafeInteger(keep) || keep < 0) {
      throw new RangeError(`keep must be a whole number >= 0, got ${keep}`);
    }
    this.#hash = digest ? new Sha256() : undefined;
    this.#keep = keep;
    // Listeners are told from a slot, even if none is kept.
    this.#slots = Math.max(1, keep);
    this.#times = new Float64Array(this.#slots);
    this.#codes = new Uint8Array(this.#slots);
    this.#members = new Int32Array(this.#slots);
    this.#others = new Int32Array(this.#slots);
    this.#sizes = new Float64Array(this.#slots);
    this.#details = Array.from({ length: this.#slots });
  }

  /** How many things have happened. */
  get count(): number {
    return this.#count;
  }

  /** Tells what a member's number means. */
  name(index: number, name: string): void {
    this.#names[index] = name;
  }

  /** Calls `listener` with everything that happens from now on; costs an object for each. */
  observe(listener: (entry: TimelineEntry) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Adds an entry.
   *
   * @param member - number of the member, or -1; `other` likewise.
   * @param detail - bytes and texts become part of the digest; other values are only shown.
   */
  record(
    atMs: number,
    what: Happening,
    member: number,
    other: number,
    size: number,
    detail?: unknown,
  ): void {
    const slot = this.#count % this.#slots;
    this.#count += 1;
    if (this.#keep === 0 && this.#hash === undefined && this.#listeners.length === 0) return;
    const code = CODES.get(what) as number;
    this.#times[slot] = atMs;
    this.#codes[slot] = code;
    this.#members[slot] = member;
    this.#others[slot] = other;
    this.#sizes[slot] = size;
    this.#details[slot] = detail;
    if (this.#hash !== undefined)
      this.#hashEntry(this.#hash, atMs, code, member, other, size, detail);
    if (this.#listeners.length > 0) {
      const entry = this.#entryAt(slot);
      for (const listener of this.#listeners) listener(entry);
    }
  }

  /** SHA-256 of everything so far, 64 hexadecimal digits; empty if switched off. */
  digest(): string {
    if (this.#hash === undefined) return "";
    this.#flush(this.#hash);
    return this.#hash.digestHex();
  }

  /** The last entries, oldest first; at most as many as are kept. */
  last(count: number): TimelineEntry[] {
    const available = Math.min(count, this.#count, this.#keep);
    return Array.from({ length: available }, (_, index) =>
      this.#entryAt((this.#count - available + index) % this.#slots),
    );
  }

  #entryAt(slot: number): TimelineEntry {
    const detail = this.#details[slot];
    return {
      atMs: this.#times[slot] as number,
      what: HAPPENINGS[this.#codes[slot] as number] as Happening,
      member: this.#names[this.#members[slot] as number] ?? "",
      other: this.#names[this.#others[slot] as number] ?? "",
      size: this.#sizes[slot] as number,
      detail: detail === undefined ? "" : typeof detail === "string" ? detail : textOf(detail),
    };
  }

  #hashEntry(
    hash: Sha256,
    atMs: number,
    code: number,
    member: number,
    other: number,
    size: number,
    detail: unknown,
  ): void {
    const view = this.#view;
    const at = this.#buffered * ENTRY_BYTES;
    const mark =
      detail instanceof Uint8Array
        ? this.#fingerprint.ofBytes(detail)
        : typeof detail === "string"
          ? this.#fingerprint.ofText(detail)
          : this.#fingerprint.clear();
    view.setFloat64(at, atMs);
    view.setInt32(at + 8, code);
    view.setInt32(at + 12, member);
    view.setInt32(at + 16, other);
    view.setInt32(at + 20, size);
    view.setInt32(at + 24, mark.low);
    view.setInt32(at + 28, mark.high);
    this.#buffered += 1;
    if (this.#buffered === BUFFERED_ENTRIES) this.#flush(hash);
  }

  #flush(hash: Sha256): void {
    hash.update(this.#buffer.subarray(0, this.#buffered * ENTRY_BYTES));
    this.#buffered = 0;
  }
}

/** Entries as lines for people. */
export function timelineText(entries: readonly TimelineEntry[]): string {
  return entries
    .map(({ atMs, what, member, other, size, detail }) => {
      const who = other === "" ? member : `${member} -> ${other}`;
      return `${atMs.toFixed(3).padStart(12)}  ${what.padEnd(17)} ${who} ${size} ${detail}`.trimEnd();
    })
    .join("\n");
}
