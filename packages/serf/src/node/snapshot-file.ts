/**
 * The snapshot of a member in a file: it survives a kill, a full disk and a loss of power.
 *
 * - Lines are appended within 500 ms, by a timer, or as soon as `written` asks for it. What `flush`, `leave` or `close` acknowledged is
 *   synced to the disk.
 * - A compaction writes a new file, syncs it, renames it over the old one and syncs the directory:
 *   at every moment one of the two is whole.
 * - After a failed write nothing more is appended: the file may end in half a line. Every 30 s a
 *   compaction is tried, which writes everything anew.
 *
 * Recording never waits and never throws. Reads and writes form one queue, so there is never more
 * than one at a time.
 *
 * Read next: `open-snapshot.ts`, `../snapshot/snapshot-log.ts`, which decides what and when.
 *
 * Source: Serf specification §14, §20 items 26 to 30.
 */
import type { Coordinate } from "@x/vivaldi";
import type { LamportTime } from "../serf-event.ts";
import type { SnapshotEvent, SnapshotLog, SnapshotLogOptions } from "../snapshot/snapshot-log.ts";
import type { RecoveredSnapshot, SnapshotStateOptions } from "../snapshot/snapshot-state.ts";
import {
  nodeSnapshotFilesystem,
  type SnapshotFilesystem,
  type SnapshotHandle,
} from "./snapshot-filesystem.ts";

/** Something about the file that the user should know; the member goes on all the same. */
export interface SnapshotReport {
  readonly kind:
    | "append-failed"
    | "sync-failed"
    | "compaction-failed"
    | "compacted"
    | "torn-line-cut"
    /** Events no longer wait for a file that hangs; after a kill they might come again. */
    | "delivered-unwritten";
  /** For people. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Time, as a port. */
export interface SnapshotClock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs once after a while. @returns what cancels it. */
  schedule(afterMs: number, run: () => void): () => void;
}

/** Options of `openSnapshot`. */
export interface SnapshotFileOptions extends Partial<SnapshotStateOptions>, SnapshotLogOptions {
  readonly path: string;
  /** How long after a failed write or compaction the next is tried. Default 30,000. */
  readonly retryPeriodMs?: number;
  readonly filesystem?: SnapshotFilesystem;
  readonly clock?: SnapshotClock;
  readonly onReport?: (report: SnapshotReport) => void;
}

/** Source: Serf specification §17, snapshot error retry. */
const defaultRetryPeriodMs = 30_000;

/** Of the file a compaction writes before it takes the place of the old one. */
export const compactSuffix = ".compact";

const nodeClock: SnapshotClock = {
  nowMs: () => performance.now(),
  schedule(afterMs, run) {
    const timer = setTimeout(run, afterMs);
    // A member that is otherwise done must not be kept alive by its snapshot.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What `openSnapshot` found. */
export interface OpenedSnapshot {
  readonly log: SnapshotLog;
  readonly recovered: RecoveredSnapshot;
  readonly handle: SnapshotHandle;
  readonly completeBytes: number;
}

/** An open snapshot. */
export class SnapshotFile {
  /** What the file held when it was opened. */
  readonly recovered: RecoveredSnapshot;
  readonly #path: string;
  readonly #filesystem: SnapshotFilesystem;
  readonly #clock: SnapshotClock;
  readonly #retryPeriodMs: number;
  readonly #onReport: (report: SnapshotReport) => void;
  readonly #log: SnapshotLog;
  #handle: SnapshotHandle;
  #fileBytes: number;
  /** The last piece of work in the queue; never rejects. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Pieces of work in the queue, the one under way included. */
  #workCount = 0;
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Infinity;
  #isDueWriteQueued = false;
  /** A rename might still be undone by a loss of power. */
  #mustSyncDirectory = false;
  #noCompactionBeforeMs = -Infinity;
  #isClosed = false;

  /** Use `openSnapshot`. */
  constructor(options: SnapshotFileOptions, opened: OpenedSnapshot) {
    this.#path = options.path;
    this.#filesystem = options.filesystem ?? nodeSnapshotFilesystem;
    this.#clock = options.clock ?? nodeClock;
    this.#retryPeriodMs = options.retryPeriodMs ?? defaultRetryPeriodMs;
    this.#onReport = options.onReport ?? (() => undefined);
    this.#log = opened.log;
    this.recovered = opened.recovered;
    this.#handle = opened.handle;
    this.#fileBytes = opened.completeBytes;
  }

  /** Takes in an event; `memberTime` is the member clock now. Nothing happens once closed. */
  record(event: SnapshotEvent, memberTime: LamportTime): void {
    this.#note((nowMs) => this.#log.record(event, memberTime, nowMs));
  }

  /** Takes in the member clock; called every 500 ms by whoever owns the clock. */
  recordClock(memberTime: LamportTime): void {
    this.#note((nowMs) => this.#log.recordClock(memberTime, nowMs));
  }

  /** Takes in where this member is in the network; once a minute is plenty. */
  recordCoordinate(coordinate: Coordinate): void {
    this.#note((nowMs) => this.#log.recordCoordinate(coordinate, nowMs));
  }

  /** Nothing recorded is on its way to the file; what is lost until the file is written anew is not. */
  get isSettled(): boolean {
    return this.#isClosed || (this.#workCount === 0 && this.#log.pendingLength === 0);
  }

  /**
   * Resolves when all that was recorded so far is in the file, if not yet safe from a loss of
   * power, or when that has failed, which is reported. Never rejects.
   */
  async written(): Promise<void> {
    await this.#enqueue(async () => {
      if (this.#isClosed || this.#log.mustCompact) return;
      await this.#appendPending();
      // Since lines never wait for long then, the timer would never come to compact.
      if (!this.#log.mustCompact && this.#isCompactionDue()) this.#queueDueWrite();
    });
  }

  /**
   * Records a graceful leave. Settles when it is safe on the disk: only then may others be told.
   *
   * @throws the file system's error if it is not.
   */
  leave(): Promise<void> {
    this.#note((nowMs) => this.#log.recordLeave(nowMs));
    return this.flush();
  }

  /**
   * Settles when all that was recorded so far is safe on the disk.
   *
   * @throws the file system's error if it is not.
   */
  flush(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#isClosed) return;
      await this.#write();
      await this.#sync();
    });
  }

  /**
   * Records the clock a last time, flushes and closes. Closing twice is harmless.
   *
   * @throws the file system's error if something recorded is not on the disk; closed it is.
   */
  async close(memberTime: LamportTime): Promise<void> {
    this.recordClock(memberTime);
    try {
      await this.flush();
    } finally {
      await this.#enqueue(async () => {
        if (this.#isClosed) return;
        this.#isClosed = true;
        this.#cancelTimer?.();
        await this.#handle.close();
      });
    }
  }

  #note(record: (nowMs: number) => void): void {
    if (this.#isClosed) return;
    record(this.#clock.nowMs());
    this.#armTimer();
  }

  /** Runs work after all work before it, whether that succeeded or not. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#workCount += 1;
    const result = this.#queue.then(work);
    const settled = (): void => {
      this.#workCount -= 1;
      this.#armTimer();
    };
    this.#queue = result.then(settled, settled);
    return result;
  }

  #armTimer(): void {
    const dueMs = this.#nextDueMs();
    if (this.#isClosed || this.#isDueWriteQueued || dueMs === this.#timerDueMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerDueMs = dueMs;
    if (dueMs === Infinity) return;
    const afterMs = Math.max(0, dueMs - this.#clock.nowMs());
    this.#cancelTimer = this.#clock.schedule(afterMs, () => this.#queueDueWrite());
  }

  /** At most one waits in the queue, however long the disk takes for the work before it. */
  #queueDueWrite(): void {
    if (this.#isDueWriteQueued) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerDueMs = Infinity;
    this.#isDueWriteQueued = true;
    const written = this.#enqueue(async () => {
      this.#isDueWriteQueued = false;
      if (this.#isClosed) return;
      const isDue = this.#clock.nowMs() >= this.#nextDueMs();
      if (isDue || this.#isCompactionDue()) await this.#write();
    });
    // The failure has been reported where it happened, and the write is tried again by itself.
    written.catch(() => undefined);
  }

  #nextDueMs(): number {
    if (this.#log.mustCompact) return this.#noCompactionBeforeMs;
    return this.#log.nextFlushMs();
  }

  /** Brings everything recorded so far into the file; rejects if it cannot. */
  async #write(): Promise<void> {
    if (!this.#log.mustCompact) await this.#appendPending();
    if (this.#log.mustCompact || this.#isCompactionDue()) await this.#compact();
  }

  #isCompactionDue(): boolean {
    if (this.#clock.nowMs() < this.#noCompactionBeforeMs) return false;
    return this.#log.wantsCompaction(this.#fileBytes);
  }

  async #appendPending(): Promise<void> {
    const bytes = this.#log.takePending();
    if (bytes.length === 0) return;
    try {
      await this.#handle.append(bytes);
      this.#fileBytes += bytes.length;
    } catch (cause) {
      // Half a line may stand there now; from here on the log demands a compaction.
      this.#log.markLost();
      this.#report("append-failed", `cannot append to ${this.#path}, writing it anew`, cause);
    }
  }

  async #sync(): Promise<void> {
    try {
      await this.#handle.sync();
    } catch (cause) {
      // After a failed sync nobody knows which of the bytes are on the disk.
      this.#log.markLost();
      this.#report("sync-failed", `cannot sync ${this.#path}, writing it anew`, cause);
      throw cause;
    }
    await this.#syncDirectory();
  }

  /** Rejects if lines are missing in the file afterwards. */
  async #compact(): Promise<void> {
    const content = this.#log.beginCompaction();
    let handle: SnapshotHandle;
    try {
      handle = await this.#writeCompacted(content);
    } catch (cause) {
      const nowMs = this.#clock.nowMs();
      this.#log.endCompaction("failed", nowMs);
      this.#noCompactionBeforeMs = nowMs + this.#retryPeriodMs;
      this.#report("compaction-failed", `cannot write ${this.#path} anew`, cause);
      if (this.#log.mustCompact) throw cause;
      return;
    }
    this.#log.endCompaction("done", this.#clock.nowMs());
    const replaced = this.#handle;
    this.#handle = handle;
    this.#fileBytes = content.length;
    this.#report("compacted", `wrote ${this.#path} anew, ${content.length} bytes`);
    this.#mustSyncDirectory = true;
    await closeQuietly(replaced);
    // Whoever waits for safety waits for `#sync`, which tries again.
    await this.#syncDirectory().catch(() => undefined);
  }

  async #syncDirectory(): Promise<void> {
    if (!this.#mustSyncDirectory) return;
    try {
      await this.#filesystem.syncDirectory(this.#path);
      this.#mustSyncDirectory = false;
    } catch (cause) {
      this.#report("sync-failed", `cannot sync the directory of ${this.#path}`, cause);
      throw cause;
    }
  }

  /** @returns the new file, in place and still open. */
  async #writeCompacted(content: Uint8Array): Promise<SnapshotHandle> {
    const compactPath = this.#path + compactSuffix;
    const handle = await this.#filesystem.open(compactPath, "truncate");
    try {
      await handle.append(content);
      await handle.sync();
      await this.#filesystem.rename(compactPath, this.#path);
      return handle;
    } catch (error) {
      await closeQuietly(handle);
      throw error;
    }
  }

  #report(kind: SnapshotReport["kind"], message: string, cause?: unknown): void {
    this.#onReport(cause === undefined ? { kind, message } : { kind, message, cause });
  }
}

/**
 * Closes a file whose content no longer matters: it has been replaced, or the failure that made it
 * worthless is already on its way to the caller.
 */
export async function closeQuietly(handle: SnapshotHandle): Promise<void> {
  await handle.close().catch(() => undefined);
}
