/** What kind of IP address a text is, without the expressions Node compiles for IPv6. */

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export function isIPv4(text: string): boolean {
  return ipv4.test(text);
}

export function isIPv6(text: string): boolean {
  // Two colons at least. What has them is left to Node's module, which is loaded for it.
  if (text.indexOf(":") === text.lastIndexOf(":")) return false;
  return process.getBuiltinModule("node:net").isIPv6(text);
}

/** @returns 4, 6, or 0 for what is no IP address. */
export function isIP(text: string): 0 | 4 | 6 {
  if (isIPv4(text)) return 4;
  return isIPv6(text) ? 6 : 0;
}
