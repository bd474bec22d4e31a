import type { DatagramMessage } from "./message.ts";
import type { WireLimits } from "./wire-limits.ts";
import { defaultWireLimits } from "./wire-limits.ts";

/** Type byte and body. @throws {RangeError} for a field the wire cannot hold. */
export function encodeMessage(message: DatagramMessage): Uint8Array {
  throw new Error(message.kind);
}

/** @param bytes - type byte and body; trailing bytes are ignored. @throws {WireError} */
export function decodeMessage(bytes: Uint8Array, limits: WireLimits = defaultWireLimits): DatagramMessage {
  throw new Error(`${bytes} ${limits.metaBytes}`);
}
