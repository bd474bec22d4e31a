/** What kind of IP address a text is, without `node:net`, which takes as long to load as Bun to start. */

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export function isIPv4(text: string): boolean {
  return ipv4.test(text);
}

/** A zone may follow, after a percent sign. */
export function isIPv6(text: string): boolean {
  const percent = text.indexOf("%");
  if (percent < 0) return isPlainIPv6(text);
  return /^[\da-z.:-]+$/i.test(text.slice(percent + 1)) && isPlainIPv6(text.slice(0, percent));
}

/** Source: RFC 4291 §2.2: eight groups, or fewer around one `::`; the last two may be an IPv4 address. */
function isPlainIPv6(text: string): boolean {
  const [head = "", tail, more] = text.split("::");
  if (more !== undefined) return false;
  if (tail === undefined) return groupCount(head, true) === 8;
  return groupCount(head, false) + groupCount(tail, true) <= 7;
}

/** @returns infinity for what are no groups. */
function groupCount(text: string, mayEndInIPv4: boolean): number {
  if (text === "") return 0;
  const groups = text.split(":");
  const endsInIPv4 = mayEndInIPv4 && isIPv4(groups.at(-1) ?? "");
  if (endsInIPv4) groups.splice(-1, 1, "0", "0");
  return groups.every((group) => /^[\da-f]{1,4}$/i.test(group)) ? groups.length : Infinity;
}

/** @returns 4, 6, or 0 for what is no IP address. */
export function isIP(text: string): 0 | 4 | 6 {
  if (isIPv4(text)) return 4;
  return isIPv6(text) ? 6 : 0;
}
