/**
 * Makes an agent join a cluster. Source: CLI specification §5.2.
 */
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command } from "../command.ts";
import { usage } from "../usage.ts";

/** `serf join`. */
export const joinCommand: Command = {
  name: "join",
  usageWords: "[options] address ...",
  description: "Makes the agent join a cluster by contacting at least one of its members.",
  flags: [
    { name: "replay", kind: "boolean", help: "Deliver user events from before the join." },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, positional, flags } = invocation;
    if (positional.length === 0) {
      return fail(
        terminal,
        `At least one address to join must be specified.\n\n${usage(joinCommand)}`,
      );
    }
    return withAgent(invocation, async (client) => {
      try {
        const count = await client.join(positional, { replay: booleanFlag(flags, "replay") });
        terminal.writeOut(`Successfully joined cluster by contacting ${count} nodes.\n`);
        return 0;
      } catch (error) {
        return fail(terminal, `Error joining the cluster: ${errorText(error)}`);
      }
    });
  },
};
