/**
 * A disk in memory that fails when told to: full, dead, or bereft of power.
 */
import type { SnapshotFilesystem, SnapshotHandle } from "../../src/node/snapshot-filesystem.ts";

interface Inode {
  bytes: Uint8Array;
  /** So much survives a loss of power for certain. */
  syncedLength: number;
}

export type Fault = "open" | "append" | "sync" | "rename" | "truncate" | "syncDirectory";

export class MemoryFilesystem implements SnapshotFilesystem {
  /** Bytes that can still be written before the disk is full. */
  freeBytes = Infinity;
  /** Bytes that can still be written before the process is killed, in the middle of a write. */
  bytesUntilKill = Infinity;
  /** Operations that fail. */
  readonly faults: Set<Fault> = new Set();
  /** Writes wait for it. */
  hang: Promise<void> | undefined;
  /** Operations performed, in order. */
  readonly log: string[] = [];
  #directory = new Map<string, Inode>();
  #durableDirectory = new Map<string, Inode>();
  #isKilled = false;

  get isKilled(): boolean {
    return this.#isKilled;
  }

  text(path: string): string | undefined {
    const inode = this.#directory.get(path);
    return inode && Buffer.from(inode.bytes).toString("utf8");
  }

  write(path: string, text: string): void {
    const bytes = new Uint8Array(Buffer.from(text, "utf8"));
    const inode = { bytes, syncedLength: bytes.length };
    this.#directory.set(path, inode);
    this.#durableDirectory.set(path, inode);
  }

  /** The process dies; what it wrote stays. */
  afterKill(): MemoryFilesystem {
    const next = new MemoryFilesystem();
    next.#adopt(this.#directory, (inode) => inode.bytes.length);
    return next;
  }

  /**
   * The power goes: renames and files not synced are undone, bytes not synced are there or not.
   *
   * @param keptRatio - how much of them is still there, 0 to 1.
   */
  afterPowerLoss(keptRatio: number): MemoryFilesystem {
    const next = new MemoryFilesystem();
    next.#adopt(
      this.#durableDirectory,
      ({ bytes, syncedLength }) =>
        syncedLength + Math.floor((bytes.length - syncedLength) * keptRatio),
    );
    return next;
  }

  async read(path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = this.#directory.get(path)?.bytes.slice();
    return bytes === undefined ? undefined : pieces(bytes);
  }

  async open(path: string, mode: "append" | "truncate"): Promise<SnapshotHandle> {
    this.#begin("open", path);
    const inode = this.#directory.get(path) ?? { bytes: new Uint8Array(), syncedLength: 0 };
    if (mode === "truncate") {
      inode.bytes = new Uint8Array();
      inode.syncedLength = 0;
    }
    this.#directory.set(path, inode);
    return {
      append: async (bytes) => {
        this.#begin("append", path);
        await this.hang;
        this.#append(inode, bytes);
      },
      truncate: async (lengthBytes) => {
        this.#begin("truncate", path);
        inode.bytes = inode.bytes.slice(0, lengthBytes);
        inode.syncedLength = Math.min(inode.syncedLength, lengthBytes);
      },
      sync: async () => {
        this.#begin("sync", path);
        inode.syncedLength = inode.bytes.length;
      },
      close: async () => undefined,
    };
  }

  async rename(source: string, target: string): Promise<void> {
    this.#begin("rename", target);
    const inode = this.#directory.get(source);
    if (inode === undefined) throw new Error(`no ${source}`);
    this.#directory.set(target, inode);
    this.#directory.delete(source);
  }

  async remove(path: string): Promise<void> {
    this.#directory.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#begin("syncDirectory", path);
    this.#durableDirectory = new Map(this.#directory);
  }

  #begin(operation: Fault, path: string): void {
    if (this.#isKilled) throw new Error("killed");
    if (this.faults.has(operation)) throw new Error(`${operation} fails`);
    this.log.push(`${operation} ${path}`);
  }

  #append(inode: Inode, bytes: Uint8Array): void {
    const written = Math.min(bytes.length, this.freeBytes, this.bytesUntilKill);
    inode.bytes = new Uint8Array([...inode.bytes, ...bytes.subarray(0, written)]);
    this.freeBytes -= written;
    this.bytesUntilKill -= written;
    if (written === bytes.length) return;
    this.#isKilled = this.bytesUntilKill === 0;
    throw new Error(this.#isKilled ? "killed" : "ENOSPC");
  }

  #adopt(directory: ReadonlyMap<string, Inode>, lengthOf: (inode: Inode) => number): void {
    for (const [path, inode] of directory) {
      const bytes = inode.bytes.slice(0, lengthOf(inode));
      this.#directory.set(path, { bytes, syncedLength: bytes.length });
    }
    this.#durableDirectory = new Map(this.#directory);
  }
}

/** Short enough that hardly a line comes in one piece. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 7) yield bytes.subarray(start, start + 7);
}
