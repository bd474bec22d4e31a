/**
 * `serf agent` as a bundle of its own: for the `serf` program, which then loads nothing else, and
 * for the commands, should they be asked for an agent after all.
 */
import { processWorld, runAgentProgram } from "@x/agent-app";
import { agentCommand } from "./agent-command.ts";
import { processTerminal } from "./process-terminal.ts";

export { processWorld, runAgentProgram } from "@x/agent-app";

/** @param words - after `agent`. */
export function main(words: readonly string[]): void {
  const terminal = processTerminal();
  const command = agentCommand(() => ({ processWorld, runAgentProgram }));
  const flags = { values: new Map(), lists: new Map(), positional: [] };
  void command
    .run({ command, terminal, flags, positional: [], words })
    .then((exitCode) => terminal.end(exitCode));
}
