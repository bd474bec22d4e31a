/**
 * Declares a failed member to have left. Source: CLI specification §5.4.
 */
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command } from "../command.ts";
import { usage } from "../usage.ts";

/** `serf force-leave`. */
export const forceLeaveCommand: Command = {
  name: "force-leave",
  usageWords: "[options] name",
  description:
    "Declares a failed member to have left, so that nobody tries to reconnect to it. A member " +
    "that is alive objects and stays.",
  flags: [
    { name: "prune", kind: "boolean", help: "Forget the member altogether." },
    ...connectionFlags,
  ],
  async run(invocation) {
    const { terminal, positional, flags } = invocation;
    const [name] = positional;
    if (name === undefined || positional.length !== 1) {
      return fail(
        terminal,
        `A node name must be specified to force leave.\n\n${usage(forceLeaveCommand)}`,
      );
    }
    return withAgent(invocation, async (client) => {
      try {
        await client.forceLeave(name, { prune: booleanFlag(flags, "prune") });
        return 0;
      } catch (error) {
        return fail(terminal, `Error force leaving: ${errorText(error)}`);
      }
    });
  },
};
