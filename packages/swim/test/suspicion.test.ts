import { describe, expect, it } from "vitest";
import { Suspicion, suspicionBounds, suspicionTimeoutMs } from "../src/suspicion.ts";

const LAN = { suspicionMultiplier: 4, suspicionMaxTimeoutMultiplier: 6, probeIntervalMs: 1_000 };

describe("suspicionBounds", () => {
  it("waits the least time from the start when nobody could confirm (behaviour specification §4)", () => {
    expect(suspicionBounds(3, LAN)).toEqual({ minMs: 4_000, maxMs: 24_000, confirmationLimit: 0 });
    expect(suspicionBounds(4, LAN)).toEqual({ minMs: 4_000, maxMs: 24_000, confirmationLimit: 2 });
  });

  it("grows with the logarithm of the cluster", () => {
    expect(suspicionBounds(100, LAN)).toMatchObject({ minMs: 8_000, maxMs: 48_000 });
    expect(suspicionBounds(10_000, LAN)).toMatchObject({ minMs: 16_000, maxMs: 96_000 });
  });

  it("wants no confirmation below a multiplier of two", () => {
    expect(suspicionBounds(50, { ...LAN, suspicionMultiplier: 1 }).confirmationLimit).toBe(0);
  });
});

describe("suspicionTimeoutMs", () => {
  it("falls to the minimum once k members agree (Lifeguard §IV-B)", () => {
    const bounds = suspicionBounds(10, LAN);
    expect([0, 1, 2].map((count) => suspicionTimeoutMs(count, bounds))).toEqual([
      24_000, 11_381, 4_000,
    ]);
  });

  it("ends for n of 2 to 6 when the reference's own test says (behaviour specification §18)", () => {
    const settings = {
      suspicionMultiplier: 5,
      suspicionMaxTimeoutMultiplier: 2,
      probeIntervalMs: 100,
    };
    const ends = (n: number, confirmations: number): number =>
      suspicionTimeoutMs(confirmations, suspicionBounds(n, settings));

    expect([2, 3, 4].map((n) => ends(n, 0))).toEqual([500, 500, 500]);
    expect([5, 6].map((n) => ends(n, 0))).toEqual([1_000, 1_000]);
    expect([1, 2, 3].map((count) => ends(6, count))).toEqual([750, 603, 500]);
  });
});

describe("Suspicion", () => {
  it("counts each accuser once, and the first not at all", () => {
    const suspicion = new Suspicion({ minMs: 1, maxMs: 9, confirmationLimit: 2 }, "a", 0);

    expect(["a", "b", "b", "c"].map((name) => suspicion.confirm(name))).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(suspicion.confirmationCount).toBe(2);
  });

  it("needs no more accusers than its limit", () => {
    const suspicion = new Suspicion({ minMs: 1, maxMs: 9, confirmationLimit: 1 }, "a", 0);
    suspicion.confirm("b");

    expect(suspicion.confirm("c")).toBe(false);
    expect(suspicion.confirmationCount).toBe(1);
  });

  it("measures its deadline from the first accusation", () => {
    const suspicion = new Suspicion(
      { minMs: 4_000, maxMs: 24_000, confirmationLimit: 2 },
      "a",
      10_000,
    );
    expect(suspicion.deadlineMs).toBe(34_000);

    suspicion.confirm("b");
    expect(suspicion.deadlineMs).toBe(21_381);

    suspicion.confirm("c");
    expect(suspicion.deadlineMs).toBe(14_000);
  });

  it("is cut short by a refusal once as many have confirmed as are wanted, and not before", () => {
    const suspicion = new Suspicion(
      { minMs: 4_000, maxMs: 24_000, confirmationLimit: 2 },
      "a",
      10_000,
    );
    suspicion.noteRefusal();
    const deadlines = [suspicion.deadlineMs];
    for (const name of ["b", "c"]) {
      suspicion.confirm(name);
      deadlines.push(suspicion.deadlineMs);
    }

    expect(deadlines).toEqual([34_000, 21_381, 12_000]);
  });
});
