/**
 * What the plots have in common: labels on the left, one axis below, colours that are told apart by
 * the colour-blind and read on light and dark ground.
 */

export interface ChartFrame {
  readonly title: string;
  /** One for each row, from above. */
  readonly labels: readonly string[];
  readonly rowHeight: number;
  readonly ticks: readonly number[];
  readonly tickText: (tick: number) => string;
  /** Where a value lies on the axis: 0 at its left end, 1 at its right. */
  readonly share: (value: number) => number;
}

export interface Places {
  readonly x: (value: number) => number;
  /** The middle of a row. */
  readonly y: (row: number) => number;
}

const width = 880;
const left = 370;
const right = 60;
const top = 44;
const bottom = 34;

// A page may be light or dark, and a picture in it cannot ask which: it follows the reader's system,
// and its colours stand on either should the two differ.
const style = `
text { font: 13px system-ui, sans-serif; fill: #6e7781; }
.title { font-weight: 600; font-size: 15px; }
.value { font-size: 12px; }
.grid { stroke: #8b949e; stroke-opacity: .3; }
.target { stroke: #8250df; stroke-width: 2; }
line.ours, line.reference { stroke-width: 2; }
.ours { stroke: #2f81f7; fill: #2f81f7; }
.reference { stroke: #d4762c; fill: #d4762c; }
@media (prefers-color-scheme: dark) { text { fill: #adbac7; } .target { stroke: #b083f0; } }
`.trim();

/** Draws the frame, and in it what `draw` returns. */
export function chart(frame: ChartFrame, draw: (places: Places) => readonly string[]): string {
  const { title, labels, rowHeight, ticks } = frame;
  const height = top + labels.length * rowHeight + bottom;
  const x = (value: number): number => left + frame.share(value) * (width - left - right);
  const y = (row: number): number => top + (row + 0.5) * rowHeight;
  const foot = top + labels.length * rowHeight;
  const parts = [
    `<text class="title" x="12" y="24">${escapeXml(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="${top}" y2="${foot}"/>`,
      `<text class="value" x="${x(tick).toFixed(1)}" y="${foot + 18}" text-anchor="middle">${escapeXml(frame.tickText(tick))}</text>`,
    ]),
    ...labels.map(
      (label, row) =>
        `<text x="${left - 14}" y="${y(row) + 4}" text-anchor="end">${escapeXml(label.replaceAll("`", ""))}</text>`,
    ),
    ...draw({ x, y }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>
${style}
</style>
${parts.filter((part) => part !== "").join("\n")}
</svg>
`;
}

/** Text that cannot become markup. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
