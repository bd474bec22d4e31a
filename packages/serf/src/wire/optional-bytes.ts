/**
 * Byte strings that may be nil.
 */
import type { MsgpackReader } from "@x/swim/wire";

/**
 * Reads a byte string, telling nil from empty.
 *
 * @returns a copy, so that neither its owner can write into the packet it came in, nor a few bytes
 *   that are kept pin the whole packet in memory.
 * @throws {WireError} and nothing else.
 */
export function readOptionalBytes(reader: MsgpackReader): Uint8Array | undefined {
  return reader.takeNil() ? undefined : reader.readRaw().slice();
}
