/**
 * A snapshot on a disk that outlives its member and may fail it: the real log and grammar, without
 * a file.
 *
 * What `snapshot-file.ts` of Serf does in time is done at once here: lines are appended as they
 * come, a file that has grown is compacted, and after a failed write nothing is appended until it
 * has been written anew, which is tried every 30 s.
 */
import type { RecoveredState, SnapshotPort } from "@x/serf";
import { SnapshotLog } from "../../../packages/serf/src/snapshot/snapshot-log.ts";
import {
  replaySnapshot,
  SnapshotState,
} from "../../../packages/serf/src/snapshot/snapshot-state.ts";

/**
 * How a disk fails: `full` takes the beginning of a write and no more, `unwritable` nothing at all,
 * and with `rename` no new file comes to stand in the place of the old one.
 */
export type DiskError = "full" | "unwritable" | "rename";

/** How often a broken file is written anew. */
const RETRY_MS = 30_000;
/** Bytes of a torn write that are missing. */
const TORN_BYTES = 7;

export class MemorySnapshot {
  /** What is wrong with the disk now. */
  error: DiskError | undefined;
  /** Writes that failed. */
  failureCount = 0;
  /** Times the file was written anew. */
  compactionCount = 0;
  readonly #nowMs: () => number;
  #pieces: Uint8Array[] = [];
  #byteCount = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** What a new life reads. */
  recover(): RecoveredState {
    return replaySnapshot(this.#join(), { rejoinAfterLeave: false }).state.copy();
  }

  /** For one life. */
  open(): SnapshotPort {
    const bytes = this.#join();
    const { completeBytes, state } = replaySnapshot(bytes, { rejoinAfterLeave: false });
    // Nothing is glued to a torn line.
    this.#replace(bytes.subarray(0, completeBytes));
    const log = new SnapshotLog(
      state instanceof SnapshotState ? state : new SnapshotState({ rejoinAfterLeave: false }),
    );
    let noCompactionBeforeMs = -Infinity;
    const write = (record: (nowMs: number) => void): void => {
      const nowMs = this.#nowMs();
      record(nowMs);
      if (!log.mustCompact && !this.#append(log.takePending())) log.markLost();
      if (nowMs < noCompactionBeforeMs || !log.wantsCompaction(this.#byteCount)) return;
      const isWritten = this.#writeAnew(log.beginCompaction());
      log.endCompaction(isWritten ? "done" : "failed", nowMs);
      if (!isWritten) noCompactionBeforeMs = nowMs + RETRY_MS;
    };
    return {
      record: (event, memberTime) => write((nowMs) => log.record(event, memberTime, nowMs)),
      recordClock: (memberTime) => write((nowMs) => log.recordClock(memberTime, nowMs)),
      recordCoordinate: (coordinate) => write((nowMs) => log.recordCoordinate(coordinate, nowMs)),
      recordLeave(settled) {
        write((nowMs) => log.recordLeave(nowMs));
        settled();
      },
    };
  }

  /** The machine lost power in the middle of the last write. */
  tear(): void {
    const bytes = this.#join();
    this.#replace(bytes.subarray(0, Math.max(0, bytes.length - TORN_BYTES)));
  }

  #append(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    const isWhole = this.error === undefined || this.error === "rename";
    if (!isWhole) this.failureCount += 1;
    const half = this.error === "full" ? bytes.length >> 1 : 0;
    const written = isWhole ? bytes : bytes.subarray(0, half);
    this.#pieces.push(written);
    this.#byteCount += written.length;
    return isWhole;
  }

  #writeAnew(content: Uint8Array): boolean {
    if (this.error !== undefined) {
      this.failureCount += 1;
      return false;
    }
    this.compactionCount += 1;
    this.#replace(content);
    return true;
  }

  #replace(bytes: Uint8Array): void {
    this.#pieces = [bytes];
    this.#byteCount = bytes.length;
  }

  #join(): Uint8Array {
    const bytes = new Uint8Array(this.#byteCount);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [bytes];
    return bytes;
  }
}
