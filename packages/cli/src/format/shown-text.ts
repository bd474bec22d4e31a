/**
 * Text of strangers, as a person may see it.
 *
 * Names, tags and answers are whatever any member of the cluster chose, and a terminal obeys
 * control characters. For programs nothing is changed: they read what they always read.
 */
import type { Terminal } from "../terminal.ts";

/** Escapes control characters other than newline and tab, on terminals only. */
export function shownText(terminal: Pick<Terminal, "isInteractive">, text: string): string {
  if (!terminal.isInteractive) return text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
