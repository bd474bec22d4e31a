/** IP addresses as RPC carries them, made readable. */

/**
 * @param bytes - 4 or 16 bytes, network order.
 * @returns dotted IPv4 (for an IPv4-mapped IPv6 address too), IPv6 in its shortest form (RFC 5952),
 *   or `""` for any other length.
 *
 * @example
 * addressText(Uint8Array.of(127, 0, 0, 1)); // => "127.0.0.1"
 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length !== 16) return "";
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0);
  if (isMapped && bytes[10] === 0xff && bytes[11] === 0xff)
    return [...bytes.subarray(12)].join(".");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2));
  const { start, length } = longestZeroRun(groups);
  const texts = groups.map((group) => group.toString(16));
  if (length < 2) return texts.join(":");
  return `${texts.slice(0, start).join(":")}::${texts.slice(start + length).join(":")}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
