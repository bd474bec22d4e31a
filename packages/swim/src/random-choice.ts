/**
 * Random members without copying the table.
 *
 * Source: behaviour specification §5.6.
 */

/** @returns a whole number in [0, length). */
export function randomIndex(random: () => number, length: number): number {
  // A random source that answers 1 by rounding must not lead out of the table.
  return Math.min(Math.floor(random() * length), length - 1);
}

/** Draws per row before a choice from a large table gives up. */
const DRAWS_PER_ROW = 3;
/** Below this many rows per wanted one, every row is looked at. */
const EXHAUSTIVE_FACTOR = 3;

/**
 * Chooses up to `count` different rows that pass.
 *
 * In a small table the choice is exhaustive: who passes is found. In a large one at most three
 * draws per row are made, so a table of nothing but dead members ends the search, and the usual
 * choice costs a handful of draws whatever the size.
 *
 * @param rowCount - rows are 0 … rowCount − 1.
 */
export function chooseRows(
  random: () => number,
  rowCount: number,
  count: number,
  passes: (row: number) => boolean,
): number[] {
  const chosen: number[] = [];
  if (count === 0 || rowCount === 0) return chosen;
  if (rowCount < EXHAUSTIVE_FACTOR * count) {
    const rows = Array.from({ length: rowCount }, (_, row) => row);
    for (let place = 0; place < rowCount && chosen.length < count; place += 1) {
      const other = place + randomIndex(random, rowCount - place);
      const row = rows[other] ?? 0;
      rows[other] = rows[place] ?? 0;
      if (passes(row)) chosen.push(row);
    }
    return chosen;
  }
  for (let draw = 0; draw < DRAWS_PER_ROW * rowCount && chosen.length < count; draw += 1) {
    const row = randomIndex(random, rowCount);
    if (!chosen.includes(row) && passes(row)) chosen.push(row);
  }
  return chosen;
}
