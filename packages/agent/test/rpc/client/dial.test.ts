import { describe, expect, it } from "vitest";
import { toDialError } from "../../../src/rpc/client/dial.ts";

const target = { host: "agent.example", port: 7373 };

function systemError(fields: object): Error {
  return Object.assign(new Error("as the system says it"), fields);
}

function textOf(error: Error): string {
  return toDialError(error, target).message;
}

describe("toDialError (command line specification §3)", () => {
  it.each([
    ["ECONNREFUSED", "connection refused"],
    ["EHOSTUNREACH", "no route to host"],
    ["ENETUNREACH", "network is unreachable"],
    ["ETIMEDOUT", "connection timed out"],
    ["EACCES", "permission denied"],
    ["ECONNRESET", "connection reset by peer"],
    ["EADDRNOTAVAIL", "cannot assign requested address"],
    ["EWHATEVER", "as the system says it"],
  ])("tells %s as the reference does", (code, why) => {
    const error = systemError({ code, syscall: "connect", address: "10.0.0.1", port: 7373 });

    expect(textOf(error)).toBe(`dial tcp 10.0.0.1:7373: connect: ${why}`);
  });

  it("lets the first address of a name speak for all", () => {
    const refused = { code: "ECONNREFUSED", syscall: "connect", port: 7373 };
    const error = new AggregateError([
      systemError({ ...refused, address: "::1" }),
      systemError({ ...refused, address: "127.0.0.1" }),
    ]);

    expect(textOf(error)).toBe("dial tcp [::1]:7373: connect: connection refused");
  });

  it("tells a name that does not exist, and the server that said so", () => {
    const error = systemError({ code: "ENOTFOUND", syscall: "getaddrinfo" });

    expect(textOf(error)).toMatch(/^dial tcp: lookup agent\.example( on \S+:\d+)?: no such host$/);
  });

  it("tells a lookup that did not work", () => {
    const error = systemError({ code: "EAI_AGAIN", syscall: "getaddrinfo" });

    expect(textOf(error)).toBe(
      "dial tcp: lookup agent.example: Temporary failure in name resolution",
    );
  });
});
