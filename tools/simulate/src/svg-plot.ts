/**
 * Plots as SVG text: lines, steps and points on two axes. Nothing to load, nothing to run.
 */

export interface Series {
  readonly label: string;
  /** x and y, in the order they are drawn. */
  readonly points: readonly (readonly [number, number])[];
  readonly shape?: "line" | "step" | "dots";
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Where something happened: a line across the plot. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** x and y may be negative and are drawn at one scale. */
  readonly isMap?: boolean;
  /** Shown instead of a plot without points. */
  readonly empty: string;
}

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 74;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 44;
const COLOURS = ["#2563a8", "#b5482a", "#3d7a3a", "#7a4b94", "#8a6d1a", "#3b7f86"] as const;
/** Curves of more points are thinned: a page must stay a page. */
const POINTS_LIMIT = 1_500;
const LEGEND_LIMIT = 6;

interface Axis {
  readonly least: number;
  readonly greatest: number;
  readonly ticks: readonly number[];
}

/** A figure of HTML: caption, plot and legend. */
export function plotHtml(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const body = points.length === 0 ? `<p class="empty">${escapeHtml(plot.empty)}</p>` : svg(plot);
  return `<figure><figcaption>${escapeHtml(plot.title)}</figcaption>${body}${legend(plot)}</figure>`;
}

/** Text that cannot become markup. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function svg(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const xAxis = tight(
    axisOf(
      points.map(([x]) => x),
      plot.isMap === true,
    ),
    points,
  );
  const yAxis = axisOf(
    points.map(([, y]) => y),
    plot.isMap === true,
  );
  const x = (value: number): number => LEFT + share(value, xAxis) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    HEIGHT - BOTTOM - share(value, yAxis) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    ...yAxis.ticks.map(
      (tick) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>` +
        `<text x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`,
    ),
    ...xAxis.ticks.map(
      (tick) =>
        `<text x="${at(x(tick))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${tickText(tick)}</text>`,
    ),
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`,
    ...marksOf(plot, xAxis, x),
    ...plot.series.map((series, index) =>
      drawn(series, COLOURS[index % COLOURS.length] ?? "", x, y),
    ),
    `<text class="label" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(plot.xLabel)}</text>`,
    `<text class="label" transform="translate(14 ${(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(plot.yLabel)}</text>`,
  ];
  const name = escapeHtml(plot.title);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name}">${parts.join("")}</svg>`;
}

function drawn(
  { points, shape = "line" }: Series,
  colour: string,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  const every = Math.ceil(points.length / POINTS_LIMIT);
  const shown = points.filter((_, index) => index % every === 0 || index === points.length - 1);
  if (shape === "dots") {
    return shown
      .map(
        ([px, py]) =>
          `<circle cx="${at(x(px))}" cy="${at(y(py))}" r="3" fill="${colour}" fill-opacity="0.65"/>`,
      )
      .join("");
  }
  const path = shown.map(([px, py], index) => {
    if (index === 0) return `M${at(x(px))} ${at(y(py))}`;
    return shape === "step" ? `H${at(x(px))}V${at(y(py))}` : `L${at(x(px))} ${at(y(py))}`;
  });
  return `<path d="${path.join("")}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
}

/** Names of marks stand in rows, so that neighbours do not cover each other. */
function marksOf(plot: Plot, axis: Axis, x: (value: number) => number): string[] {
  const inside = (plot.marks ?? []).filter(
    (mark) => mark.x >= axis.least && mark.x <= axis.greatest,
  );
  return inside.slice(0, 12).map((mark, index) => {
    const left = x(mark.x);
    const isRight = left > WIDTH * 0.75;
    return (
      `<line class="mark" x1="${at(left)}" x2="${at(left)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>` +
      `<text class="mark-text" x="${at(left + (isRight ? -4 : 4))}" y="${TOP + 10 + (index % 4) * 13}"` +
      `${isRight ? ' text-anchor="end"' : ""}>${escapeHtml(mark.label)}</text>`
    );
  });
}

function legend(plot: Plot): string {
  if (plot.series.length < 2) return "";
  const entries = plot.series
    .slice(0, LEGEND_LIMIT)
    .map(
      ({ label }, index) =>
        `<li><span style="background:${COLOURS[index % COLOURS.length]}"></span>${escapeHtml(label)}</li>`,
    );
  const more = plot.series.length - LEGEND_LIMIT;
  if (more > 0) entries.push(`<li>and ${more} more</li>`);
  return `<ul class="legend">${entries.join("")}</ul>`;
}

function axisOf(values: readonly number[], isMap: boolean): Axis {
  const finite = values.filter((value) => Number.isFinite(value));
  const low = finite.reduce((least, value) => Math.min(least, value), isMap ? Infinity : 0);
  const high = finite.reduce((greatest, value) => Math.max(greatest, value), -Infinity);
  const span = high > low ? high - low : 5;
  const step = niceStep(span / 5);
  const least = Math.floor(low / step) * step;
  const greatest = Math.max(least + step, Math.ceil(high / step) * step);
  const count = Math.round((greatest - least) / step);
  return {
    least,
    greatest,
    ticks: Array.from({ length: count + 1 }, (_, index) => least + index * step),
  };
}

/** Time ends where the curves end. */
function tight(axis: Axis, points: readonly (readonly [number, number])[]): Axis {
  const last = points.reduce((greatest, [x]) => Math.max(greatest, x), -Infinity);
  if (axis.least < 0 || last <= axis.least) return axis;
  return { ...axis, greatest: last, ticks: axis.ticks.filter((tick) => tick <= last) };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

function share(value: number, { least, greatest }: Axis): number {
  return (value - least) / (greatest - least);
}

function at(value: number): string {
  return value.toFixed(1);
}

function tickText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}
