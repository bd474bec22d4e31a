/**
 * A few lines at the end of a terminal that are painted over as things change. Elsewhere than on a
 * terminal it paints nothing, so scripts read the same as ever.
 */
import type { Terminal } from "../terminal.ts";

const eraseBelow = "\u001b[J";
const plainColour = "\u001b[0m";
/** What a terminal is taken for that says it is smaller. */
const leastColumns = 20;
const leastRows = 4;

/** Colours for people, by what a word means. Honours NO_COLOR. */
export function paint(
  terminal: Terminal,
  colour: "good" | "bad" | "gone" | "faint",
  text: string,
): string {
  if (!terminal.isInteractive || terminal.environment["NO_COLOR"]) return text;
  const code = { good: 32, bad: 31, gone: 33, faint: 2 }[colour];
  return `\u001b[${code}m${text}${plainColour}`;
}

/** Ideographs, syllables and pictures, which take two columns. */
const widePattern =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
// oxlint-disable-next-line no-control-regex -- colours take no room on the screen
const piecePattern = /\u001b\[\d+m|[\s\S]/gu;

/**
 * Cuts a line so that it fills one line of the screen at most, and ends its colour.
 *
 * @param columns - of the screen; colours count nothing, wide characters two.
 */
export function cutToWidth(line: string, columns: number): string {
  let kept = "";
  let width = 0;
  for (const [piece] of line.matchAll(piecePattern)) {
    if (piece.length > 2) {
      kept += piece;
      continue;
    }
    width += widePattern.test(piece) ? 2 : 1;
    if (width > columns) return kept.includes("\u001b") ? kept + plainColour : kept;
    kept += piece;
  }
  return kept;
}

/** Remembers how many lines it painted, so that it can take them away. */
export class LiveLines {
  readonly #terminal: Terminal;
  #shownCount = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Replaces what was shown before. What does not fit on the screen is left out, since it could
   * not be erased: ends of lines, and lines before the last one.
   */
  show(lines: readonly string[]): void {
    if (!this.#terminal.isInteractive) return;
    const columns = Math.max(leastColumns, this.#terminal.columns - 1);
    const fitting = this.#fit(lines).map((line) => cutToWidth(line, columns));
    this.#terminal.writeOut(`${this.#eraser()}${fitting.join("\n")}\n`);
    this.#shownCount = fitting.length;
  }

  /** Takes the lines away; what is written next stands in their place. */
  clear(): void {
    if (!this.#terminal.isInteractive || this.#shownCount === 0) return;
    this.#terminal.writeOut(this.#eraser());
    this.#shownCount = 0;
  }

  #fit(lines: readonly string[]): readonly string[] {
    // One row stays free for the cursor.
    const rows = Math.max(leastRows, this.#terminal.rows) - 1;
    if (lines.length <= rows) return lines;
    const shownCount = rows - 2;
    const hidden = `… ${lines.length - 1 - shownCount} more lines do not fit here`;
    return [...lines.slice(0, shownCount), hidden, ...lines.slice(-1)];
  }

  #eraser(): string {
    return this.#shownCount === 0 ? "" : `\u001b[${this.#shownCount}A\r${eraseBelow}`;
  }
}
