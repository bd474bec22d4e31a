/**
 * `serf agent`. The agent itself is loaded only when it is asked for, so that the other commands
 * start as fast as they can.
 */
import { type Command, type CommandEntry, usage } from "@x/cli";
import { agentFlags } from "@x/agent/flags";

const agentCommand: Command = {
  name: "agent",
  usageWords: "[options]",
  description: "Runs a full node until it is told to stop.",
  flags: agentFlags,
  takesRawWords: true,
  async run({ words }) {
    const { runAgentProgram, processWorld } = await import("@x/agent-app");
    const world = processWorld(usage(agentCommand));
    const exitCode = await runAgentProgram(words, world);
    await world.written();
    return exitCode;
  },
};

/** What is added to the commands of `@x/cli`. */
export const agentEntry: CommandEntry = {
  name: "agent",
  synopsis: "Runs a Serf agent",
  load: () => Promise.resolve(agentCommand),
};
