import { describe, expect, it } from "vitest";
import { PendingQueries } from "../../../src/rpc/server/pending-queries.ts";
import { queryEvent } from "../../support/scripted-backend.ts";

describe("PendingQueries", () => {
  it("counts from 1 and keeps an entry until its deadline", () => {
    const pending = new PendingQueries(10);
    const event = queryEvent("a");

    expect(pending.register(event, 100, 0)).toBe(1n);
    expect(pending.register(event, 200, 0)).toBe(2n);

    expect(pending.find(1n, 99)).toBe(event);
    expect(pending.find(1n, 99)).toBe(event);
    expect(pending.find(1n, 100)).toBeUndefined();
    expect(pending.find(2n, 100)).toBe(event);
    expect(pending.find(3n, 0)).toBeUndefined();
  });

  it("makes room at its limit: by what is over, else by the oldest", () => {
    const pending = new PendingQueries(2);
    const [first, second, third] = [queryEvent("1"), queryEvent("2"), queryEvent("3")];
    pending.register(first, 1000, 0);
    pending.register(second, 10, 0);

    const id = pending.register(third, 1000, 20);
    expect([pending.find(1n, 20), pending.find(2n, 20), pending.find(id, 20)]).toEqual([
      first,
      undefined,
      third,
    ]);
    pending.register(second, 1000, 20);

    expect(pending.size).toBe(2);
    expect(pending.find(1n, 20)).toBeUndefined();
  });
});
