import { describe, expect, it } from "vitest";
import {
  dialTimeout,
  endpointText,
  errorCode,
  streamFailure,
} from "../../src/node/stream-failure.ts";

const REMOTE = { address: "10.0.0.1", port: 7_946 };
const systemError = (code: string): Error => Object.assign(new Error(`boom ${code}`), { code });

describe("streamFailure", () => {
  it.each([
    ["ECONNREFUSED", "refused", "dial tcp 10.0.0.1:7946: connect: connection refused"],
    ["ETIMEDOUT", "timed-out", "dial tcp 10.0.0.1:7946: connect: connection timed out"],
    ["EHOSTUNREACH", "unreachable", "dial tcp 10.0.0.1:7946: connect: no route to host"],
    ["ENETUNREACH", "unreachable", "dial tcp 10.0.0.1:7946: connect: network is unreachable"],
    ["ECONNRESET", "reset", "dial tcp 10.0.0.1:7946: connect: connection reset by peer"],
    ["ESTRANGE", "aborted", "dial tcp 10.0.0.1:7946: connect: boom ESTRANGE"],
  ])("means by %s: %s", (code, expected, message) => {
    expect(streamFailure(systemError(code), "dial", REMOTE)).toEqual({ code: expected, message });
  });

  it("says what was being done", () => {
    expect(streamFailure(systemError("EPIPE"), "write", REMOTE).message).toBe(
      "write tcp 10.0.0.1:7946: write: broken pipe",
    );
    expect(dialTimeout({ address: "::1", port: 1 })).toEqual({
      code: "timed-out",
      message: "dial tcp [::1]:1: i/o timeout",
    });
  });
});

describe("endpointText", () => {
  it("puts brackets around IPv6 only", () => {
    expect(endpointText(REMOTE)).toBe("10.0.0.1:7946");
    expect(endpointText({ address: "fe80::1%eth0", port: 1 })).toBe("[fe80::1%eth0]:1");
  });
});

describe("errorCode", () => {
  it("is empty for what is no system error", () => {
    expect(errorCode(systemError("EPERM"))).toBe("EPERM");
    expect(errorCode(new Error("plain"))).toBe("");
    expect(errorCode("text")).toBe("");
    expect(errorCode(Object.assign(new Error("odd"), { code: 7 }))).toBe("");
  });
});
