/**
 * Waits for what agents think of the members, over RPC: a poll costs a message and not a process.
 */
import { connectRpc } from "@x/agent/rpc-client";
import { type AgentProcess, until } from "./agent-process.ts";

/** Name → status. */
export type Statuses = Readonly<Record<string, string>>;

/** Waits until every agent lists exactly these statuses. */
export async function allList(agents: readonly AgentProcess[], expected: Statuses): Promise<void> {
  const wanted = JSON.stringify(Object.entries(expected).sort());
  await Promise.all(agents.map((agent) => lists(agent, wanted)));
}

async function lists(agent: AgentProcess, wanted: string): Promise<void> {
  await using client = await connectRpc({ address: agent.rpc });
  let last = "";
  try {
    await until(`${agent.node} lists ${wanted}`, async () => {
      const members = await client.members();
      last = JSON.stringify(members.map(({ name, status }) => [name, status]).sort());
      return last === wanted;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; last seen: ${last}\n${agent.output}`, {
      cause: error,
    });
  }
}
