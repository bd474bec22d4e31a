/** `serf agent`. */
import { type Command, usage } from "@x/cli";
import { agentFlags } from "@x/agent/flags";
import type { processWorld, runAgentProgram } from "@x/agent-app";

/** The agent itself, as its package gives it. */
export interface AgentApp {
  readonly processWorld: typeof processWorld;
  readonly runAgentProgram: typeof runAgentProgram;
}

/** @param load - asked for the agent only when it is to run: other commands start faster without. */
export function agentCommand(load: () => AgentApp | Promise<AgentApp>): Command {
  const command: Command = {
    name: "agent",
    usageWords: "[options]",
    description: "Runs a full node until it is told to stop.",
    flags: agentFlags,
    takesRawWords: true,
    async run({ words }) {
      const { processWorld, runAgentProgram } = await load();
      const world = processWorld(() => usage(command));
      const exitCode = await runAgentProgram(words, world);
      await world.written();
      return exitCode;
    },
  };
  return command;
}
