import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { TimerQueue } from "../src/timer-queue.ts";

describe("TimerQueue", () => {
  it("runs what is due, soonest first, and keeps the order of equal times", () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    queue.schedule(20, () => ran.push("late"));
    queue.schedule(10, () => ran.push("first"));
    queue.schedule(10, () => ran.push("second"));

    queue.runDue(10);

    expect(ran).toEqual(["first", "second"]);
    expect(queue.nextDeadlineMs()).toBe(20);
  });

  it("never runs a cancelled timer, and takes a second cancel lightly", () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    const timer = queue.schedule(1, () => ran.push("cancelled"));
    queue.cancel(timer);
    queue.cancel(timer);
    queue.cancel(undefined);

    queue.runDue(5);

    expect(ran).toEqual([]);
    expect(queue.size).toBe(0);
    expect(queue.nextDeadlineMs()).toBe(Infinity);
  });

  it("ends a call although an action schedules itself for now", () => {
    const queue = new TimerQueue();
    let runs = 0;
    const again = (nowMs: number): void => {
      runs += 1;
      queue.schedule(nowMs, again);
    };
    queue.schedule(0, again);

    queue.runDue(0);
    queue.runDue(0);

    expect(runs).toBe(2);
  });

  it("lets an action cancel one that is due at the same time", () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    queue.schedule(1, () => {
      ran.push("first");
      queue.cancel(second);
    });
    const second = queue.schedule(1, () => ran.push("second"));

    queue.runDue(1);

    expect(ran).toEqual(["first"]);
  });

  it("counts right when an action cancels one that waits for the next call, among many others", () => {
    const queue = new TimerQueue();
    const others = Array.from({ length: 100 }, () => queue.schedule(1_000, () => undefined));
    let overdue = queue.schedule(2_000, () => undefined);
    queue.cancel(overdue);
    queue.schedule(1, () => {
      overdue = queue.schedule(0, () => undefined);
    });
    queue.schedule(2, () => {
      queue.cancel(overdue);
      for (const other of others) queue.cancel(other);
    });

    queue.runDue(10);

    expect(queue.size).toBe(0);
    expect(queue.nextDeadlineMs()).toBe(Infinity);
  });

  it("runs nothing after it was cleared, not even what was put off until the next call", () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    queue.schedule(1, () => queue.schedule(0, () => ran.push("put off")));
    queue.schedule(2, () => queue.clear());
    queue.schedule(3, () => ran.push("due as well"));

    queue.runDue(10);
    queue.runDue(20);

    expect(ran).toEqual([]);
    expect(queue.size).toBe(0);
  });

  it("loses no timer when an action throws", () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    queue.schedule(1, () => {
      throw new Error("boom");
    });
    queue.schedule(2, () => ran.push("next"));

    expect(() => queue.runDue(5)).toThrow("boom");
    queue.runDue(5);

    expect(ran).toEqual(["next"]);
  });

  it("does not grow with cancelled timers", () => {
    const queue = new TimerQueue();
    const kept = queue.schedule(1_000, () => undefined);

    for (let index = 0; index < 10_000; index += 1) {
      queue.cancel(queue.schedule(500, () => undefined));
    }

    expect(queue.size).toBe(1);
    expect(queue.nextDeadlineMs()).toBe(kept.atMs);
  });

  it("refuses a time that is no number", () => {
    expect(() => new TimerQueue().schedule(Number.NaN, () => undefined)).toThrow(RangeError);
  });

  it("law: whatever is scheduled and cancelled, the live ones run once, in order of time", () => {
    const plans = fc.array(fc.record({ at: fc.nat(50), cancel: fc.boolean() }), { maxLength: 300 });
    fc.assert(
      fc.property(plans, (plan) => {
        const queue = new TimerQueue();
        const ran: number[] = [];
        const timers = plan.map(({ at }, index) => queue.schedule(at, () => ran.push(index)));
        plan.forEach(({ cancel }, index) => cancel && queue.cancel(timers[index]));

        queue.runDue(100);

        const expected = plan
          .map((step, index) => ({ ...step, index }))
          .filter(({ cancel }) => !cancel)
          .toSorted((a, b) => a.at - b.at || a.index - b.index)
          .map(({ index }) => index);
        expect(ran).toEqual(expected);
        expect(queue.size).toBe(0);
      }),
    );
  });
});
