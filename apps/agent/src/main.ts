/** `serf-agent`: a full node as a program of its own, for process managers. */
import { readFileSync } from "node:fs";
import { agentFlags, flagHelp } from "@x/agent/flags";
import { runAgentProgram } from "./agent-program.ts";
import { processWorld } from "./process-world.ts";

const usage =
  "Usage: serf-agent [options]\n\n  Runs a full node until it is told to stop.\n\nOptions:\n\n" +
  agentFlags.map(flagHelp).join("").trimEnd();
const words = process.argv.slice(2);

if (words.some((word) => ["-h", "-help", "--help"].includes(word))) {
  process.stderr.write(`${usage}\n`);
} else if (words.some((word) => ["-v", "-version", "--version"].includes(word))) {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
} else {
  const world = processWorld(usage);
  const exitCode = await runAgentProgram(words, world);
  await world.written();
  process.exit(exitCode);
}
