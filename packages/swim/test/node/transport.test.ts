import { networkInterfaces } from "node:os";
import { describe } from "vitest";
import { MemoryTransport, type MemoryNetwork } from "../../examples/memory-transport.ts";
import { SocketTransport } from "../../src/node/socket-transport.ts";
import type { Endpoint } from "../../src/protocol-core.ts";
import { describeTransport } from "./support/transport-suite.ts";

/** A port that was free a moment ago: bound and given back. */
async function desertedPort(bindAddress: string): Promise<Endpoint> {
  const transport = await SocketTransport.bind({ bindAddress, bindPort: 0 });
  await transport.close();
  return transport.localEndpoint;
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
}

describeTransport({
  name: "sockets over IPv4",
  open: () => SocketTransport.bind({ bindAddress: "127.0.0.1", bindPort: 0 }),
  deserted: () => desertedPort("127.0.0.1"),
});

describe.runIf(hasIpv6Loopback())("with IPv6", () => {
  describeTransport({
    name: "sockets over IPv6",
    open: () => SocketTransport.bind({ bindAddress: "::1", bindPort: 0 }),
    deserted: () => desertedPort("::1"),
  });
});

const network: MemoryNetwork = new Map();
let nextPort = 1;

describeTransport({
  name: "memory",
  open: async () => {
    nextPort += 1;
    return new MemoryTransport(network, { address: "192.0.2.1", port: nextPort });
  },
  deserted: async () => ({ address: "192.0.2.2", port: 1 }),
});
