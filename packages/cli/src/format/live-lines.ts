/**
 * A few lines at the end of a terminal that are painted over as things change. Elsewhere than on a
 * terminal it paints nothing, so scripts read the same as ever.
 */
import type { Terminal } from "../terminal.ts";

const eraseBelow = "\u001b[J";

/** Colours for people, by what a word means. Honours NO_COLOR. */
export function paint(
  terminal: Terminal,
  colour: "good" | "bad" | "gone" | "faint",
  text: string,
): string {
  if (!terminal.isInteractive || terminal.environment["NO_COLOR"]) return text;
  const code = { good: 32, bad: 31, gone: 33, faint: 2 }[colour];
  return `\u001b[${code}m${text}\u001b[0m`;
}

export class LiveLines {
  readonly #terminal: Terminal;
  #shownCount = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces what was shown before. Long lines are cut to the width, so that they can be erased. */
  show(lines: readonly string[]): void {
    if (!this.#terminal.isInteractive) return;
    const width = Math.max(20, this.#terminal.columns - 1);
    // oxlint-disable-next-line no-control-regex -- colours take no room on the screen
    const plainLength = (line: string): number => line.replaceAll(/\u001b\[\d+m/g, "").length;
    const cut = lines.map((line) => (plainLength(line) > width ? line.slice(0, width) : line));
    this.#terminal.writeOut(`${this.#eraser()}${cut.join("\n")}\n`);
    this.#shownCount = cut.length;
  }

  /** Takes the lines away; what is written next stands in their place. */
  clear(): void {
    if (!this.#terminal.isInteractive || this.#shownCount === 0) return;
    this.#terminal.writeOut(this.#eraser());
    this.#shownCount = 0;
  }

  #eraser(): string {
    return this.#shownCount === 0 ? "" : `\u001b[${this.#shownCount}A\r${eraseBelow}`;
  }
}
