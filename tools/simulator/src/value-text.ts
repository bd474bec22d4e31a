/** Values as text: the same value always the same text, bytes included. */

const MAX_DEPTH = 6;
const MAX_BYTES_SHOWN = 16;

/**
 * One line about any value, for timelines and failures. Properties in the order they were set, bytes
 * in hexadecimal with the middle of long ones left out, at most six levels deep.
 */
export function textOf(value: unknown): string {
  return render(value, 0);
}

function render(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (depth === MAX_DEPTH) return "…";
  if (Array.isArray(value)) {
    return `[${value.map((item) => render(item, depth + 1)).join(", ")}]`;
  }
  if (value instanceof Map) return `Map${render([...value.entries()], depth)}`;
  if (value instanceof Set) return `Set${render([...value.values()], depth)}`;
  if (value instanceof Error) return `${value.name}(${JSON.stringify(value.message)})`;
  const parts = Object.entries(value).map(([name, item]) => `${name}: ${render(item, depth + 1)}`);
  return `{ ${parts.join(", ")} }`;
}

function bytesText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MAX_BYTES_SHOWN), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return bytes.length > MAX_BYTES_SHOWN ? `<${shown}… ${bytes.length} B>` : `<${shown}>`;
}
