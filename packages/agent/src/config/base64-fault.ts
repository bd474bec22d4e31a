/**
 * Says what is wrong with a base64 text as the reference's decoder would.
 *
 * Source: agent specification §2 (`Invalid encryption key: illegal base64 data at input byte 0`).
 */

/**
 * @returns the reference's complaint about a base64 text, with the position of the first byte
 *   that does not fit; `undefined` when the text is fine.
 */
export function base64Fault(text: string): string | undefined {
  // Line breaks are skipped by the reference's decoder.
  let significant = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === "\r" || character === "\n") continue;
    const left = significant % 4;
    if (character === "=") {
      const rest = text.slice(index).replaceAll(/[\r\n]/g, "");
      const wanted = left === 2 ? "==" : left === 3 ? "=" : undefined;
      if (wanted === undefined) return `illegal base64 data at input byte ${index}`;
      if (rest === wanted) return undefined;
      const after = rest.startsWith(wanted)
        ? index + wanted.length
        : index + Math.max(1, rest.length);
      return `illegal base64 data at input byte ${Math.min(after, text.length)}`;
    }
    if (!/[A-Za-z0-9+/]/.test(character)) return `illegal base64 data at input byte ${index}`;
    significant += 1;
  }
  return significant % 4 === 0
    ? undefined
    : `illegal base64 data at input byte ${text.length - (significant % 4)}`;
}
