/**
 * JSON as scripts of the reference's users read it: two blanks, keys of records in their order,
 * `<`, `>`, `&` and the two line separators escaped.
 *
 * Source: CLI specification §4.
 */

/** What can be written; keys keep their order. */
export type JsonOutput =
  null | boolean | number | string | readonly JsonOutput[] | { readonly [key: string]: JsonOutput };

/** Formats a value; no newline at the end. Absent lists are written as `null` by the caller. */
export function formatJson(value: JsonOutput): string {
  return format(value, "");
}

function format(value: JsonOutput, indent: string): string {
  if (typeof value === "string") return jsonText(value);
  if (value === null || typeof value !== "object") return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly JsonOutput[]).map((item) => `${inner}${format(item, inner)}`);
    return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}${jsonText(key)}: ${format(item, inner)}`,
  );
  return entries.length === 0 ? "{}" : `{\n${entries.join(",\n")}\n${indent}}`;
}

/** Sorts the keys of a map, as the reference prints maps. */
export function sortedKeys<Value>(map: Readonly<Record<string, Value>>): Record<string, Value> {
  const entries = Object.keys(map)
    .sort()
    .map((key): [string, Value] => [key, map[key] as Value]);
  return Object.fromEntries(entries);
}

/** A JSON text; bytes that are no UTF-8 (lone surrogates here) become U+FFFD. */
export function jsonText(text: string): string {
  const whole = text.replaceAll(/\p{Surrogate}/gu, "\ufffd");
  return JSON.stringify(whole).replaceAll(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
