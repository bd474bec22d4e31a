/**
 * `pnpm bench:libraries`: our libraries' benchmarks beside the reference's, run one after the
 * other, table and plot written to `docs/bench/`.
 *
 * The reference's need `golang-go` and `golang-github-hashicorp-serf-dev` of Debian.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { remarksOf, shown } from "./document.ts";
import { ratioPlot } from "./ratio-plot.ts";
import type { Row } from "./results.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Comparison {
  readonly what: string;
  /** File of ours, group and name in it. */
  readonly ours: readonly [file: string, group: string, name: string];
  /** Operations in one iteration of ours. */
  readonly batch?: number;
  readonly go: string;
}

const comparisons: readonly Comparison[] = [
  {
    what: "coordinate update, default options",
    ours: ["vivaldi", "1,000 observations", "default options, 100 members"],
    batch: 1_000,
    go: "CoordinateUpdate",
  },
  {
    what: "coordinate update, the reference's options",
    ours: ["vivaldi", "1,000 observations", "reference options, 100 members"],
    batch: 1_000,
    go: "CoordinateUpdate",
  },
  {
    what: "fill a packet, 100 rumours wait",
    ours: ["gossip-broadcast", "100 rumours wait", "fill one packet of 1400 bytes"],
    go: "TakePacket100",
  },
  {
    what: "fill a packet, 100,000 rumours wait",
    ours: ["gossip-broadcast", "100000 rumours wait", "fill one packet of 1400 bytes"],
    go: "TakePacket100000",
  },
  {
    what: "alive message, encode",
    ours: ["packet-codec", "one alive message", "encode"],
    go: "AliveEncode",
  },
  {
    what: "alive message, decode",
    ours: ["packet-codec", "one alive message", "decode"],
    go: "AliveDecode",
  },
  {
    what: "LZW of 100 kB, compress",
    ours: ["lzw", "LZW of 100 kB, members", "compress"],
    go: "LzwCompress",
  },
  {
    what: "LZW of 100 kB, expand",
    ours: ["lzw", "LZW of 100 kB, members", "expand"],
    go: "LzwExpand",
  },
  {
    what: "seal a packet of 1,400 bytes",
    ours: ["sealing", "AES-256-GCM, 1400", "seal a packet"],
    go: "Seal1400",
  },
  {
    what: "open a packet of 1,400 bytes",
    ours: ["sealing", "AES-256-GCM, 1400", "open a packet"],
    go: "Open1400",
  },
];

interface BenchReport {
  readonly files: readonly {
    readonly filepath: string;
    readonly groups: readonly {
      readonly fullName: string;
      readonly benchmarks: readonly { readonly name: string; readonly median: number }[];
    }[];
  }[];
}

function measureOurs(): BenchReport {
  const folder = mkdtempSync(join(tmpdir(), "serf-bench-"));
  const report = join(folder, "report.json");
  const files = ["observe-rtt", "take-broadcasts", "packet-codec", "lzw", "sealing"];
  const words = ["vitest", "bench", "--run", `--outputJson=${report}`, ...files];
  execFileSync("npx", words, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const text = readFileSync(report, "utf8");
  rmSync(folder, { recursive: true });
  return JSON.parse(text) as BenchReport;
}

/** Benchmark → nanoseconds of each round. */
function measureGo(): Map<string, number[]> {
  const rounds = new Map<string, number[]>();
  const words = ["test", "-bench=.", "-benchtime=0.2s", "-count=7", "."];
  const environment = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode" };
  const folder = join(root, "tools", "bench", "go");
  const output = execFileSync("go", words, { cwd: folder, env: environment, encoding: "utf8" });
  for (const [, name = "", ns] of output.matchAll(/^Benchmark(\w+)\S*\s+\d+\s+([\d.]+) ns/gm)) {
    rounds.set(name, [...(rounds.get(name) ?? []), Number(ns)]);
  }
  return rounds;
}

function median(values: readonly number[]): number {
  const middle = values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new RangeError("nothing was measured");
  return middle;
}

/** Microseconds of one operation. */
function ourMicroseconds(report: BenchReport, { ours, batch = 1 }: Comparison): number {
  const [file, group, name] = ours;
  const found = report.files
    .filter(({ filepath }) => filepath.includes(file))
    .flatMap(({ groups }) => groups)
    // Separated, lest "100 rumours" be found in "100000 rumours".
    .filter(({ fullName }) => fullName.includes(` > ${group}`))
    .flatMap(({ benchmarks }) => benchmarks)
    .find((benchmark) => benchmark.name === name);
  if (found === undefined) throw new Error(`no benchmark ${ours.join(" / ")}`);
  return (found.median * 1_000) / batch;
}

const report = measureOurs();
const go = measureGo();
const goVersion = execFileSync("go", ["version"], { encoding: "utf8" }).trim();
const rows: readonly Row[] = comparisons.map((comparison) => ({
  figure: comparison.what,
  ours: [ourMicroseconds(report, comparison)],
  reference: [median(go.get(comparison.go) ?? []) / 1_000],
}));
const lines = rows.map(
  ({ figure, ours: [ours = Number.NaN], reference: [theirs = Number.NaN] }) => {
    const rate = (theirs / ours).toFixed(2);
    return `| ${figure} | ${shown(ours)} | ${shown(theirs)} | **${rate}** ${theirs >= ours ? "✓" : "✗"} |`;
  },
);
const folder = join(root, "docs", "bench");
const document = join(folder, "libraries.md");
const earlier = existsSync(document) ? readFileSync(document, "utf8") : "";
writeFileSync(
  document,
  `# Our libraries beside the reference's

Made by \`pnpm bench:libraries\`: medians, in microseconds for one operation; the last column is how
many times as fast ours is, and at least 1 is wanted. Sealing includes drawing the nonce, and on our
side the whole packet.

- machine: ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}
- ours: Node ${process.version}; reference: ${goVersion}, Debian's packages
- date: ${new Date().toISOString().slice(0, 10)}

![Time of one operation, ours as a multiple of the reference's](libraries.svg)

| operation | ours, µs | reference, µs | times as fast |
| --- | ---: | ---: | ---: |
${lines.join("\n")}

${remarksOf(earlier).trim()}
`,
);
const title = "Time of one operation, as a multiple of the reference's: less (blue), more (orange)";
writeFileSync(join(folder, "libraries.svg"), ratioPlot(title, rows));
console.log(lines.join("\n"));
