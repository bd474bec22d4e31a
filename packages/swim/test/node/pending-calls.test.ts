import { describe, expect, it } from "vitest";
import { PendingCalls } from "../../src/node/pending-calls.ts";

describe("PendingCalls", () => {
  it("ends by the first answer, at once or later", async () => {
    const calls = new PendingCalls();
    let answer: (value: number) => void = () => undefined;
    const later = calls.add<number>(undefined, (settled) => (answer = settled));

    const atOnce = calls.add<number>(undefined, (settled) => settled(1));
    expect(calls.count).toBe(1);
    answer(2);
    answer(3);

    expect([await atOnce, await later]).toEqual([1, 2]);
    expect(calls.count).toBe(0);
  });

  it("ends by its signal, with the signal's reason", async () => {
    const calls = new PendingCalls();
    const controller = new AbortController();
    const waiting = calls
      .add(controller.signal, () => undefined)
      .catch((reason: unknown) => reason);

    controller.abort("enough");

    expect(await waiting).toBe("enough");
    expect(calls.count).toBe(0);
  });

  it("does not begin for a signal that is already aborted", async () => {
    let hasBegun = false;
    const call = new PendingCalls().add(AbortSignal.abort("no"), () => (hasBegun = true));

    await expect(call).rejects.toBe("no");
    expect(hasBegun).toBe(false);
  });

  it("rejects with what beginning throws", async () => {
    const calls = new PendingCalls();
    const call = calls.add(undefined, () => {
      throw new RangeError("too long");
    });

    await expect(call).rejects.toThrow("too long");
    expect(calls.count).toBe(0);
  });

  it("ends all together", async () => {
    const calls = new PendingCalls();
    const waiting = [1, 2, 3].map(() =>
      calls.add(undefined, () => undefined).catch((reason: unknown) => reason),
    );

    calls.rejectAll("closed");

    expect(await Promise.all(waiting)).toEqual(["closed", "closed", "closed"]);
    expect(calls.count).toBe(0);
  });
});
