/**
 * The address of this machine that other machines of the same private network can reach.
 *
 * Source: behaviour specification §17; RFC 6890 for what counts as private.
 */
import { readFileSync } from "node:fs";
import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/** One address of one interface of this machine. */
export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly address: string;
  /** Leading bits of the network. */
  readonly prefixBits: number;
}

/**
 * Special-purpose networks routers forward inside a private network: shared address space, private
 * use, benchmarking and unique local addresses. Loopback, link-local and documentation networks
 * belong to RFC 6890 too but are not forwarded.
 */
const FORWARDED_PRIVATE_NETWORKS: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["fc00::", 7, "ipv6"],
];

function privateNetworks(): BlockList {
  const networks = new BlockList();
  for (const [network, prefixBits, family] of FORWARDED_PRIVATE_NETWORKS) {
    networks.addSubnet(network, prefixBits, family);
  }
  return networks;
}

/**
 * Prefers the interface of the default route, then IPv4, then the smaller network.
 *
 * @returns `undefined` if the machine has no private address.
 */
export function choosePrivateAddress(
  addresses: readonly InterfaceAddress[],
  defaultInterface: string | undefined,
): string | undefined {
  const networks = privateNetworks();
  const candidates = addresses.filter(({ address }) =>
    networks.check(address, isIPv4(address) ? "ipv4" : "ipv6"),
  );
  const rank = (candidate: InterfaceAddress): readonly number[] => [
    candidate.interfaceName === defaultInterface ? 0 : 1,
    isIPv4(candidate.address) ? 0 : 1,
    -candidate.prefixBits,
  ];
  return candidates.sort((first, second) => compareRanks(rank(first), rank(second)))[0]?.address;
}

/** Every address of every interface that is up. */
export function machineAddresses(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
    (addresses ?? []).map(({ address, cidr }) => ({
      interfaceName,
      address,
      prefixBits: Number(cidr?.split("/")[1] ?? 0),
    })),
  );
}

/** @returns the interface of the default route where the system tells (Linux), else `undefined`. */
export function defaultInterfaceName(): string | undefined {
  let table: string;
  try {
    table = readFileSync("/proc/net/route", "utf8");
  } catch {
    // Other systems have no such file, and then no interface is preferred.
    return undefined;
  }
  return defaultRouteInterface(table);
}

/** @param routeTable - the text of `/proc/net/route`: interface, destination, gateway, … in hexadecimal. */
export function defaultRouteInterface(routeTable: string): string | undefined {
  for (const line of routeTable.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === "00000000" && fields[7] === "00000000") return fields[0];
  }
  return undefined;
}

function compareRanks(first: readonly number[], second: readonly number[]): number {
  const index = first.findIndex((value, position) => value !== second[position]);
  return index === -1 ? 0 : (first[index] ?? 0) - (second[index] ?? 0);
}
