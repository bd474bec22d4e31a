import { addressBytes } from "@x/swim/wire";
import { describe, expect, it } from "vitest";
import { Admission } from "../src/admission.ts";
import { NetworkList } from "../src/network-list.ts";
import { aliveOf } from "./support/lone-core.ts";

const admission = new Admission({
  allowedNetworks: ["10.0.0.0/8"],
  nameBytesLimit: 20,
  refuseControlCharacters: true,
  incarnationJumpLimit: 1_000,
});

describe("Admission", () => {
  it("lets an ordinary claim pass, of the longest name too", () => {
    expect(admission.refuseAlive(aliveOf("a", 2))).toBeUndefined();
    expect(admission.refuseAlive(aliveOf("x".repeat(20), 2))).toBeUndefined();
    expect(admission.refuseAlive(aliveOf("ü".repeat(10), 2))).toBeUndefined();
  });

  it.each([
    ["incarnation-zero", { incarnation: 0 }],
    ["incarnation-jump", { incarnation: 0xffff_ffff }],
    ["invalid-name", { node: "" }],
    ["invalid-name", { node: "x".repeat(21) }],
    ["invalid-name", { node: "ü".repeat(11) }],
    ["invalid-name", { node: "a\u0000" }],
    ["invalid-name", { node: "a\u007f" }],
    ["invalid-versions", { versions: Uint8Array.of(0, 5, 2, 0, 0, 0) }],
    ["invalid-versions", { versions: Uint8Array.of(1, 0, 2, 0, 0, 0) }],
    ["invalid-versions", { versions: Uint8Array.of(3, 2, 2, 0, 0, 0) }],
    ["invalid-address", { address: new Uint8Array(4) }],
    ["invalid-address", { address: new Uint8Array(5).fill(1) }],
    ["invalid-address", { address: Uint8Array.of(255, 255, 255, 255) }],
    ["meta-too-large", { meta: new Uint8Array(513) }],
  ] as const)("refuses with %s", (reason, more) => {
    expect(admission.refuseAlive(aliveOf("a", 2, more))).toMatchObject({ reason });
  });

  it.each([
    { node: "with space" },
    { node: "ü".repeat(7) },
    { node: "x".repeat(7) },
    { versions: Uint8Array.of(2, 2, 2, 0, 0, 0) },
    { versions: Uint8Array.of(1) },
    { versions: Uint8Array.of(9, 1) },
    { meta: new Uint8Array(512) },
    { address: addressBytes("fd00::1") },
    { incarnation: 0xffff_fffe },
  ])("lets %o pass", (more) => {
    expect(admission.refuseAlive(aliveOf("a", 2, more))).toBeUndefined();
  });

  it("refuses three versions that make no range", () => {
    expect(
      admission.refuseAlive(aliveOf("a", 2, { versions: Uint8Array.of(3, 2, 2) })),
    ).toMatchObject({ reason: "invalid-versions" });
  });

  it("measures accusations by what is known, and lets a real climb pass", () => {
    expect(admission.refuseAccusation(1_005, 5)).toBeUndefined();
    expect(admission.refuseAccusation(3, 5)).toBeUndefined();
    expect(admission.refuseAccusation(1_006, 5)).toMatchObject({ reason: "incarnation-jump" });
    expect(admission.refuseAccusation(0xffff_ffff, 0xffff_fffe)).toMatchObject({
      reason: "incarnation-jump",
    });
  });

  it("lets members in by their network", () => {
    expect(admission.refuseNetwork(addressBytes("10.200.0.1"))).toBeUndefined();
    expect(admission.refuseNetwork(addressBytes("11.0.0.1"))).toMatchObject({
      reason: "network-not-allowed",
    });
  });
});

describe("NetworkList (behaviour specification §13)", () => {
  it.each([
    ["10.0.0.0/8", "10.1.2.3", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["192.168.4.0/22", "192.168.7.255", true],
    ["192.168.4.0/22", "192.168.8.0", false],
    ["10.0.0.1/32", "10.0.0.1", true],
    ["10.0.0.1/32", "10.0.0.2", false],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["0.0.0.0/0", "fd00::1", false],
    ["10.0.0.0/8", "::ffff:10.9.9.9", true],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["::/0", "10.0.0.1", false],
  ])("%s allows %s: %s", (network, address, isAllowed) => {
    expect(new NetworkList([network]).allows(addressBytes(address))).toBe(isAllowed);
  });

  it("allows everything when empty, and any of several", () => {
    expect(new NetworkList([]).allows(addressBytes("8.8.8.8"))).toBe(true);
    const list = new NetworkList(["10.0.0.0/8", "127.0.0.0/8"]);
    expect(list.allows(addressBytes("127.0.0.1"))).toBe(true);
    expect(list.allows(addressBytes("8.8.8.8"))).toBe(false);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", "fd00::/129", "10.0.0.0/8/8", ""])(
    "refuses %j",
    (text) => {
      expect(() => new NetworkList([text])).toThrow(TypeError);
    },
  );
});
