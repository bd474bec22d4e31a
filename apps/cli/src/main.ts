/** The `serf` program: the commands of `@x/cli` and `agent`. */
import { runCli } from "@x/cli";
import { agentEntry } from "./agent-command.ts";
import { processTerminal } from "./process-terminal.ts";

void runCli(process.argv.slice(2), processTerminal(), { moreCommands: [agentEntry] }).then(
  (exitCode) => {
    process.exitCode = exitCode;
    // What was written may still be on its way to a pipe: end when it has arrived.
    process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
  },
);
