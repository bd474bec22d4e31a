import { describe, expect, it } from "vitest";
import { DurationError, parseDuration } from "../../src/config/duration.ts";

describe("parseDuration (agent specification §1)", () => {
  it.each([
    ["0", 0],
    ["1s", 1_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["500ms", 500],
    ["-2s", -2_000],
    ["+2s", 2_000],
    [".5s", 500],
    ["1.s", 1_000],
    ["1us", 0.001],
    ["1µs", 0.001],
    ["3ns", 0.000_003],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text).ms).toBe(ms);
  });

  it.each([
    ["", 'time: invalid duration ""'],
    ["foo", 'time: invalid duration "foo"'],
    ["5", 'time: missing unit in duration "5"'],
    ["5x", 'time: unknown unit "x" in duration "5x"'],
    [".s", 'time: invalid duration ".s"'],
    ["-", 'time: invalid duration "-"'],
    ["9999999999h", 'time: invalid duration "9999999999h"'],
  ])("refuses %j in the reference's words", (text, message) => {
    expect(() => parseDuration(text)).toThrow(new DurationError(message));
  });
});
