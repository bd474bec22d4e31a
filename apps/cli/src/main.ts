/** The `serf` program: the commands of `@x/cli` and `agent`. */
import { runCli } from "@x/cli";
import { agentEntry } from "./agent-command.ts";
import { processTerminal } from "./process-terminal.ts";

const terminal = processTerminal();
void runCli(process.argv.slice(2), terminal, { moreCommands: [agentEntry] }).then((exitCode) =>
  terminal.end(exitCode),
);
