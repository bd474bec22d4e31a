/**
 * Lets an agent leave its cluster and stop. Source: CLI specification §5.3.
 */
import { connectRpc, RpcError } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { type Command, type Invocation, textFlag } from "../command.ts";

const goneTries = 20;
const goneDelayMs = 100;

/** `serf leave`. */
export const leaveCommand: Command = {
  name: "leave",
  usageWords: "",
  description: "Lets the agent leave the cluster gracefully and stop.",
  flags: connectionFlags,
  async run(invocation) {
    const { terminal } = invocation;
    return withAgent(invocation, async (client) => {
      try {
        await client.leave();
      } catch (error) {
        // An agent of the reference may stop before its answer is out: it has left all the same.
        const isLost = error instanceof RpcError && error.code === "client-closed";
        if (!isLost || !(await isGone(invocation))) {
          return fail(terminal, `Error leaving: ${errorText(error)}`);
        }
      }
      terminal.writeOut("Graceful leave complete\n");
      return 0;
    });
  },
};

/** Whether nobody listens at the agent's address any more. */
async function isGone({ flags, terminal }: Invocation): Promise<boolean> {
  const address = textFlag(flags, "rpc-addr") || terminal.environment["SERF_RPC_ADDR"];
  for (let attempt = 0; attempt < goneTries; attempt += 1) {
    try {
      const client = await connectRpc(address === undefined ? {} : { address });
      await client.close();
    } catch (error) {
      if (error instanceof RpcError && error.code === "dial-failed") return true;
    }
    await new Promise((resolve) => setTimeout(resolve, goneDelayMs));
  }
  return false;
}
