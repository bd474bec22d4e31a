/** The `serf` program: the commands of `@x/cli` and `agent`. */
import { type CommandEntry, runCli } from "@x/cli";
import { agentCommand } from "./agent-command.ts";
import { processTerminal } from "./process-terminal.ts";

const agentEntry: CommandEntry = {
  name: "agent",
  synopsis: "Runs a Serf agent",
  load: () => Promise.resolve(agentCommand(() => import("@x/agent-app"))),
};

const terminal = processTerminal();
void runCli(process.argv.slice(2), terminal, { moreCommands: [agentEntry] }).then((exitCode) =>
  terminal.end(exitCode),
);
