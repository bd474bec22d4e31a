import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { resolveNetwork } from "../src/agent-network.ts";
import { type AgentConfig, defaultAgentConfig } from "../src/config/agent-config.ts";

function resolve(change: Partial<AgentConfig>) {
  return resolveNetwork({ ...defaultAgentConfig, ...change });
}

const loopback = Object.entries(networkInterfaces()).find(([, addresses]) =>
  addresses?.some(({ internal, address }) => internal && address === "127.0.0.1"),
)?.[0];

describe("resolveNetwork (agent specification §1, §2)", () => {
  it.each([
    ["0.0.0.0", "0.0.0.0", 7946],
    ["0.0.0.0:1234", "0.0.0.0", 1234],
    ["127.0.0.1:", "127.0.0.1", 0],
    [":21000", "0.0.0.0", 21000],
    ["[::1]", "::1", 7946],
    ["[::1]:21000", "::1", 21000],
    ["[fe80::1%eth0]:21000", "fe80::1%eth0", 21000],
    ["10.0.0.1:https", "10.0.0.1", 443],
  ])("takes the bind address %s", async (bind, address, port) => {
    expect(await resolve({ bind })).toEqual({ bind: { address, port } });
  });

  it("resolves a host name, and takes an advertised address", async () => {
    const network = await resolve({ bind: "localhost:1", advertise: "[fd00::1]:2" });

    expect(["127.0.0.1", "::1"]).toContain(network.bind.address);
    expect(network.advertise).toEqual({ address: "fd00::1", port: 2 });
  });

  it.each([
    ["bind", "nosuch.invalid", "Invalid bind address: lookup nosuch.invalid: no such host"],
    ["bind", "::1", "Invalid bind address: address ::1: too many colons in address"],
    [
      "advertise",
      "nosuch.invalid",
      "Invalid advertise address: lookup nosuch.invalid: no such host",
    ],
    ["advertise", "1.2.3.4:foo", "Invalid advertise address: lookup tcp/foo: unknown port"],
    [
      "interfaceName",
      "nosuch0",
      "Invalid network interface: route ip+net: no such network interface",
    ],
    [
      "mdnsInterface",
      "nosuch0",
      "Invalid mDNS network interface: route ip+net: no such network interface",
    ],
  ])("refuses %s %s in the reference's words", async (field, value, message) => {
    await expect(resolve({ [field]: value })).rejects.toThrow(
      expect.objectContaining({ name: "NetworkError", message }) as Error,
    );
  });
});

describe.skipIf(loopback === undefined)("resolveNetwork with -iface", () => {
  const interfaceName = loopback ?? "";

  it("binds a wildcard to the first address of the interface, port kept, and says so", async () => {
    expect(await resolve({ interfaceName, bind: "0.0.0.0:21000" })).toEqual({
      bind: { address: "127.0.0.1", port: 21000 },
      notice: `Using interface '${interfaceName}' address '127.0.0.1'`,
    });
  });

  it("keeps a bind address that is on the interface, and refuses one that is not", async () => {
    expect((await resolve({ interfaceName, bind: "127.0.0.1:1" })).bind).toEqual({
      address: "127.0.0.1",
      port: 1,
    });
    await expect(resolve({ interfaceName, bind: "10.9.9.9" })).rejects.toThrow(
      `Interface '${interfaceName}' has no '10.9.9.9' address`,
    );
  });
});
