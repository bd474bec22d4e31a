/**
 * Where an agent binds and what it tells the others, from the words of its configuration.
 *
 * Source: agent specification §1 (address forms, `-iface`), §2 (texts).
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { AgentConfig } from "./config/agent-config.ts";
import { parsePort, splitHostOptionalPort } from "./config/host-port.ts";

/** An address and port, the address resolved. */
export interface ResolvedAddress {
  /** IP text; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** Addresses, resolved. */
export interface AgentNetwork {
  readonly bind: ResolvedAddress;
  /** Absent = what the bind address gives. */
  readonly advertise?: ResolvedAddress;
  /** For the start output: what `-iface` chose. */
  readonly notice?: string;
}

/** `message` is the line for the operator. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

const noInterface = "route ip+net: no such network interface";

/** @throws {NetworkError} in the reference's words. */
export async function resolveNetwork(config: AgentConfig): Promise<AgentNetwork> {
  if (config.interfaceName !== "" && networkInterfaces()[config.interfaceName] === undefined) {
    throw new NetworkError(`Invalid network interface: ${noInterface}`);
  }
  if (config.mdnsInterface !== "" && networkInterfaces()[config.mdnsInterface] === undefined) {
    throw new NetworkError(`Invalid mDNS network interface: ${noInterface}`);
  }
  const bind = await resolve("bind", config.bind);
  const advertise =
    config.advertise === "" ? {} : { advertise: await resolve("advertise", config.advertise) };
  if (config.interfaceName === "") return { bind, ...advertise };
  return { ...bindToInterface(config.interfaceName, bind), ...advertise };
}

async function resolve(which: string, text: string): Promise<ResolvedAddress> {
  try {
    const { host, port } = splitHostOptionalPort(text);
    const number = parsePort(port);
    if (host === "") return { address: "0.0.0.0", port: number };
    if (isIP(host.split("%")[0] ?? "") !== 0) return { address: host, port: number };
    return { address: (await resolveHost(host)).address, port: number };
  } catch (error) {
    throw new NetworkError(`Invalid ${which} address: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function resolveHost(host: string): Promise<{ address: string }> {
  try {
    return await lookup(host);
  } catch (error) {
    throw new Error(`lookup ${host}: no such host`, { cause: error });
  }
}

function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address);
}

/** With a wildcard bind the interface's first usable address; else the bind address must be on it. */
function bindToInterface(
  name: string,
  bind: ResolvedAddress,
): { bind: ResolvedAddress; notice: string } {
  const addresses = (networkInterfaces()[name] ?? []).map((entry) => entry.address);
  if (addresses.length === 0) throw new NetworkError(`Interface '${name}' has no addresses`);
  if (!isWildcard(bind.address)) {
    // An address with a zone is listed without it.
    if (!addresses.includes(bind.address.split("%")[0] ?? "")) {
      throw new NetworkError(`Interface '${name}' has no '${bind.address}' address`);
    }
    return { bind, notice: `Using interface '${name}' address '${bind.address}'` };
  }
  const address = addresses.find((candidate) => !isLinkLocal(candidate));
  if (address === undefined) {
    throw new NetworkError(`Failed to find usable address for interface '${name}'`);
  }
  return {
    bind: { address, port: bind.port },
    notice: `Using interface '${name}' address '${address}'`,
  };
}
