/** IP addresses as raw bytes (wire) and as text (sockets, people). */

/** @returns dotted IPv4 for 4 bytes and for IPv4-mapped 16 bytes, else RFC 5952 IPv6; throws RangeError for other lengths. */
export function addressText(bytes: Uint8Array): string {
  throw new Error(String(bytes));
}

/** @returns 4 bytes for IPv4 text, 16 for IPv6 (a zone is ignored); throws RangeError when the text is no address. */
export function addressBytes(text: string): Uint8Array {
  throw new Error(text);
}

/** @returns the 4-byte form of an IPv4-mapped address, else the bytes themselves. */
export function canonicalAddress(bytes: Uint8Array): Uint8Array {
  throw new Error(String(bytes));
}

/** @returns whether both mean the same address; IPv4 and its mapped form do. */
export function sameAddress(first: Uint8Array, second: Uint8Array): boolean {
  throw new Error(`${first} ${second}`);
}

/** @returns whether a member can live there: neither unspecified, multicast nor broadcast (wire specification §13.5). */
export function isMemberAddress(bytes: Uint8Array): boolean {
  throw new Error(String(bytes));
}
