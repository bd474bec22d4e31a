/** `serf-agent`: a full node as a program of its own, for process managers. */
import { agentFlags } from "@x/agent";
import { runAgentProgram } from "./agent-program.ts";
import { processWorld } from "./process-world.ts";

const flags = agentFlags.map((flag) => `  -${flag.name}  ${flag.help}`).join("\n");
const usage = `Usage: serf-agent [options]\n\n  Runs a Serf agent until it is told to stop.\n\nOptions:\n\n${flags}`;
const words = process.argv.slice(2);

if (words.some((word) => ["-h", "-help", "--help"].includes(word))) {
  process.stderr.write(`${usage}\n`);
} else {
  void runAgentProgram(words, processWorld(usage)).then((exitCode) => process.exit(exitCode));
}
