/**
 * Which names a member may have.
 *
 * Source: Serf specification §16 rule 1.
 */
import { encodeName } from "@x/swim/wire";

/** Longest name where names are validated. */
export const NAME_BYTES_LIMIT = 128;

/**
 * Deviation: the empty name is refused even where validation is off: the reference accepts it and
 * cannot address it. Names with line breaks are accepted as there, and left out of the snapshot.
 *
 * @param isStrict - letters, digits, `-` and `.` only, at most 128 bytes.
 * @returns what is wrong with it, or nothing.
 *
 * @example
 * validateMemberName("web-1.eu", true); // => undefined
 */
export function validateMemberName(name: string, isStrict: boolean): string | undefined {
  if (name === "") return "the name of a member is empty: give it one";
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
