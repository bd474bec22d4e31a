import { parseJoinAddress } from "@x/swim";
import { describe, expect, it } from "vitest";

describe("parseJoinAddress (behaviour specification §9)", () => {
  it.each([
    ["10.0.0.1", undefined, "10.0.0.1", 7_946],
    ["10.0.0.1:80", undefined, "10.0.0.1", 80],
    ["example.org", undefined, "example.org", 7_946],
    ["example.org:0", undefined, "example.org", 0],
    ["a/10.0.0.1:80", "a", "10.0.0.1", 80],
    ["a/b/c", "a", "b/c", 7_946],
    ["::1", undefined, "::1", 7_946],
    ["[::1]", undefined, "::1", 7_946],
    ["[::1]:80", undefined, "::1", 80],
    ["fe80::1%eth0", undefined, "fe80::1%eth0", 7_946],
    ["[fe80::1%eth0]:65535", undefined, "fe80::1%eth0", 65_535],
    ["m/[::1]:80", "m", "::1", 80],
    ["1:2:3", undefined, "1:2:3", 7_946],
  ])("takes %j apart", (text, name, host, port) => {
    expect(parseJoinAddress(text, 7_946)).toEqual({
      ...(name !== undefined && { name }),
      host,
      port,
      text,
    });
  });

  it.each([
    "/host",
    "",
    ":80",
    "[]:80",
    "host:",
    "host:65536",
    "host:-1",
    "host:http",
    "a/",
    "host:0x10",
  ])("refuses %j", (text) => {
    expect(() => parseJoinAddress(text, 7_946)).toThrow(
      expect.objectContaining({ code: "invalid-address" }),
    );
  });
});
