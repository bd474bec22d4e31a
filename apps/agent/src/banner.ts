/**
 * What an agent says once it is up.
 *
 * Source: agent specification §3.
 */
import { type AgentConfig, type AgentNetwork, joinHostPort } from "@x/agent";

/** Every label's colon is the 32nd character of its line. */
const labelWidth = 31;

function line(label: string, value: string): string {
  return `${label.padStart(labelWidth)}: ${value}\n`;
}

/**
 * @param network - the bind address as resolved, and what the member tells the others.
 * @param rpcPort - absent when there is no RPC server.
 */
export function banner(
  config: AgentConfig,
  network: AgentNetwork,
  rpcPort: number | undefined,
): string {
  const bind = joinHostPort(network.bind.address, network.bind.port);
  const { advertise } = network;
  const advertised =
    advertise === undefined
      ? ""
      : `    Advertise addr: '${joinHostPort(advertise.address, advertise.port)}'\n`;
  return (
    "==> Serf agent running!\n" +
    line("Node name", `'${config.nodeName}'`) +
    line("Bind addr", `'${bind}'`) +
    advertised +
    line("RPC addr", rpcPort === undefined ? "off" : `'${config.rpcAddress}'`) +
    line("Encrypted", String(config.encryptKey !== "" || config.keyringFile !== "")) +
    line("Snapshot", String(config.snapshotPath !== "")) +
    line("Profile", config.profile) +
    line("Message Compression Enabled", String(config.enableCompression)) +
    (config.discover === "" ? "" : line("mDNS cluster", config.discover))
  );
}
