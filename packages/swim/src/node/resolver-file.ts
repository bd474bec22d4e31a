/**
 * Which DNS server this machine asks first.
 *
 * Source: resolv.conf(5); behaviour specification §9 rule 4.
 */
import { open } from "node:fs/promises";
import { isIP } from "node:net";
import type { Endpoint } from "../protocol-core.ts";

const DNS_PORT = 53;
/** A longer resolver file is read up to here. */
const FILE_LIMIT_BYTES = 64 * 1024;

/**
 * @returns the first `nameserver` of the text; a port may follow it (`10.0.0.1:8600`,
 *   `[fd00::1]:8600`), as service discovery tools need it.
 */
export function firstNameServer(resolverFile: string): Endpoint | undefined {
  for (const line of resolverFile.split("\n")) {
    const [keyword, server] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && server !== undefined) return serverEndpoint(server);
  }
  return undefined;
}

/** Reads the file at `path`. @throws the system's error if it cannot be read. */
export async function readFirstNameServer(path: string): Promise<Endpoint | undefined> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(FILE_LIMIT_BYTES);
    const { bytesRead } = await file.read(buffer, 0, FILE_LIMIT_BYTES, 0);
    return firstNameServer(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await file.close();
  }
}

function serverEndpoint(server: string): Endpoint | undefined {
  if (isIP(server) !== 0) return { address: server, port: DNS_PORT };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)):(?<port>\d{1,5})$/.exec(server);
  const address = match?.groups?.["v6"] ?? match?.groups?.["v4"] ?? "";
  const port = Number(match?.groups?.["port"]);
  return isIP(address) !== 0 && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}
