import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Door } from "../../src/fuzz/door.ts";
import { doorNames, everyDoor, shareOf } from "../../src/fuzz/every-door.ts";
import { CASE_LIMIT_BYTES, CASE_LIMIT_MS, fuzzDoor, offenceOf } from "../../src/fuzz/fuzz-door.ts";
import { recordedInputs } from "../../src/fuzz/recorded-inputs.ts";
import { CASE_COUNT } from "./campaign.ts";
import { keptFindings } from "./kept-findings.ts";

/** A door that does the same with every input, or only with some. */
function fuzzed(make: () => Door, limits?: { readonly ms: number; readonly bytes: number }) {
  const plan = { name: "rpc-answer", make, seeds: [Uint8Array.of(1)], caseCount: 3, seed: 1 };
  return fuzzDoor({ ...plan, name: "rpc-answer", ...(limits && { limits }) });
}

describe("the fuzz campaign", () => {
  it("has the stated limits and two hundred thousand cases, and every door has its test", () => {
    const folder = new URL(".", import.meta.url);
    const tests = readdirSync(folder)
      .filter((name) => name.endsWith(".fuzz.test.ts"))
      .map((name) => readFileSync(new URL(name, folder), "utf8"));

    expect(CASE_LIMIT_MS).toBe(50);
    expect(CASE_LIMIT_BYTES).toBe(64 * 2 ** 20);
    expect(
      doorNames.reduce((sum, name) => sum + shareOf(name, CASE_COUNT), 0),
    ).toBeGreaterThanOrEqual(CASE_COUNT);
    for (const name of doorNames) expect(tests.join()).toContain(`"${name}"`);
  });

  it.each(doorNames)("begins at the %s door with inputs that say something", (name) => {
    expect(recordedInputs(name).length).toBeGreaterThan(0);
  });

  it.each(keptFindings)("$door: $what, which is mended", ({ door, hex }) => {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));

    expect(offenceOf(everyDoor[door].make, bytes)).toBeUndefined();
  });
});

describe("a finding", () => {
  it("tells what was thrown, and by which input", () => {
    const [finding] = fuzzed(() => () => {
      throw new TypeError("boom");
    });

    expect(finding?.what).toMatch(/^threw TypeError: boom/);
    expect(finding?.hex).toMatch(/^(?:[0-9a-f]{2})*$/);
  });

  it("is an input that takes too long each time its door comes to it", () => {
    const [finding] = fuzzed(() => () => spin(8), { ms: 5, bytes: Infinity });

    expect(finding?.what).toMatch(/^took \d+ ms$/);
  });

  it("is not an input that was slow once", () => {
    let runCount = 0;
    const make = (): Door => () => {
      runCount += 1;
      if (runCount === 2) spin(20);
    };

    expect(fuzzed(make, { ms: 10, bytes: Infinity })).toEqual([]);
    expect(runCount).toBeGreaterThan(3);
  });

  it("is an input a door holds more for than it may, but not one it forgets", () => {
    const limits = { ms: Infinity, bytes: 2_000_000 };
    const hoarding = (): Door => {
      const held: Uint8Array[] = [];
      return () => void held.push(new Uint8Array(4_000_000));
    };
    const wasteful = (): Door => () => void new Uint8Array(4_000_000);

    expect(fuzzed(hoarding, limits)[0]?.what).toMatch(/^holds \d+ bytes$/);
    expect(fuzzed(wasteful, limits)).toEqual([]);
  });
});

/** Uses the processor. */
function spin(forMs: number): void {
  const endMs = performance.now() + forMs;
  const start = process.cpuUsage();
  for (;;) {
    const { system, user } = process.cpuUsage(start);
    if ((system + user) / 1_000 > forMs && performance.now() > endMs) return;
  }
}
