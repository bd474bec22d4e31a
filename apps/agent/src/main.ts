/** `serf-agent`: a full node as a program of its own, for process managers. */
import { agentFlags, flagHelp } from "@x/agent/flags";
import { runAgentProgram } from "./agent-program.ts";
import { processWorld } from "./process-world.ts";

/**
 * @param words - of the command line, without the program's name.
 * @param version - asked for only when it is to be printed.
 */
export function main(words: readonly string[], version: () => string): void {
  const usage = (): string =>
    "Usage: serf-agent [options]\n\n  Runs a full node until it is told to stop.\n\nOptions:\n\n" +
    agentFlags.map(flagHelp).join("").trimEnd();
  if (words.some((word) => ["-h", "-help", "--help"].includes(word))) {
    process.stderr.write(`${usage()}\n`);
  } else if (words.some((word) => ["-v", "-version", "--version"].includes(word))) {
    process.stdout.write(`${version()}\n`);
  } else {
    const world = processWorld(usage);
    void runAgentProgram(words, world).then(async (exitCode) => {
      await world.written();
      process.exit(exitCode);
    });
  }
}
