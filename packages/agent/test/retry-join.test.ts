import { describe, expect, it } from "vitest";
import {
  durationText,
  longestWaitFactor,
  retryJoin,
  type RetryJoinOptions,
  retryWaitMs,
  steadyTries,
} from "../src/retry-join.ts";

/** A join that fails as often as said, waits of no time, and what was logged. */
function start(failures: number, options: Partial<RetryJoinOptions> = {}) {
  const lines: string[] = [];
  const waits: number[] = [];
  let tries = 0;
  const abort = new AbortController();
  const joined = retryJoin({
    addresses: ["10.0.0.1", "10.0.0.2"],
    intervalMs: 30_000,
    maxAttempts: 0,
    isReplaying: false,
    join: (addresses) => {
      tries += 1;
      if (tries <= failures) return Promise.reject(new Error("1 error occurred:\n\t* no\n\n"));
      return Promise.resolve(addresses.length);
    },
    log: (level, text) => lines.push(`[${level}] ${text}`),
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    signal: abort.signal,
    random: () => 0.5,
    ...options,
  });
  return { joined, lines, waits, abort, tries: () => tries };
}

describe("retryJoin (agent specification §9)", () => {
  it("stops at the first success, and logs each try", async () => {
    const run = start(1);

    expect(await run.joined).toBe(true);

    expect(run.lines).toEqual([
      "[INFO] Joining cluster...(replay: false)",
      "[WARN] Join failed: 1 error occurred:\n\t* no\n\n, retrying in 30s",
      "[INFO] Joining cluster...(replay: false)",
      "[INFO] Join completed. Synced with 2 initial agents",
    ]);
    expect(run.waits).toEqual([30_000]);
  });

  it("tries once more than the maximum, then gives up", async () => {
    const run = start(99, { maxAttempts: 1, isReplaying: true });

    expect(await run.joined).toBe(false);

    expect(run.tries()).toBe(2);
    expect(run.lines.at(0)).toBe("[INFO] Joining cluster...(replay: true)");
    expect(run.lines.at(-1)).toBe("[ERR] maximum retry join attempts made, exiting");
  });

  it("keeps the interval for ten tries, then waits longer, up to eight times", async () => {
    const run = start(14);

    expect(await run.joined).toBe(true);

    expect(run.waits).toEqual([
      ...Array.from({ length: steadyTries }, () => 30_000),
      60_000,
      120_000,
      240_000,
      240_000,
    ]);
  });

  it("ends without a word when it is told to stop", async () => {
    const run = start(99, {
      wait: (_, signal) => {
        run.abort.abort();
        return Promise.reject(signal.reason as Error);
      },
    });

    expect(await run.joined).toBe(false);

    expect(run.tries()).toBe(1);
    expect(run.lines).toHaveLength(2);
  });
});

describe("retryWaitMs", () => {
  it("spreads long waits by a quarter to both sides, so that members do not try in step", () => {
    const failures = steadyTries + 5;

    expect(retryWaitMs(failures, 1_000, () => 0)).toBe(longestWaitFactor * 750);
    expect(retryWaitMs(failures, 1_000, () => 1)).toBe(longestWaitFactor * 1_250);
    expect(retryWaitMs(steadyTries, 1_000, () => 0)).toBe(1_000);
  });
});

describe("durationText", () => {
  it.each([
    [0, "0s"],
    [500, "500ms"],
    [1_000, "1s"],
    [1_500, "1.5s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
  ])("writes %i ms as %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
