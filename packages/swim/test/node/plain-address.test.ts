import { describe, expect, it } from "vitest";
import {
  addressZone,
  mappedAddress,
  plainAddress,
  withoutZone,
  withZone,
} from "../../src/node/plain-address.ts";

describe("plainAddress", () => {
  it.each([
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "10.0.0.1"],
    ["10.0.0.1", "10.0.0.1"],
    ["fd00::1", "fd00::1"],
    ["::ffff:0:1", "::ffff:0:1"],
  ])("spells %s as %s", (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });

  it("undoes mappedAddress", () => {
    expect(plainAddress(mappedAddress("192.0.2.7"))).toBe("192.0.2.7");
  });
});

describe("zones of IPv6 addresses", () => {
  it("are taken off and found", () => {
    expect(addressZone("fe80::1%eth0")).toBe("eth0");
    expect(addressZone("fe80::1")).toBeUndefined();
    expect(withoutZone("fe80::1%eth0")).toBe("fe80::1");
    expect(withoutZone("fd00::1")).toBe("fd00::1");
  });

  it.each([
    ["fe80::1", "eth0", "fe80::1%eth0"],
    ["febf::1", "eth0", "febf::1%eth0"],
    ["fe80::1%eth1", "eth0", "fe80::1%eth1"],
    ["fec0::1", "eth0", "fec0::1"],
    ["fd00::1", "eth0", "fd00::1"],
    ["10.0.0.1", "eth0", "10.0.0.1"],
    ["fe80::1", undefined, "fe80::1"],
  ])("%s in zone %s is %s: only link-local addresses need one", (address, zone, expected) => {
    expect(withZone(address, zone)).toBe(expected);
  });
});
