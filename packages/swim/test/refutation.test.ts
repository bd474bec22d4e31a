import { describe, expect, it } from "vitest";
import { Incarnation, LAST_INCARNATION } from "../src/refutation.ts";

describe("Incarnation", () => {
  it("announces itself with 1 first (behaviour specification §2)", () => {
    const incarnation = new Incarnation();

    expect([incarnation.current, incarnation.advance(), incarnation.advance()]).toEqual([0, 1, 2]);
  });

  it("beats an accusation, and takes the next one when that is enough", () => {
    const incarnation = new Incarnation();
    incarnation.advance();

    expect(incarnation.refute(1)).toBe(2);
    expect(incarnation.refute(7)).toBe(8);
    expect(incarnation.refute(3)).toBe(9);
  });

  it("stops at the end instead of starting anew at 0", () => {
    const incarnation = new Incarnation();

    expect(incarnation.refute(LAST_INCARNATION - 1)).toBe(LAST_INCARNATION);
    expect(incarnation.advance()).toBe(LAST_INCARNATION);
  });

  it("is not moved by an accusation nobody could answer", () => {
    const incarnation = new Incarnation();
    incarnation.advance();

    expect(incarnation.refute(LAST_INCARNATION)).toBeUndefined();
    expect(incarnation.current).toBe(1);
  });
});
