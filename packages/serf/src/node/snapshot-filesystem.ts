/**
 * The little of a file system a snapshot needs, as a port: tests let it fail at any byte.
 */
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** A file open for writing. */
export interface SnapshotHandle {
  /** Writes all bytes at the end, or rejects; then a part of them may stand there. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts the file to a length. */
  truncate(lengthBytes: number): Promise<void>;
  /** Settles when everything written survives a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What a snapshot asks of a file system; every method may reject. */
export interface SnapshotFilesystem {
  /**
   * The content, piece by piece; `undefined` when there is no such file. To be iterated once, to
   * the end or until broken off: that closes the file.
   */
  read(path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Creates the file if there is none. */
  open(path: string, mode: "append" | "truncate"): Promise<SnapshotHandle>;
  /** Replaces `target` if it exists, in one step. */
  rename(source: string, target: string): Promise<void>;
  /** No error if there is no such file. */
  remove(path: string): Promise<void>;
  /** Makes renames among the siblings of `path` survive a loss of power. */
  syncDirectory(path: string): Promise<void>;
}

/**
 * Mode of a snapshot. Deviation: the reference marks a compacted file executable (0755); nothing
 * executes it. Source: Serf specification §14.
 */
const snapshotMode = 0o644;

/** The file system of this machine. */
export const nodeSnapshotFilesystem: SnapshotFilesystem = {
  async read(path) {
    try {
      return (await open(path, "r")).createReadStream();
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  },
  async open(path, mode) {
    return nodeHandle(await open(path, mode === "append" ? "a" : "w", snapshotMode));
  },
  rename,
  async remove(path) {
    await rm(path, { force: true });
  },
  async syncDirectory(path) {
    let directory: FileHandle;
    try {
      directory = await open(dirname(path), "r");
    } catch (error) {
      // Windows opens no directories; there a rename needs no such thing.
      if (hasCode(error, "EISDIR") || hasCode(error, "EPERM")) return;
      throw error;
    }
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

function nodeHandle(file: FileHandle): SnapshotHandle {
  return {
    async append(bytes) {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
        if (bytesWritten === 0) throw new Error("the file system took no bytes");
        written += bytesWritten;
      }
    },
    truncate: (lengthBytes) => file.truncate(lengthBytes),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
