/**
 * Times of two programs on one logarithmic axis, as SVG: a line from the least to the greatest, a
 * dot for the median. Readable on light and dark ground.
 */
import { chart, escapeXml, type ChartFrame } from "./chart.ts";
import { summarize } from "./statistics.ts";
import type { Row } from "./results.ts";

const rowHeight = 34;
const programOffset = 8;

export function rangePlot(title: string, unit: string, rows: readonly Row[]): string {
  const values = rows.flatMap(({ ours, reference }) => [...ours, ...reference]);
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive)));
  const high = Math.ceil(Math.log10(Math.max(...positive)));
  const frame: ChartFrame = {
    title,
    labels: rows.map(({ figure }) => figure.replace(`, ${unit}`, "")),
    rowHeight,
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    tickText: (tick) => `${tick.toLocaleString("en-US")} ${unit}`,
    share: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low),
  };
  return chart(frame, ({ x, y }) =>
    rows.flatMap(({ ours, reference }, index) => [
      ranged(ours, x, y(index) - programOffset, "ours"),
      ranged(reference, x, y(index) + programOffset, "reference"),
    ]),
  );
}

function ranged(
  values: readonly number[],
  x: (value: number) => number,
  y: number,
  program: "ours" | "reference",
): string {
  const { median, min, max } = summarize(values);
  const label = median >= 100 ? median.toFixed(0) : median.toPrecision(2);
  const right = x(max) + 8;
  return (
    `<line class="${program}" x1="${x(min).toFixed(1)}" x2="${x(max).toFixed(1)}" y1="${y}" y2="${y}"/>` +
    `<circle class="${program}" cx="${x(median).toFixed(1)}" cy="${y}" r="4.5"/>` +
    `<text class="value" x="${right.toFixed(1)}" y="${y + 4}">${escapeXml(label)}</text>`
  );
}
