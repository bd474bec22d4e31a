/**
 * A snapshot on a disk that outlives its member: the real log and grammar, without a file.
 *
 * Kept as pieces, joined only when a new life reads them.
 */
import type { RecoveredState, SnapshotPort } from "@x/serf";
import { SnapshotLog } from "../../../packages/serf/src/snapshot/snapshot-log.ts";
import {
  replaySnapshot,
  SnapshotState,
} from "../../../packages/serf/src/snapshot/snapshot-state.ts";

export class MemorySnapshot {
  #pieces: Uint8Array[] = [];

  /** What a new life reads. */
  recover(): RecoveredState {
    return replaySnapshot(this.#join(), { rejoinAfterLeave: false }).state.copy();
  }

  /** For one life; what is recorded is on the disk at once. */
  open(): SnapshotPort {
    const { state } = replaySnapshot(this.#join(), { rejoinAfterLeave: false });
    const log = new SnapshotLog(
      state instanceof SnapshotState ? state : new SnapshotState({ rejoinAfterLeave: false }),
    );
    const write = (record: () => void): void => {
      record();
      const pending = log.takePending();
      if (pending.length > 0) this.#pieces.push(pending);
    };
    return {
      record: (event, memberTime) => write(() => log.record(event, memberTime, 0)),
      recordClock: (memberTime) => write(() => log.recordClock(memberTime, 0)),
      recordCoordinate: (coordinate) => write(() => log.recordCoordinate(coordinate, 0)),
      recordLeave(settled) {
        write(() => log.recordLeave(0));
        settled();
      },
    };
  }

  /** The machine lost power in the middle of the last write. */
  tear(): void {
    const bytes = this.#join();
    this.#pieces = [bytes.subarray(0, Math.max(0, bytes.length - 7))];
  }

  #join(): Uint8Array {
    const length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [bytes];
    return bytes;
  }
}
