import { describe, expect, it } from "vitest";
import { AuthGate, DELAY_LIMIT_MS, FORGET_AFTER_MS } from "../../../src/rpc/server/auth-gate.ts";

describe("AuthGate", () => {
  it("accepts the key and nothing like it", () => {
    const gate = new AuthGate("s3cret");

    const tried = ["s3cret", "", "s3cre", "s3cret ", "S3CRET"].map((key) => gate.accepts(key));

    expect(tried).toEqual([true, false, false, false, false]);
  });

  it("doubles the wait with each wrong key, up to a limit, and forgets in the end", () => {
    const gate = new AuthGate("s3cret");

    const delays = Array.from({ length: 8 }, () => gate.failureDelayMs(0));

    expect(delays).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    for (let tries = 0; tries < 5000; tries += 1) gate.failureDelayMs(1);
    expect(gate.failureDelayMs(1)).toBe(DELAY_LIMIT_MS);
    expect(gate.failureDelayMs(1 + FORGET_AFTER_MS)).toBe(50);
  });

  it("lets nobody wait where there is no key to guess", () => {
    expect(new AuthGate("").failureDelayMs(0)).toBe(0);
  });
});
