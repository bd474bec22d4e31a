/** `pnpm sim scale`: a table, one process a size. */
import { spawnSync } from "node:child_process";
import { argv, execArgv, execPath, stdout } from "node:process";
import { readArguments } from "./arguments.ts";
import { ProgressLine } from "./progress.ts";
import { measureScale, type ScaleFigures, type ScalePlan } from "./scale.ts";

const SIZES = [100, 300, 1_000, 3_000, 10_000] as const;
/** A cluster of ten thousand needs a large heap; Node.js stops at a few GiB unless told. */
const HEAP_MIB = 20_000;
/** Packets die young, but not before a default nursery is full of them. */
const YOUNG_MIB = 128;
/** @returns the exit code: 1 if a size failed. */
export function scaleCommand(args: readonly string[]): number {
  const { numbers, switches, words } = readArguments(args, {
    numbers: ["seed", "joins-per-second", "steady", "retransmit", "eager"],
    switches: ["compress", "serf", "here"],
  });
  const plans = (words.length === 0 ? SIZES : words.map(Number)).map((members): ScalePlan => ({
    members,
    layer: switches.has("serf") ? "serf" : "swim",
    seed: numbers["seed"] ?? 1,
    joinsPerSecond: numbers["joins-per-second"] ?? 1_000,
    steadyMs: numbers["steady"] ?? 10_000,
    retransmitMultiplier: numbers["retransmit"] ?? 4,
    eagerPerSecond: numbers["eager"] ?? 1_000,
    compress: switches.has("compress"),
  }));
  if (switches.has("here")) {
    const line = new ProgressLine();
    for (const plan of plans)
      stdout.write(`${JSON.stringify(measureScale(plan, (text) => line.show(text, 0)))}\n`);
    line.clear();
    return 0;
  }
  stdout.write(
    `| members | formed after | CPU for it | steady, × real time | CPU µs per member·s | crash known to first / all | datagrams | resident | KiB per member |\n`,
  );
  stdout.write(`| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n`);
  let worst = 0;
  for (const { members } of plans) {
    const script = argv[1] ?? "";
    const flags = args.filter((arg) => arg.startsWith("--") || !words.includes(arg));
    const child = spawnSync(
      execPath,
      [
        ...execArgv,
        `--max-old-space-size=${HEAP_MIB}`,
        `--max-semi-space-size=${YOUNG_MIB}`,
        script,
        "scale",
        String(members),
        ...flags,
        "--here",
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 },
    );
    if (child.status !== 0) {
      stdout.write(`| ${members} | failed |\n`);
      worst = 1;
      continue;
    }
    stdout.write(`${row(JSON.parse(child.stdout) as ScaleFigures)}\n`);
  }
  return worst;
}

function row(figures: ScaleFigures): string {
  const cells = [
    figures.members.toLocaleString("en-US"),
    `${figures.formedVirtualS.toFixed(1)} s`,
    `${figures.formedCpuS.toFixed(1)} s`,
    figures.steadySpeed.toFixed(1),
    figures.steadyCpuUsPerMemberSecond.toFixed(0),
    `${figures.detectedVirtualS.toFixed(1)} / ${figures.knownToAllVirtualS.toFixed(1)} s`,
    figures.datagrams.toLocaleString("en-US"),
    `${figures.residentMiB.toFixed(0)} MiB`,
    figures.residentKiBPerMember.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}
