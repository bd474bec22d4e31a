/**
 * Values in the notation `serf monitor` has always printed them in (`%#v` of Go).
 *
 * Source: CLI specification §5.13.
 */
import { goQuote } from "@x/agent/flags";

/** A value of an event record. */
export type GoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly GoValue[]
  | { readonly [key: string]: GoValue };

/** Integers a decoder of the reference keeps signed; larger ones it makes unsigned. */
const largestSigned = 127n;

function hexByte(byte: number): string {
  return `0x${byte.toString(16)}`;
}

/**
 * @param isNested - bytes inside a list or map carry another type name.
 *
 * @example
 * goSyntax("deploy"); // => "\"deploy\""
 */
export function goSyntax(value: GoValue, isNested = false): string {
  if (value === null) return isNested ? "interface {}(nil)" : "<nil>";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number" || typeof value === "bigint") {
    const integer = BigInt(value);
    return integer > largestSigned ? `0x${integer.toString(16)}` : String(integer);
  }
  if (value instanceof Uint8Array) {
    const bytes = [...value].map(hexByte).join(", ");
    return `${isNested ? "[]uint8" : "[]byte"}{${bytes}}`;
  }
  if (Array.isArray(value)) {
    const items = (value as readonly GoValue[]).map((item) => goSyntax(item, true));
    return `[]interface {}{${items.join(", ")}}`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${goQuote(key)}:${goSyntax(item, true)}`,
  );
  return `map[interface {}]interface {}{${entries.join(", ")}}`;
}
