import { isIP } from "node:net";
import { describe, expect, it } from "vitest";
import {
  advertisedAddress,
  mustNameSource,
  whereFound,
} from "../../src/node/advertised-address.ts";
import { parseBindAddress } from "../../src/node/bind-address.ts";
import {
  defaultRouteInterface,
  machineAddresses,
  type InterfaceAddress,
} from "../../src/node/private-address.ts";

const on = (interfaceName: string, address: string, prefixBits: number): InterfaceAddress => ({
  interfaceName,
  address,
  prefixBits,
});

describe("advertisedAddress", () => {
  it("is the address the user set, with its port (§17 rule 1)", () => {
    expect(
      advertisedAddress({
        bindAddress: "0.0.0.0",
        boundPort: 7_946,
        advertiseAddress: "203.0.113.5",
        advertisePort: 80,
      }),
    ).toEqual({ address: "203.0.113.5", port: 80 });
  });

  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
  ])("bound to %s is %s with the bound port (§17 rule 3)", (bindAddress, address) => {
    expect(advertisedAddress({ bindAddress, boundPort: 9 })).toEqual({ address, port: 9 });
  });

  it.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])(
    "bound to %s is a private address, in its short form (§17 rule 2)",
    (bindAddress) => {
      const machine = [on("lo", "127.0.0.1", 8), on("eth0", "10.0.0.7", 24)];

      expect(
        advertisedAddress({
          bindAddress,
          boundPort: 9,
          machineAddresses: machine,
          defaultInterface: "eth0",
        }),
      ).toEqual({ address: "10.0.0.7", port: 9 });
    },
  );

  it.each([
    ["the interface of the default route", "eth1", "192.168.0.1"],
    ["the smaller network", "none", "10.0.1.1"],
  ])("prefers %s", (_title, defaultInterface, address) => {
    const machine = [
      on("eth0", "fd00::1", 64),
      on("eth0", "10.0.0.1", 8),
      on("eth1", "fd00::2", 64),
      on("eth1", "192.168.0.1", 16),
      on("eth2", "10.0.1.1", 24),
    ];

    expect(
      advertisedAddress({
        bindAddress: "0.0.0.0",
        boundPort: 9,
        machineAddresses: machine,
        defaultInterface,
      }),
    ).toEqual({ address, port: 9 });
  });

  it.each(["127.0.0.1", "169.254.3.4", "8.8.8.8", "fe80::1", "2001:db8::1", "::1", "172.32.0.1"])(
    "does not take %s for a private address",
    (address) => {
      expect(() =>
        advertisedAddress({
          bindAddress: "0.0.0.0",
          boundPort: 9,
          machineAddresses: [on("eth0", address, 24)],
        }),
      ).toThrow("no private IP address found, and explicit IP not provided");
    },
  );

  it.each(["10.1.2.3", "100.64.0.1", "172.31.255.255", "192.168.1.1", "198.19.0.1", "fd12::1"])(
    "takes %s for a private address",
    (address) => {
      expect(
        advertisedAddress({
          bindAddress: "0.0.0.0",
          boundPort: 9,
          machineAddresses: [on("eth0", address, 24)],
          defaultInterface: "",
        }).address,
      ).toBe(address);
    },
  );

  it("refuses a name", () => {
    expect(() =>
      advertisedAddress({ bindAddress: "127.0.0.1", boundPort: 9, advertiseAddress: "me.test" }),
    ).toThrow(TypeError);
  });
});

describe("machineAddresses", () => {
  it("lists loopback and nothing that is not an address", () => {
    const addresses = machineAddresses();

    expect(addresses).toContainEqual(
      expect.objectContaining({ address: "127.0.0.1", prefixBits: 8 }),
    );
    expect(addresses.every(({ address }) => isIP(address) !== 0)).toBe(true);
  });
});

describe("defaultRouteInterface", () => {
  const header = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";

  it("finds the route to everywhere", () => {
    const table =
      `${header}docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n` +
      `eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\n`;

    expect(defaultRouteInterface(table)).toBe("eth0");
  });

  it("finds none in a table without one", () => {
    expect(defaultRouteInterface(header)).toBeUndefined();
    expect(defaultRouteInterface("")).toBeUndefined();
  });
});

describe("parseBindAddress", () => {
  it.each([
    ["127.0.0.1:5000", "127.0.0.1", 5_000],
    ["127.0.0.1", "127.0.0.1", 7_946],
    ["[::1]:0", "::1", 0],
    ["[::1]", "::1", 7_946],
    ["::", "::", 7_946],
    ["[fe80::1%eth0]:1", "fe80::1%eth0", 1],
  ])("takes %s apart", (text, address, port) => {
    expect(parseBindAddress(text)).toEqual({ address, port });
  });

  it.each(["", "localhost", "127.0.0.1:65536", "127.0.0.1:x", ":7946", "[127.0.0.1", "1.2.3:1"])(
    "refuses %j and says what to give",
    (text) => {
      expect(() => parseBindAddress(text)).toThrow("give an IP address and a port");
    },
  );
});

describe("mustNameSource", () => {
  it.each([
    ["10.0.0.1", 7_946, false],
    ["10.0.0.1", 7_947, true],
    ["203.0.113.5", 7_946, true],
  ])("of a socket at 10.0.0.1:7946 that is known as %s:%i is %s", (address, port, expected) => {
    const bound = { address: "10.0.0.1", port: 7_946 };

    expect(mustNameSource(bound, { address, port })).toBe(expected);
  });

  it.each(["0.0.0.0", "::", "::ffff:10.0.0.1", "fe80::1%eth0"])(
    "is true of a socket at %s, whose address others do not see in this form",
    (address) => {
      const bound = { address, port: 7_946 };
      const advertised = advertisedAddress({
        bindAddress: address,
        boundPort: bound.port,
        machineAddresses: [on("eth0", "10.0.0.1", 24)],
        defaultInterface: "eth0",
      });

      expect(mustNameSource(bound, advertised)).toBe(true);
    },
  );
});

describe("whereFound", () => {
  const bound = { address: "10.0.0.1", port: 7_946 };

  it("leaves the source out of pings that come from there anyway", () => {
    const found = whereFound({ bound, advertise: undefined, isForeign: false });

    expect(found).toEqual({ bindPort: 7_946, advertiseEndpoint: bound, nameSource: false });
  });

  it("names the source where another address is advertised, with the bound port unless told", () => {
    const [plain, withPort] = ["10.9.9.9", "10.9.9.9:80"].map((advertise) =>
      whereFound({ bound, advertise, isForeign: false }),
    );

    expect(plain?.advertiseEndpoint).toEqual({ address: "10.9.9.9", port: 7_946 });
    expect(withPort?.advertiseEndpoint).toEqual({ address: "10.9.9.9", port: 80 });
    expect([plain?.nameSource, withPort?.nameSource]).toEqual([true, true]);
  });

  it("names the source over a transport of somebody else's", () => {
    expect(whereFound({ bound, advertise: undefined, isForeign: true }).nameSource).toBe(true);
  });
});
