import { describe, expect, it } from "vitest";
import { Churn } from "../src/churn.ts";

function churnAfter(count: number, everyMs: number): { churn: Churn; endMs: number } {
  const churn = new Churn();
  for (let index = 0; index < count; index += 1) churn.note(index * everyMs);
  return { churn, endMs: (count - 1) * everyMs };
}

describe("Churn", () => {
  it("is not much with a few pieces of news at once", () => {
    const { churn, endMs } = churnAfter(6, 0);

    expect(churn.isMuch(endMs)).toBe(false);
  });

  it("is much with one more", () => {
    const { churn, endMs } = churnAfter(7, 0);

    expect(churn.isMuch(endMs)).toBe(true);
  });

  it("is forgotten within a second or two", () => {
    const { churn, endMs } = churnAfter(20, 0);

    expect(churn.isMuch(endMs + 500)).toBe(true);
    expect(churn.isMuch(endMs + 1_000)).toBe(false);
  });

  it("does not come of steady single news, however long it goes on", () => {
    const { churn, endMs } = churnAfter(10_000, 150);

    expect(churn.isMuch(endMs)).toBe(false);
  });

  it("comes of fifty a second", () => {
    const { churn, endMs } = churnAfter(50, 20);

    expect(churn.isMuch(endMs)).toBe(true);
  });

  it("says when the last piece of much news came", () => {
    const churn = new Churn();
    for (const atMs of [0, 0, 0, 0, 0, 0, 10, 20, 5_000]) churn.note(atMs);

    expect([churn.muchMs, new Churn().muchMs]).toEqual([20, -Infinity]);
    expect(churnAfter(6, 0).churn.muchMs).toBe(-Infinity);
    expect(churnAfter(7, 0).churn.muchMs).toBe(0);
  });
});
