/**
 * Where bytes of strangers come in.
 *
 * Read next: `core-doors.ts`, `file-doors.ts`, `rpc-doors.ts`, `mdns-door.ts`.
 */
import type { SeededRandom } from "@x/simulator";

/** Every door there is. */
export type DoorName =
  | "datagram"
  | "sealed-datagram"
  | "stream"
  | "sealed-stream"
  | "mdns"
  | "rpc-request"
  | "rpc-answer"
  | "snapshot"
  | "tags-file"
  | "keyring"
  | "config";

/** Takes one input; throws only what is wrong. A door may remember what came in before. */
export type Door = (bytes: Uint8Array, random: SeededRandom) => void;

/** Runs an action that may fail in the named ways, and in no other. */
export function allowing(
  allowed: readonly (new (...args: never[]) => Error)[],
  action: () => void,
): void {
  try {
    action();
  } catch (error) {
    if (!allowed.some((kind) => error instanceof kind)) throw error;
  }
}
