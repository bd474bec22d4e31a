/**
 * Opening a snapshot: cuts off a torn last line, recovers a complete `.compact` left by a crash, and
 * reads in pieces, so that a file that could not be compacted for long costs time and no memory.
 *
 * Read next: `snapshot-file.ts`, what is opened.
 *
 * Source: Serf specification §14, §20 items 26 and 27.
 */
import { SnapshotLog } from "../snapshot/snapshot-log.ts";
import { SnapshotReplay } from "../snapshot/snapshot-state.ts";
import {
  closeQuietly,
  compactSuffix,
  SnapshotFile,
  type SnapshotFileOptions,
} from "./snapshot-file.ts";
import { nodeSnapshotFilesystem, type SnapshotFilesystem } from "./snapshot-filesystem.ts";

const LINE_BREAK = 0x0a;

/** More than the last line of a compacted file takes: title, twenty digits, two line breaks. */
const LAST_LINE_BYTES = 64;

/**
 * Opens a snapshot, recovering what it holds; creates it if there is none.
 *
 * @throws the file system's error if the file can be neither read nor opened for writing.
 */
export async function openSnapshot(options: SnapshotFileOptions): Promise<SnapshotFile> {
  const filesystem = options.filesystem ?? nodeSnapshotFilesystem;
  await recoverCompacted(filesystem, options.path);
  const found = await filesystem.read(options.path);
  const replay = new SnapshotReplay({
    ...options,
    rejoinAfterLeave: options.rejoinAfterLeave ?? false,
  });
  if (found !== undefined) for await (const piece of found) replay.push(piece);
  const { state, completeBytes } = replay;
  const recovered = state.copy();
  const handle = await filesystem.open(options.path, "append");
  const tornBytes = replay.readBytes - completeBytes;
  try {
    if (tornBytes > 0) await handle.truncate(completeBytes);
    // A file that has just been created must itself survive a loss of power.
    if (found === undefined) await filesystem.syncDirectory(options.path);
  } catch (error) {
    await closeQuietly(handle);
    throw error;
  }
  if (tornBytes > 0) {
    const message = `cut ${tornBytes} bytes of a torn last line off ${options.path}`;
    options.onReport?.({ kind: "torn-line-cut", message });
  }
  const log = new SnapshotLog(state, options);
  return new SnapshotFile({ ...options, filesystem }, { log, recovered, handle, completeBytes });
}

/**
 * A compaction of the reference removes the old file before it renames the new one; a crash
 * between leaves only `.compact`. Source: Serf specification §20 item 27.
 */
async function recoverCompacted(filesystem: SnapshotFilesystem, path: string): Promise<void> {
  const compactPath = path + compactSuffix;
  const compacted = await filesystem.read(compactPath);
  if (compacted === undefined) return;
  const isWhole = await isComplete(compacted);
  const current = await filesystem.read(path);
  const isCurrentUseful = current !== undefined && (await hasLine(current));
  if (isCurrentUseful || !isWhole) {
    await filesystem.remove(compactPath);
    return;
  }
  await filesystem.rename(compactPath, path);
  await filesystem.syncDirectory(path);
}

/** A compacted file ends with its query clock. Source: Serf specification §14. */
async function isComplete(compacted: AsyncIterable<Uint8Array>): Promise<boolean> {
  let end = "";
  for await (const piece of compacted) {
    end = (end + Buffer.from(piece).toString("latin1")).slice(-LAST_LINE_BYTES);
  }
  return /(^|\n)query-clock: [0-9]+\n$/.test(end);
}

async function hasLine(file: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const piece of file) if (piece.includes(LINE_BREAK)) return true;
  return false;
}
