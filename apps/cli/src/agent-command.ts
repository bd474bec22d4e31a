/**
 * `serf agent`. The agent itself is loaded only when it is asked for, so that the other commands
 * start as fast as they can.
 */
import { type Command, usage } from "@x/cli";
import { agentFlags } from "@x/agent/flags";

export const agentCommand: Command = {
  name: "agent",
  synopsis: "Runs a Serf agent",
  usageWords: "[options]",
  description: "Runs a full node until it is told to stop.",
  flags: agentFlags,
  takesRawWords: true,
  async run({ words }) {
    const { runAgentProgram, processWorld } = await import("@x/agent-app");
    return runAgentProgram(words, processWorld(usage(agentCommand)));
  },
};
