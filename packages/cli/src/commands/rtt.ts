/**
 * Estimates the round-trip time between two members. Source: CLI specification §5.8.
 */
import { goQuote } from "@x/agent/flags";
import type { RpcClient } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import type { Command, Invocation } from "../command.ts";
import { usage } from "../usage.ts";

/** `serf rtt`. */
export const rttCommand: Command = {
  name: "rtt",
  usageWords: "[options] node1 [node2]",
  description:
    "Estimates the round-trip time between two members from their network coordinates. Without a " +
    "second name the agent's own member is meant.",
  flags: connectionFlags,
  run: (invocation) => withAgent(invocation, (client) => estimate(client, invocation)),
};

async function estimate(client: RpcClient, invocation: Invocation): Promise<number> {
  const { terminal, positional } = invocation;
  const [first = "", given] = positional;
  if (positional.length < 1 || positional.length > 2) {
    return fail(terminal, `One or two node names must be specified\n\n${usage(rttCommand)}`);
  }
  let second = given;
  if (second === undefined) {
    try {
      second = (await client.stats())["agent"]?.["name"] ?? "";
    } catch (error) {
      return fail(terminal, `Error querying agent: ${errorText(error)}`);
    }
  }
  try {
    const from = await client.coordinate(first);
    if (from === undefined) return unknown(invocation, first);
    const to = await client.coordinate(second);
    if (to === undefined) return unknown(invocation, second);
    // Loaded here, since the other commands need nothing of it.
    const { estimatedRttSeconds } = await import("@x/vivaldi");
    const milliseconds = (estimatedRttSeconds(from, to) * 1000).toFixed(3);
    terminal.writeOut(`Estimated ${first} <-> ${second} rtt: ${milliseconds} ms\n`);
    return 0;
  } catch (error) {
    return fail(terminal, `Error getting coordinates: ${errorText(error)}`);
  }
}

function unknown({ terminal }: Invocation, name: string): number {
  return fail(terminal, `Could not find a coordinate for node ${goQuote(name)}`);
}
