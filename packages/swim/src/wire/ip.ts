/**
 * IP addresses: raw bytes on the wire, text for sockets and people.
 *
 * A reference member bound to 0.0.0.0 announces an IPv4 address in its 16-byte mapped form, and
 * members compare what was announced byte for byte. So bytes are kept as they came and only made
 * canonical to be shown, dialled or compared.
 *
 * Source: wire specification §9, §13.
 */

const mappedPrefixBytes = 12;

/**
 * The address as text.
 *
 * @param bytes - 4 bytes, or 16; an IPv4-mapped one is shown as IPv4.
 * @returns dotted IPv4, or IPv6 in the canonical form of RFC 5952.
 * @throws {RangeError} for any other length.
 *
 * @example
 * addressText(Uint8Array.of(127, 0, 0, 1)); // => "127.0.0.1"
 */
export function addressText(bytes: Uint8Array): string {
  const canonical = canonicalAddress(bytes);
  if (canonical.length === 4) return canonical.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((canonical[i] ?? 0) << 8) | (canonical[i + 1] ?? 0));
  const gap = longestZeroRun(groups);
  const head = groups.slice(0, gap.start).map(hexadecimal).join(":");
  if (gap.length === 0) return head;
  return `${head}::${groups
    .slice(gap.start + gap.length)
    .map(hexadecimal)
    .join(":")}`;
}

/**
 * The raw bytes of an address.
 *
 * @param text - dotted IPv4, or IPv6 without brackets; a zone (`%eth0`) is left out, for it means
 *   nothing to another member.
 * @returns 4 bytes for IPv4, 16 for IPv6.
 * @throws {RangeError} if the text is no IP address.
 *
 * @example
 * addressBytes("::1").length; // => 16
 */
export function addressBytes(text: string): Uint8Array {
  const bytes = text.includes(":") ? ipv6Bytes(text.replace(/%.*$/s, "")) : ipv4Bytes(text);
  if (bytes === undefined) throw new RangeError(`not an IP address: ${JSON.stringify(text)}`);
  return bytes;
}

/**
 * The shortest bytes of the same address.
 *
 * @returns 4 bytes for IPv4 and its mapped form (a view), else the bytes themselves.
 * @throws {RangeError} unless there are 4 or 16 bytes.
 */
export function canonicalAddress(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  }
  return isMapped(bytes) ? bytes.subarray(mappedPrefixBytes) : bytes;
}

/**
 * Whether both mean the same address; IPv4 and its mapped form do. Bytes of any other length
 * are only the same as equal bytes.
 */
export function sameAddress(first: Uint8Array, second: Uint8Array): boolean {
  const firstStart = isMapped(first) ? mappedPrefixBytes : 0;
  const secondStart = isMapped(second) ? mappedPrefixBytes : 0;
  const length = first.length - firstStart;
  if (length !== second.length - secondStart) return false;
  for (let i = 0; i < length; i += 1) {
    if (first[firstStart + i] !== second[secondStart + i]) return false;
  }
  return true;
}

/**
 * Whether a member can live at this address: 4 or 16 bytes, and neither unspecified, multicast
 * nor the limited broadcast address. Believing such a claim would turn this member into a
 * packet cannon.
 *
 * Source: wire specification §13.
 */
export function isMemberAddress(bytes: Uint8Array): boolean {
  if (bytes.length !== 4 && bytes.length !== 16) return false;
  const start = isMapped(bytes) ? mappedPrefixBytes : 0;
  const isIpv4 = bytes.length - start === 4;
  const first = bytes[start] ?? 0;
  if (isIpv4 ? first >= 224 && first <= 239 : first === 0xff) return false;
  let all = 0xff;
  let any = 0;
  for (let i = start; i < bytes.length; i += 1) {
    all &= bytes[i] ?? 0;
    any |= bytes[i] ?? 0;
  }
  return any !== 0 && !(isIpv4 && all === 0xff);
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  for (let i = 0; i < 10; i += 1) if (bytes[i] !== 0) return false;
  return true;
}

function hexadecimal(group: number): string {
  return group.toString(16);
}

/** The first longest run of at least two zero groups, which RFC 5952 §4.2 writes as `::`. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: groups.length, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i += 1) {
    if (groups[i] === 0) continue;
    if (i - start >= 2 && i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i += 1) {
    const digits = match[i + 1] ?? "";
    // "010" is 8 to some programs and 10 to others, so it is nothing to us (RFC 6943 §3.1.1).
    if ((digits.length > 1 && digits.startsWith("0")) || Number(digits) > 255) return undefined;
    bytes[i] = Number(digits);
  }
  return bytes;
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  const head = ipv6Groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 1 ? [] : ipv6Groups(halves[1] ?? "", true);
  if (halves.length > 2 || head === undefined || tail === undefined) return undefined;
  const count = head.length + tail.length;
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined;
  const bytes = new Uint8Array(16);
  head.forEach((group, i) => bytes.set([group >>> 8, group & 0xff], 2 * i));
  tail.forEach((group, i) => bytes.set([group >>> 8, group & 0xff], 16 - 2 * (tail.length - i)));
  return bytes;
}

/** @param isLast - only the end of an address may be written as dotted IPv4. */
function ipv6Groups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const embedded = isLast && i === parts.length - 1 ? ipv4Bytes(part) : undefined;
    if (embedded === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = embedded;
    groups.push((a << 8) | b, (c << 8) | d);
  }
  return groups;
}
