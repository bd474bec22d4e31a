import { describe, expect, it } from "vitest";
import { passesLevel } from "../../../src/rpc/server/log-stream.ts";

describe("passesLevel (RPC specification §7)", () => {
  it.each([
    ["2026/11/23 21:42:28 [INFO] agent: x", "INFO", true],
    ["2026/11/23 21:42:28 [DEBUG] agent: x", "INFO", false],
    ["2026/11/23 21:42:28 [TRACE] agent: x", "TRACE", true],
    ["2026/11/23 21:42:28 [WARN] agent: [DEBUG]", "WARN", true],
    ["2026/11/23 21:42:28 [ERROR] agent: x", "ERR", true],
    ["no level at all", "ERR", true],
    ["an open [bracket", "ERR", true],
    ["] closed first [DEBUG]", "ERR", false],
    ["[info] lower case", "ERR", true],
  ] as const)("%j at %s: %s", (line, least, expected) => {
    expect(passesLevel(line, least)).toBe(expected);
  });
});
