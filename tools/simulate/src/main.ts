/**
 * `pnpm sim`: plans and proves clusters.
 *
 * Exit codes: 0 as expected, 1 not, 2 the command or the scenario is wrong.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { SimulationError } from "@x/simulator";
import { figuresOf, figuresText, samplesCsv } from "./figures.ts";
import { planetlabRttMs } from "./planetlab.ts";
import { ProgressLine } from "./progress.ts";
import { reportHtml } from "./report-html.ts";
import { runScenario, shrinkFaults } from "./run-scenario.ts";
import { ScenarioError } from "./scenario-check.ts";
import { readRequest, type SimRequest } from "./scenario-flags.ts";

const USAGE = `Usage: pnpm sim [scenario.json] [flags]         play a scenario
       pnpm sim scale [members …]               time and memory per member
       pnpm sim evidence [swim|lifeguard|rapid|vivaldi|epidemic …]
       pnpm sim explore [--seeds N] [--from SEED]
       pnpm sim explore --exhaustive [--states N]
       pnpm sim fuzz [--cases N]
What a scenario may say, and every flag: tools/simulate/README.md
`;

/** Tries for the smallest failing plan. */
const SHRINK_TRIES = 60;

async function main(args: readonly string[]): Promise<number> {
  const [command = "", ...rest] = args;
  switch (command) {
    case "help":
    case "--help":
      stdout.write(USAGE);
      return 0;
    case "scale":
      return (await import("./scale-command.ts")).scaleCommand(rest);
    case "evidence":
      return (await import("./evidence/evidence-command.ts")).evidenceCommand(rest);
    case "explore":
      return (await import("./explore/explore-command.ts")).exploreCommand(rest);
    case "fuzz":
      return (await import("./fuzz/fuzz-command.ts")).fuzzCommand(rest);
    default:
      return play(readRequest(args));
  }
}

function play(request: SimRequest): number {
  const { command, outFolder, scenario } = request;
  const line = new ProgressLine();
  const started = performance.now();
  const outcome = runScenario(scenario, {
    planetlab: planetlabRttMs,
    replayHint: command,
    progress: ({ cluster, endMs }) => {
      const { nowMs, simulation, views } = cluster;
      const time = `${(nowMs / 1_000).toFixed(1)} of ${(endMs / 1_000).toFixed(0)} virtual s`;
      line.show(
        `${time}  ${views.agreeingCount}/${views.upCount} agree`,
        simulation.timeline.count,
      );
    },
  });
  line.clear();
  const figures = figuresOf(outcome);
  const realS = (performance.now() - started) / 1_000;
  const eventCount = outcome.cluster.simulation.timeline.count;
  stdout.write(`${figuresText(figures)}\n`);
  stdout.write(
    `took ${realS.toFixed(1)} s, ${Math.round(eventCount / realS).toLocaleString("en-US")} events/s\n`,
  );
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(join(outFolder, "figures.json"), `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(join(outFolder, "samples.csv"), samplesCsv(outcome));
  writeFileSync(join(outFolder, "report.html"), reportHtml(outcome, command));
  stdout.write(`report: ${join(outFolder, "report.html")}\n`);
  if (outcome.failures.length === 0) return 0;
  stderr.write(`\nnot as expected (seed ${scenario.seed}):\n`);
  for (const failure of outcome.failures) stderr.write(`  ${failure}\n`);
  stderr.write(`last events:\n${outcome.lastEvents}\nreplay: ${command}\n`);
  if (request.shrinks && scenario.faults.length > 0) reportShrunk(request);
  return 1;
}

function reportShrunk({ scenario }: SimRequest): void {
  stderr.write("looking for the smallest fault plan that fails …\n");
  const { faults, isMinimal, tryCount } = shrinkFaults(scenario, {
    planetlab: planetlabRttMs,
    maxTries: SHRINK_TRIES,
  });
  const what = isMinimal ? "no fault can go" : "stopped early";
  stderr.write(
    `${faults.length} of ${scenario.faults.length} faults (${what}, ${tryCount} tries):\n`,
  );
  stderr.write(`${JSON.stringify(faults, undefined, 2)}\n`);
}

main(argv.slice(2)).then(
  (code) => exit(code),
  (error: unknown) => {
    if (error instanceof ScenarioError) {
      stderr.write(`${error.message}\n`);
      exit(2);
    }
    if (error instanceof SimulationError) {
      stderr.write(
        `${error.message}\n${error.cause instanceof Error ? (error.cause.stack ?? "") : ""}\n`,
      );
      exit(1);
    }
    stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    exit(1);
  },
);
