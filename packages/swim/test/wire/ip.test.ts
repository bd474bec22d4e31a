import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressBytes,
  addressText,
  canonicalAddress,
  isMemberAddress,
  sameAddress,
} from "../../src/wire/ip.ts";
import { hex, unhex } from "../support/vectors.ts";

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Groups are often zero, as in addresses people use. */
const sparseIpv6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff])));

function mapped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes);
}

describe("addresses", () => {
  it.each([
    ["0a010203", "10.1.2.3"],
    ["00000000000000000000ffff0a010203", "10.1.2.3"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000000000001", "::1"],
    ["20010db8000000000000000000000001", "2001:db8::1"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010000000000010000000000000001", "2001:0:0:1::1"],
    ["fe800000000000000000000000000000", "fe80::"],
  ])("%s is %s (RFC 5952)", (bytes, text) => {
    expect(addressText(unhex(bytes))).toBe(text);
  });

  it.each([
    ["::ffff:1.2.3.4", "00000000000000000000ffff01020304"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
    ["FE80::1%eth0", "fe800000000000000000000000000001"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
  ])("reads %s", (text, bytes) => {
    expect(hex(addressBytes(text))).toBe(bytes);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4 ",
    "a.b.c.d",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "1.2.3.4::",
    "::1.2.3",
    "[::1]",
    "localhost",
  ])("refuses %j, which is none", (text) => {
    expect(() => addressBytes(text)).toThrow(RangeError);
  });

  it("refuses bytes of another length", () => {
    expect(() => addressText(new Uint8Array(5))).toThrow("an IP address has 4 or 16 bytes, not 5");
    expect(() => canonicalAddress(new Uint8Array(0))).toThrow(RangeError);
  });

  it.each([
    ["0.0.0.0", false],
    ["255.255.255.255", false],
    ["224.0.0.1", false],
    ["239.255.255.255", false],
    ["::", false],
    ["ff02::1", false],
    ["::ffff:224.0.0.1", false],
    ["::ffff:0.0.0.0", false],
    ["::ffff:255.255.255.255", false],
    ["127.0.0.1", true],
    ["10.0.0.255", true],
    ["240.0.0.1", true],
    ["::1", true],
    ["fe80::1", true],
    ["::ffff:10.0.0.1", true],
  ])("%s can be a member's: %s (wire specification §13)", (text, isMember) => {
    expect(isMemberAddress(addressBytes(text))).toBe(isMember);
  });

  it("of 0, 5 or 17 bytes can be no member's", () => {
    expect([0, 5, 17].map((length) => isMemberAddress(new Uint8Array(length).fill(10)))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("round-trip through their text, which the platform reads too", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6, sparseIpv6), (bytes) => {
        const text = addressText(bytes);

        expect(isIP(text)).toBe(canonicalAddress(bytes).length === 4 ? 4 : 6);
        expect(addressBytes(text)).toEqual(canonicalAddress(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it("are the same iff their text is", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, sparseIpv6), fc.oneof(ipv4, sparseIpv6), (a, b) => {
        expect(sameAddress(a, b)).toBe(addressText(a) === addressText(b));
      }),
    );
  });

  it("are the same in their IPv4 and their mapped form", () => {
    fc.assert(
      fc.property(ipv4, (bytes) => {
        expect(sameAddress(bytes, mapped(bytes))).toBe(true);
        expect(sameAddress(mapped(bytes), bytes)).toBe(true);
        expect(canonicalAddress(mapped(bytes))).toEqual(bytes);
      }),
    );
  });
});
