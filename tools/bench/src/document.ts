/**
 * The document of the comparison: tables, what the targets say, plots.
 */
import { besideNode } from "./measure/beside-node.ts";
import { oneFileLabel } from "./measure/one-file.ts";
import type { Results, Row } from "./results.ts";
import { summarize } from "./statistics.ts";
import { isMet, targetOf, targetText } from "./targets.ts";

/** A tail is quoted from this many values on. */
const tailLimit = 10;

export function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function range(values: readonly number[]): string {
  const { median, min, max } = summarize(values);
  return values.length === 1 ? shown(median) : `${shown(median)} (${shown(min)}–${shown(max)})`;
}

function ratio(ours: number, reference: number): string {
  return reference === 0 ? "–" : (ours / reference).toFixed(2);
}

function verdict({ figure, ours, reference }: Row): string {
  const target = targetOf(figure);
  if (target === undefined) return "";
  const mine = summarize(ours);
  const theirs = summarize(reference);
  const isGood =
    isMet(target, mine.median, theirs.median) &&
    (mine.count < tailLimit || !isTailBound(figure) || isMet(target, mine.p99, theirs.p99));
  return `${targetText(target)} ${isGood ? "✓" : "✗"}`;
}

/** Where the slowest counts as much as the usual. */
function isTailBound(figure: string): boolean {
  return /user event to all|query, all acks/.test(figure);
}

/**
 * Rows as a table of Markdown.
 *
 * @param other - what ours is beside.
 */
export function table(rows: readonly Row[], other = "reference"): string {
  const lines = [
    `| figure | ours, median (range) | ${other}, median (range) | ratio | p99 ours | p99 ${other} | ratio | target |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
  ];
  for (const row of rows) {
    const mine = summarize(row.ours);
    const theirs = summarize(row.reference);
    const tail =
      mine.count >= tailLimit
        ? `${shown(mine.p99)} | ${shown(theirs.p99)} | ${ratio(mine.p99, theirs.p99)}`
        : "| |";
    lines.push(
      `| ${row.figure} | ${range(row.ours)} | ${range(row.reference)} | **${ratio(mine.median, theirs.median)}** | ${tail} | ${verdict(row)} |`,
    );
  }
  return lines.join("\n");
}

/** Each row in the one table it belongs to. */
export interface Sections {
  readonly plain: readonly Row[];
  /** Under their plain names. */
  readonly encrypted: readonly Row[];
  readonly besideNode: readonly Row[];
  readonly oneFile: readonly Row[];
}

export function sections(rows: readonly Row[]): Sections {
  const found = { plain: [] as Row[], encrypted: [] as Row[], besideNode: [] as Row[] };
  const oneFile: Row[] = [];
  for (const row of rows) {
    const { figure } = row;
    if (figure.startsWith("encrypted: ")) {
      found.encrypted.push({ ...row, figure: figure.replace("encrypted: ", "") });
    } else if (figure.includes(besideNode)) found.besideNode.push(row);
    else if (figure.startsWith(oneFileLabel)) oneFile.push(row);
    else found.plain.push(row);
  }
  return { ...found, oneFile };
}

function section(title: string, rows: readonly Row[], other?: string): string {
  return rows.length === 0 ? "" : `## ${title}\n\n${table(rows, other)}\n\n`;
}

/**
 * @param remarks - what a person says about the figures: the end of the document, kept as it is.
 */
export function clusterDocument(results: Results, remarks: string): string {
  const parts = sections(results.measurements.flatMap(({ rows }) => rows));
  const times = results.measurements.map(({ measuredAt }) => measuredAt).toSorted();
  return `# Our program beside the reference's

Made by \`pnpm bench:cluster\`: both programs run alternately, with the same flags, on loopback. CPU
is the scheduler's account of each process. The values themselves are in [cluster.json](cluster.json).

- machine: ${results.machine}
- ours: ${results.ours}
- reference: ${results.reference}
- measured: ${times[0] ?? "never"} to ${times.at(-1) ?? "never"} (UTC)

A ratio below 1 is better for times, CPU, memory, datagrams and bytes; above 1 for rates.

![How soon news is everywhere: ours and the reference's, in milliseconds](news.svg)

![What it costs: ours as a multiple of the reference's](cost.svg)

${section("In the open", parts.plain)}${section("With encryption on", parts.encrypted)}${section("Beside a bare Node", parts.besideNode, "bare Node")}${section("As one file", parts.oneFile)}${remarks.trim()}
`;
}

const remarksHeading = "## What is worse, and why";

/** The part of an earlier document that a person wrote. */
export function remarksOf(document: string): string {
  const start = document.indexOf(remarksHeading);
  return start < 0 ? `${remarksHeading}\n\nNot written yet.` : document.slice(start);
}
