/**
 * A snapshot on a disk that survives its member: the real log and grammar, without a file system.
 */
import type { RecoveredState, SnapshotPort } from "@x/serf";
import { SnapshotLog } from "../../src/snapshot/snapshot-log.ts";
import { replaySnapshot, SnapshotState } from "../../src/snapshot/snapshot-state.ts";

export class MemorySnapshot {
  readonly #rejoinAfterLeave: boolean;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(options: { readonly rejoinAfterLeave?: boolean } = {}) {
    this.#rejoinAfterLeave = options.rejoinAfterLeave === true;
  }

  /** What a new life reads. */
  recover(): RecoveredState {
    return replaySnapshot(this.#bytes, { rejoinAfterLeave: this.#rejoinAfterLeave }).state.copy();
  }

  /** For one life; what is recorded is on the disk at once. */
  open(): SnapshotPort {
    const { state } = replaySnapshot(this.#bytes, { rejoinAfterLeave: this.#rejoinAfterLeave });
    const log = new SnapshotLog(
      state instanceof SnapshotState
        ? state
        : new SnapshotState({ rejoinAfterLeave: this.#rejoinAfterLeave }),
    );
    const write = (record: () => void): void => {
      record();
      const pending = log.takePending();
      const bytes = new Uint8Array(this.#bytes.length + pending.length);
      bytes.set(this.#bytes);
      bytes.set(pending, this.#bytes.length);
      this.#bytes = bytes;
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
}
