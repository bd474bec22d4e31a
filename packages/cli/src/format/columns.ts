/**
 * Aligns rows of cells.
 *
 * Source: CLI specification §4.
 */

const gap = "  ";

/** Width in code points: the reference knows nothing of wide characters. */
function width(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Cells are trimmed and padded to the longest of their column; the last cell of a row is not.
 *
 * Deviation: a `|` inside a cell stays where it is, while the reference starts a new column there
 * (CLI specification §9).
 *
 * @example
 * formatColumns([["a", "x"], ["bcd", "y"]]); // => "a    x\nbcd  y"
 */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  const trimmed = rows.map((row) => row.map((cell) => cell.trim()));
  for (const row of trimmed) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    }
  }
  const lines = trimmed.map((row) =>
    row
      .map((cell, index) => {
        const missing = (widths[index] ?? 0) - width(cell);
        return index === row.length - 1 ? cell : cell + " ".repeat(missing);
      })
      .join(gap),
  );
  return lines.join("\n");
}
