/**
 * Replaces a small file so that a crash leaves either the old or the new content, never a piece.
 *
 * Deviation: the reference rewrites in place (agent specification §14).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes to a temporary file beside `path`, flushes it to the disk and renames it over.
 *
 * @param mode - for a new file; an existing one keeps its mode.
 * @throws the system's error; the old file is untouched then.
 */
export function replaceFile(path: string, content: string, mode: number): void {
  const existing = statSync(path, { throwIfNoEntry: false });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, "w", existing === undefined ? mode : existing.mode & 0o777);
  try {
    try {
      const bytes = Buffer.from(content);
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
}

/** The new name is durable only when its folder is; not every system lets a folder be flushed. */
function flushFolder(folder: string): void {
  let handle: number;
  try {
    handle = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(handle);
  } catch {
    // The rename itself has succeeded.
  } finally {
    closeSync(handle);
  }
}
