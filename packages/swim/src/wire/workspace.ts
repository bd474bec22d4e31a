/**
 * Working memory for one who is done with it at the end of a call: shared by all calls, so that
 * nothing is allocated but their results.
 */

/** Bytes, and a view of the same ones for those who move several at once. */
export interface Workspace {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

/** One of so many bytes. */
export function newWorkspace(size: number): Workspace {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer) };
}

let shared = newWorkspace(65_536);
/** Working memory above this size is not kept for the next call. */
const sharedLimitBytes = 262_144;

/** The shared one if it is large enough, or a larger one, which from then on may be the shared one. */
export function sharedWorkspace(size: number): Workspace {
  if (size <= shared.bytes.length) return shared;
  const larger = newWorkspace(size);
  if (size <= sharedLimitBytes) shared = larger;
  return larger;
}
