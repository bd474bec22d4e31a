/**
 * Which names a member may have.
 *
 * Source: Serf specification §16 rule 1.
 */
import { encodeName } from "@x/swim/wire";

/** Longest name where names are validated. */
export const NAME_BYTES_LIMIT = 128;

/**
 * Deviation: the empty name and names with control characters are refused even where validation is
 * off: the reference accepts both, cannot address the one and writes broken snapshot lines for the
 * other.
 *
 * @param isStrict - letters, digits, `-` and `.` only, at most 128 bytes.
 * @returns what is wrong with it, or nothing.
 *
 * @example
 * validateMemberName("web-1.eu", true); // => undefined
 */
export function validateMemberName(name: string, isStrict: boolean): string | undefined {
  if (name === "") return "the name of a member is empty: give it one";
  if (hasControlCharacter(name))
    return `the name of a member holds a control character: ${JSON.stringify(name)}`;
  if (!isStrict) return undefined;
  if (!/^[A-Za-z0-9.-]+$/.test(name)) {
    return `Node name contains invalid characters ${name} , Valid characters include all alpha-numerics and dashes and '.'`;
  }
  const { length } = encodeName(name);
  if (length > NAME_BYTES_LIMIT) {
    return `Node name is ${length} characters. Valid length is between 1 and ${NAME_BYTES_LIMIT} characters`;
  }
  return undefined;
}

function hasControlCharacter(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
