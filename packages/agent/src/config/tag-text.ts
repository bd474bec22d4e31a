/**
 * Tags as flags write them: `key=value`.
 *
 * Source: agent specification §2, §13.
 */

/** The text is no tag; `message` is the reference's. */
export class TagError extends Error {
  override readonly name = "TagError";
}

/**
 * @returns name and value; the value may be empty and may hold further `=`.
 * @throws {TagError} `Invalid tag: 'foo'` without `=` or with an empty name.
 *
 * @example
 * parseTag("role=web"); // => ["role", "web"]
 */
export function parseTag(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new TagError(`Invalid tag: '${text}'`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
