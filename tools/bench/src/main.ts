/**
 * `pnpm bench:cluster [NAME…]`: measures our program and the reference's alternately, and writes
 * values, document and plots to `docs/bench/`. Named measurements replace their part; `report`
 * measures nothing and writes the document anew.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import {
  ourProgram,
  type Program,
  ProgramError,
  referenceProgram,
} from "../../interop/src/programs.ts";
import { clusterDocument, remarksOf, sections, table } from "./document.ts";
import type { Figures, Measurement } from "./measure/measurement.ts";
import { checkProgram, measurements } from "./measurements.ts";
import { rangePlot } from "./range-plot.ts";
import { ratioPlot } from "./ratio-plot.ts";
import { merged, readResults, type Results, type Row, writeResults } from "./results.ts";

const folder = fileURLToPath(new URL("../../../docs/bench/", import.meta.url));
const valuesFile = `${folder}cluster.json`;

function add(into: Map<string, number[]>, figures: Figures): void {
  for (const [name, values] of Object.entries(figures)) {
    into.set(name, [...(into.get(name) ?? []), ...values]);
  }
}

/** Once more if it fails: a free port may be taken before an agent binds it. What failed is shown. */
async function attempt(measurement: Measurement, program: Program): Promise<Figures> {
  const once = (): Promise<Figures> =>
    program.name === "reference" && measurement.measureReference !== undefined
      ? measurement.measureReference()
      : measurement.measure(program, []);
  try {
    return await once();
  } catch (error) {
    process.stderr.write(`${measurement.name} is tried once more: ${String(error)}\n`);
    return once();
  }
}

async function measured(
  measurement: Measurement,
  ours: Program,
  reference: Program,
): Promise<Row[]> {
  const figures = { ours: new Map<string, number[]>(), reference: new Map<string, number[]>() };
  for (let run = 0; run < measurement.runs; run += 1) {
    // Alternating, and not always the same first: what drifts hits both.
    const order = run % 2 === 0 ? ([ours, reference] as const) : ([reference, ours] as const);
    for (const program of order) {
      process.stderr.write(`${measurement.name} ${run + 1}/${measurement.runs} ${program.name}\n`);
      add(figures[program.name], await attempt(measurement, program));
    }
  }
  return [...figures.ours].map(([figure, values]) => ({
    figure,
    ours: values,
    reference: figures.reference.get(figure) ?? [],
  }));
}

function versionOf(program: Program): string {
  return execFileSync(program.executable, [...program.words, "version"], { encoding: "utf8" })
    .trim()
    .replaceAll("\n", ", ");
}

function machine(): string {
  const model = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${model ?? "unknown processor"}, ${memory} GiB, loopback`;
}

/** Ends the process with a sentence a person can act on. */
function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function writeDocument(results: Results): void {
  const file = `${folder}cluster.md`;
  const earlier = existsSync(file) ? readFileSync(file, "utf8") : "";
  writeFileSync(file, clusterDocument(results, remarksOf(earlier)));
  const rows = results.measurements.flatMap((measurement) => measurement.rows);
  const { plain } = sections(rows);
  const isNews = ({ figure }: Row): boolean =>
    / (to all|all acks|answered, ms|known to all)/.test(figure);
  const isCost = ({ figure }: Row): boolean =>
    /^(idle|CPU|datagrams|bytes|start|memory|`serf|join and agree)/.test(figure);
  const news = plain.filter(isNews);
  const cost = plain.filter(isCost);
  if (news.length > 0) {
    const title =
      "How soon news is everywhere: ours (blue), the reference (orange); range and median";
    writeFileSync(`${folder}news.svg`, rangePlot(title, "ms", news));
  }
  if (cost.length > 0) {
    const title =
      "What it costs, as a multiple of the reference: target met (blue), missed (orange)";
    writeFileSync(`${folder}cost.svg`, ratioPlot(title, cost));
  }
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const earlier = readResults(valuesFile);
  if (wanted[0] === "report") {
    if (earlier === undefined) fail("Nothing was measured yet.");
    writeDocument(earlier);
    return;
  }
  const reference = referenceProgram();
  if (reference === undefined) {
    fail("Nothing to measure against: install HashiCorp's serf, or name it in SERF_REFERENCE.");
  }
  const ours = ourProgram();
  await checkProgram(ours);
  await checkProgram(reference);
  const names = measurements.map(({ name }) => name);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) fail(`No measurement ${unknown}; there are: ${names.join(" ")}`);
  mkdirSync(folder, { recursive: true });
  let results = earlier;
  for (const measurement of measurements) {
    if (wanted.length > 0 && !wanted.includes(measurement.name)) continue;
    const mine = measurement.ours === undefined ? ours : measurement.ours();
    if (mine === undefined) {
      process.stderr.write(`${measurement.name} is left out. ${measurement.missing ?? ""}\n`);
      continue;
    }
    const rows = await measured(measurement, mine, reference).catch((error: unknown) => {
      process.stderr.write(`${measurement.name} was given up: ${String(error)}\n`);
      process.exitCode = 1;
    });
    if (rows === undefined) continue;
    console.log(table(rows));
    const measuredAt = new Date().toISOString().slice(0, 16).replace("T", " ");
    const newer = {
      machine: machine(),
      ours: `${versionOf(ours)}; Node ${process.version}`,
      reference: `${versionOf(reference)} (Debian's package serf)`,
      measurements: [{ name: measurement.name, measuredAt, rows }],
    };
    // Written after each: whoever interrupts an hour's work keeps what was measured.
    results = merged(results, newer, names);
    writeResults(valuesFile, results);
    writeDocument(results);
  }
}

await main().catch((error: unknown) => {
  if (error instanceof ProgramError) fail(error.message);
  throw error;
});
