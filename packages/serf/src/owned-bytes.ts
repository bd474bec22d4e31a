/** Bytes that shall outlive the packet they came in. */

/**
 * @returns the bytes themselves if they fill their memory, else a copy: a view of 40 bytes must not
 *   keep a packet of 64 kB alive.
 */
export function ownedBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
