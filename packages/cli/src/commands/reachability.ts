/**
 * Tests whether every live member can be reached by gossip. Source: CLI specification §5.7.
 */
import type { RpcClient } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command, exitFailure, type Invocation } from "../command.ts";
import { LiveLines, paint } from "../format/live-lines.ts";
import { shownText } from "../format/shown-text.ts";
import type { Terminal } from "../terminal.ts";

const troubleshooting = `
Troubleshooting tips:
* Ensure that the bind addr:port is accessible by all other nodes
* If an advertise address is set, ensure it routes to the bind address
* Check that no nodes are behind a NAT
* If nodes are behind firewalls or iptables, check that Serf traffic is permitted (UDP and TCP)
* Verify networking equipment is functional
`;

/** `serf reachability`. */
export const reachabilityCommand: Command = {
  name: "reachability",
  usageWords: "[options]",
  description: "Asks every member for an acknowledgement and compares with the list of members.",
  flags: [
    { name: "verbose", kind: "boolean", help: "Show every acknowledgement." },
    ...connectionFlags,
  ],
  run: (invocation) => withAgent(invocation, (client) => test(client, invocation)),
};

async function test(client: RpcClient, { terminal, flags }: Invocation): Promise<number> {
  const isVerbose = booleanFlag(flags, "verbose");
  const live = new Set<string>();
  try {
    const members = await client.members();
    for (const member of members) if (member.status === "alive") live.add(member.name);
    terminal.writeOut(`Total members: ${members.length}, live members: ${live.size}\n`);
  } catch (error) {
    return fail(terminal, `Error getting members: ${errorText(error)}`);
  }
  const acked = new Set<string>();
  let ackCount = 0;
  let lastAckMs = 0;
  const startMs = performance.now();
  const progress = new LiveLines(terminal);
  try {
    const answers = client.query({ name: "_serf_ping", ack: true }, { signal: terminal.interrupt });
    await answers.ready;
    terminal.writeOut("Starting reachability test...\n");
    for await (const answer of answers) {
      if (answer.kind !== "ack") continue;
      progress.clear();
      const name = shownText(terminal, answer.from);
      ackCount += 1;
      lastAckMs = performance.now() - startMs;
      if (isVerbose) terminal.writeOut(`\tAck from '${name}'\n`);
      if (acked.has(answer.from)) {
        terminal.writeOut(`Duplicate response from '${name}'\n`);
      }
      acked.add(answer.from);
      progress.show([paint(terminal, "faint", `${acked.size} of ${live.size} answered`)]);
    }
    progress.clear();
  } catch (error) {
    progress.clear();
    if (terminal.interrupt.aborted) return fail(terminal, "Test interrupted");
    return fail(terminal, `Error sending query: ${errorText(error)}`);
  }
  if (isVerbose) {
    const total = ((performance.now() - startMs) / 1000).toFixed(2);
    const last = (lastAckMs / 1000).toFixed(2);
    terminal.writeOut(`Query time: ${total} sec, time to last response: ${last} sec\n`);
  }
  return verdict(terminal, live, acked, ackCount);
}

function verdict(
  terminal: Terminal,
  live: ReadonlySet<string>,
  acked: ReadonlySet<string>,
  ackCount: number,
): number {
  let exitCode = 0;
  if (ackCount > acked.size) {
    terminal.writeOut(
      "Duplicate responses means there is a misconfiguration. Verify that node names are unique.\n",
    );
    exitCode = exitFailure;
  }
  const list = (names: readonly string[]): string =>
    names
      .toSorted()
      .map((name) => `\t${shownText(terminal, name)}\n`)
      .join("");
  if (ackCount === live.size) {
    terminal.writeOut("Successfully contacted all live nodes\n");
    return exitCode;
  }
  if (ackCount > live.size) {
    terminal.writeOut("Received more acks than live nodes! Acks from non-live nodes:\n");
    terminal.writeOut(list([...acked].filter((name) => !live.has(name))));
    terminal.writeOut(
      "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.\n",
    );
  } else {
    terminal.writeOut("Received less acks than live nodes! Missing acks from:\n");
    terminal.writeOut(list([...live].filter((name) => !acked.has(name))));
    terminal.writeOut(
      "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.\n",
    );
  }
  terminal.writeOut(troubleshooting);
  return exitFailure;
}
