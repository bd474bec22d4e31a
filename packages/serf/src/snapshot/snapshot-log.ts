/**
 * What a running member appends to its snapshot, and when it flushes and compacts.
 *
 * Pure: lines gather here, the file (`node/snapshot-file.ts`) takes them when `nextFlushMs()` has
 * come. Lines that would change nothing are not written.
 *
 * Since the whole state is in memory, lines that could not be written are not lost: a compaction
 * writes everything anew. So the lines waiting for a slow or broken disk are bounded: beyond the
 * limit they are dropped and a compaction is demanded instead.
 *
 * Source: Serf specification §14.
 */
import { encodeName } from "@x/swim/wire";
import type { Coordinate } from "@x/vivaldi";
import { endpointText } from "../endpoint-text.ts";
import type { Member } from "../member.ts";
import type { LamportTime, MemberEvent } from "../serf-event.ts";
import { formatSnapshotLine, type SnapshotLine } from "./snapshot-line.ts";
import type { SnapshotState } from "./snapshot-state.ts";

/** What a snapshot wants to hear of; user events and queries may be whole ones. */
export type SnapshotEvent =
  MemberEvent | { readonly kind: "user" | "query"; readonly lamportTime: LamportTime };

/** Options of a `SnapshotLog`. */
export interface SnapshotLogOptions {
  /** Files shorter than this are not compacted, in bytes. Default 131,072. */
  readonly minimumCompactionBytes?: number;
  /** Longest a line waits in memory. Default 500. */
  readonly flushPeriodMs?: number;
  /** Lines waiting beyond this are dropped in favour of a compaction, in characters. Default 1 MiB. */
  readonly pendingLimit?: number;
}

const defaultMinimumCompactionBytes = 128 * 1024;
const defaultFlushPeriodMs = 500;
const defaultPendingLimit = 1024 * 1024;

/** What an alive member takes in a compacted file, on average. Source: Serf specification §17. */
const bytesPerMember = 128;

/** A file this many times as long as needed is compacted. Source: Serf specification §17. */
const compactionFactor = 2;

/** The reference's write buffer: so much is written at once, without waiting. */
const flushAtOnceLength = 4096;

/** Lines on their way into a file. */
export class SnapshotLog {
  readonly #state: SnapshotState;
  readonly #minimumCompactionBytes: number;
  readonly #flushPeriodMs: number;
  readonly #pendingLimit: number;
  #pending: string[] = [];
  #pendingLength = 0;
  #pendingSinceMs = Infinity;
  /** What the compaction under way covers; it comes back if it fails. */
  #covered: { readonly lines: readonly string[]; readonly mustCompact: boolean } | undefined;
  #mustCompact = false;
  /** Length of the content last asked for. */
  #compactedBytes = 0;
  #hasLeft = false;

  /** @param state - what the file at hand replays to; the log goes on from there. */
  constructor(state: SnapshotState, options: SnapshotLogOptions = {}) {
    this.#state = state;
    this.#minimumCompactionBytes = options.minimumCompactionBytes ?? defaultMinimumCompactionBytes;
    this.#flushPeriodMs = options.flushPeriodMs ?? defaultFlushPeriodMs;
    this.#pendingLimit = options.pendingLimit ?? defaultPendingLimit;
  }

  /** Characters waiting to be written. */
  get pendingLength(): number {
    return this.#pendingLength;
  }

  /**
   * Takes in an event. After a leave, events are no longer recorded.
   *
   * @param memberTime - the member clock now.
   */
  record(event: SnapshotEvent, memberTime: LamportTime, nowMs: number): void {
    if (this.#hasLeft) return;
    switch (event.kind) {
      case "user":
        if (event.lamportTime > this.#state.eventLamportTime) {
          this.#append({ kind: "event-clock", lamportTime: event.lamportTime }, nowMs);
        }
        return;
      case "query":
        if (event.lamportTime > this.#state.queryLamportTime) {
          this.#append({ kind: "query-clock", lamportTime: event.lamportTime }, nowMs);
        }
        return;
      default:
        for (const member of event.members) this.#recordMember(event.kind, member, nowMs);
        this.recordClock(memberTime, nowMs);
    }
  }

  /**
   * Takes in the member clock: the last time used is one less than the time to be used next.
   * Also after a leave, as in the reference, so that a member that comes back is believed.
   */
  recordClock(memberTime: LamportTime, nowMs: number): void {
    // A clock at 0 has used no time; the reference underflows here (§20 item 30).
    if (memberTime === 0n) return;
    const lamportTime = memberTime - 1n;
    if (lamportTime > this.#state.lamportTime) this.#append({ kind: "clock", lamportTime }, nowMs);
  }

  /** Takes in where this member is in the network. */
  recordCoordinate(coordinate: Coordinate, nowMs: number): void {
    this.#append({ kind: "coordinate", coordinate }, nowMs);
  }

  /** Takes in a graceful leave. The file must be flushed and synced before the leave goes on. */
  recordLeave(nowMs: number): void {
    if (this.#hasLeft) return;
    this.#append({ kind: "leave" }, nowMs);
    this.#hasLeft = true;
  }

  /** When lines want to be flushed; `Infinity` when none wait. */
  nextFlushMs(): number {
    if (this.#pendingLength >= flushAtOnceLength) return this.#pendingSinceMs;
    return this.#pendingSinceMs + this.#flushPeriodMs;
  }

  /** Empties the waiting lines; who cannot write them must say `markLost`. */
  takePending(): Uint8Array {
    const text = this.#pending.join("");
    this.#clearPending();
    return encodeName(text);
  }

  /**
   * Lines taken did not reach the file, or not wholly. From here on nothing may be appended to it,
   * for what is missing in the middle no later line makes good: only a compaction helps.
   */
  markLost(): void {
    this.#mustCompact = true;
    this.#clearPending();
  }

  /** Lines are missing in the file: it must be compacted, and not appended to. */
  get mustCompact(): boolean {
    return this.#mustCompact;
  }

  /**
   * Whether a file of `fileBytes` should be compacted.
   *
   * Deviation: the reference judges by an assumed length per member, and where names are longer it
   * compacts after every line; here a file is also left alone until it has doubled.
   */
  wantsCompaction(fileBytes: number): boolean {
    if (this.#mustCompact) return true;
    const assumedBytes = this.#state.alive.size * bytesPerMember * compactionFactor;
    const doubledBytes = this.#compactedBytes * compactionFactor;
    return fileBytes > Math.max(assumedBytes, doubledBytes, this.#minimumCompactionBytes);
  }

  /** The content of a new file; it covers the lines now waiting. `endCompaction` must follow. */
  beginCompaction(): Uint8Array {
    this.#covered = { lines: this.#pending, mustCompact: this.#mustCompact };
    this.#mustCompact = false;
    this.#clearPending();
    const content = encodeName(this.#state.compactedText());
    this.#compactedBytes = content.length;
    return content;
  }

  /** Whether the new file stands in the place of the old one. */
  endCompaction(outcome: "done" | "failed", nowMs: number): void {
    const covered = this.#covered;
    this.#covered = undefined;
    if (outcome === "done" || covered === undefined) return;
    if (covered.mustCompact) {
      this.markLost();
      return;
    }
    const later = this.#pending;
    this.#clearPending();
    for (const text of [...covered.lines, ...later]) this.#push(text, nowMs);
  }

  #recordMember(kind: MemberEvent["kind"], member: Member, nowMs: number): void {
    const { name } = member;
    const address = endpointText(member.endpoint);
    switch (kind) {
      case "member-join":
        if (this.#state.alive.get(name) !== address || this.#state.failed.has(name)) {
          this.#append({ kind: "alive", name, address }, nowMs);
        }
        return;
      case "member-leave":
      case "member-failed":
        if (this.#state.alive.has(name) || this.#state.failed.has(name)) {
          this.#append({ kind: "not-alive", name }, nowMs);
        }
        if (kind === "member-failed") this.#append({ kind: "failed", name, address }, nowMs);
        return;
      case "member-reap":
        if (this.#state.failed.has(name)) this.#append({ kind: "forget", name }, nowMs);
        return;
      case "member-update":
    }
  }

  #append(line: SnapshotLine, nowMs: number): void {
    const text = formatSnapshotLine(line);
    if (text === undefined) return;
    this.#state.apply(line);
    this.#push(text, nowMs);
  }

  #push(text: string, nowMs: number): void {
    if (this.#mustCompact) return;
    this.#pending.push(text);
    this.#pendingLength += text.length;
    this.#pendingSinceMs = Math.min(this.#pendingSinceMs, nowMs);
    if (this.#pendingLength > this.#pendingLimit) this.markLost();
  }

  #clearPending(): void {
    this.#pending = [];
    this.#pendingLength = 0;
    this.#pendingSinceMs = Infinity;
  }
}
