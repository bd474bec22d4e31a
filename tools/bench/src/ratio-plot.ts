/**
 * Ratios to the reference on a logarithmic axis, as SVG: bars from 1 to the left where ours is less,
 * to the right where it is more, and a mark where the target is.
 */
import { chart, type ChartFrame } from "./chart.ts";
import { summarize } from "./statistics.ts";
import type { Row } from "./results.ts";
import { isMet, targetOf } from "./targets.ts";

const rowHeight = 24;
const barHeight = 11;

export function ratioPlot(title: string, rows: readonly Row[]): string {
  const bars = rows.map((row) => {
    const ours = summarize(row.ours).median;
    const reference = summarize(row.reference).median;
    const target = targetOf(row.figure);
    const isGood = target === undefined ? ours <= reference : isMet(target, ours, reference);
    return { ratio: ours / reference, isGood, target };
  });
  const ratios = bars.map(({ ratio }) => ratio);
  const low = Math.floor(Math.log10(Math.min(0.1, ...ratios) * 0.6));
  const high = Math.ceil(Math.log10(Math.max(10, ...ratios)));
  const frame: ChartFrame = {
    title,
    labels: rows.map(({ figure }) => figure.replace(/, (ms|MiB|KiB)$/, "")),
    rowHeight,
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    tickText: (tick) => `× ${tick}`,
    share: (value) => (Math.log10(value) - low) / (high - low),
  };
  return chart(frame, ({ x, y }) =>
    bars.flatMap(({ ratio, isGood, target }, index) => {
      const left = Math.min(x(1), x(ratio));
      const width = Math.max(1, Math.abs(x(ratio) - x(1)));
      const middle = y(index);
      const end = ratio < 1 ? left - 6 : left + width + 6;
      const anchor = ratio < 1 ? "end" : "start";
      const mark =
        target?.kind === "ratio"
          ? `<line class="target" x1="${x(target.limit).toFixed(1)}" x2="${x(target.limit).toFixed(1)}" y1="${middle - 9}" y2="${middle + 9}"/>`
          : "";
      return [
        `<rect class="${isGood ? "ours" : "reference"}" x="${left.toFixed(1)}" y="${middle - barHeight / 2}" width="${width.toFixed(1)}" height="${barHeight}"/>`,
        mark,
        `<text class="value" x="${end.toFixed(1)}" y="${middle + 4}" text-anchor="${anchor}">${ratio.toPrecision(2)}</text>`,
      ];
    }),
  );
}
