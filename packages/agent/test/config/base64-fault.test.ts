import { describe, expect, it } from "vitest";
import { base64Fault } from "../../src/config/base64-fault.ts";

describe("base64Fault", () => {
  it.each([
    ["", undefined],
    ["AAAA", undefined],
    ["AAA=", undefined],
    ["AA==", undefined],
    ["AA\nAA", undefined],
    ["foo", "illegal base64 data at input byte 0"],
    ["AAAAA", "illegal base64 data at input byte 4"],
    ["AA*A", "illegal base64 data at input byte 2"],
    ["AA==x", "illegal base64 data at input byte 4"],
    ["=", "illegal base64 data at input byte 0"],
  ])("judges %j", (text, fault) => {
    expect(base64Fault(text)).toBe(fault);
  });
});
