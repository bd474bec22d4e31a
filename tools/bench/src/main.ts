/**
 * `pnpm bench:cluster [NAME…]`: measures our program and the reference's alternately in one run,
 * and writes the table to `docs/bench/`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { ourProgram, type Program, referenceProgram } from "../../interop/src/programs.ts";
import { checkProgram, type Figures, measurements } from "./measurements.ts";
import { summarize } from "./statistics.ts";

interface Row {
  readonly figure: string;
  readonly ours: readonly number[];
  readonly reference: readonly number[];
}

function add(into: Map<string, number[]>, figures: Figures): void {
  for (const [name, values] of Object.entries(figures)) {
    into.set(name, [...(into.get(name) ?? []), ...values]);
  }
}

function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function range(values: readonly number[]): string {
  const { median, min, max } = summarize(values);
  return values.length === 1 ? shown(median) : `${shown(median)} (${shown(min)}–${shown(max)})`;
}

function table(rows: readonly Row[]): string {
  const lines = [
    "| figure | ours, median (range) | reference, median (range) | ratio | p99 ours | p99 reference | ratio |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
  ];
  for (const { figure, ours, reference } of rows) {
    const mine = summarize(ours);
    const theirs = summarize(reference);
    const ratio = (left: number, right: number): string =>
      right === 0 ? "–" : (left / right).toFixed(2);
    const tail =
      mine.count >= 10
        ? `${shown(mine.p99)} | ${shown(theirs.p99)} | ${ratio(mine.p99, theirs.p99)}`
        : "| |";
    lines.push(
      `| ${figure} | ${range(ours)} | ${range(reference)} | **${ratio(mine.median, theirs.median)}** | ${tail} |`,
    );
  }
  return lines.join("\n");
}

function versionOf(program: Program): string {
  return execFileSync(program.executable, [...program.words, "version"], { encoding: "utf8" })
    .trim()
    .replaceAll("\n", ", ");
}

/** Ends the process with a sentence a person can act on. */
function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const reference = referenceProgram();
if (reference === undefined) {
  fail("Nothing to measure against: install HashiCorp's serf, or name it in SERF_REFERENCE.");
}
const ours = ourProgram();
await checkProgram(ours);
await checkProgram(reference);
const wanted = process.argv.slice(2);
const chosen = measurements.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
  fail(`No such measurement; there are: ${measurements.map(({ name }) => name).join(" ")}`);
}

const rows: Row[] = [];
for (const measurement of chosen) {
  const figures = { ours: new Map<string, number[]>(), reference: new Map<string, number[]>() };
  for (let run = 0; run < measurement.runs; run += 1) {
    // Alternating, and not always the same first: what drifts hits both.
    const order = run % 2 === 0 ? ([ours, reference] as const) : ([reference, ours] as const);
    for (const program of order) {
      process.stderr.write(`${measurement.name} ${run + 1}/${measurement.runs} ${program.name}\n`);
      add(figures[program.name], await measurement.measure(program));
    }
  }
  for (const [figure, values] of figures.ours) {
    rows.push({ figure, ours: values, reference: figures.reference.get(figure) ?? [] });
  }
  console.log(table(rows.slice(-figures.ours.size)));
}

const model = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown";
const head = [
  "# Our program beside the reference's",
  "",
  "Made by `pnpm bench:cluster`; every figure was measured alternately in one run. CPU is the scheduler's account of each process.",
  "",
  `- machine: ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, loopback`,
  `- ours: ${versionOf(ours)}; Node ${process.version}`,
  `- reference: ${versionOf(reference)} (Debian's package serf)`,
  `- date: ${new Date().toISOString().slice(0, 10)}`,
  "",
].join("\n");
const folder = fileURLToPath(new URL("../../../docs/bench/", import.meta.url));
mkdirSync(folder, { recursive: true });
if (wanted.length === 0) {
  writeFileSync(`${folder}cluster.md`, `${head}\n${table(rows)}\n`);
  writeFileSync(`${folder}cluster.json`, `${JSON.stringify(rows, undefined, 1)}\n`);
}
