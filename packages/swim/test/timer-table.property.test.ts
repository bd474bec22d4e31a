import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimerTable, type Timer } from "../src/timer-table.ts";

describe("TimerTable", () => {
  it("runs what is due, earliest first, and those of one moment in the order they were set", () => {
    const ran: string[] = [];
    const timers = new TimerTable();
    for (const [name, dueMs] of [
      ["c", 30],
      ["a", 10],
      ["b1", 20],
      ["b2", 20],
      ["late", 99],
    ] as const) {
      timers.set(dueMs, () => void ran.push(name));
    }

    timers.runDue(30);

    expect(ran).toEqual(["a", "b1", "b2", "c"]);
    expect(timers.nextDueMs).toBe(99);
  });

  it("leaves what is set meanwhile for the next call, even if due", () => {
    let count = 0;
    const timers = new TimerTable();
    const again = (nowMs: number): void => {
      count += 1;
      timers.set(nowMs, again);
    };
    timers.set(0, again);

    timers.runDue(5);
    timers.runDue(5);

    expect(count).toBe(2);
    expect(timers.nextDueMs).toBe(5);
  });

  it("does not run what an earlier one of the same moment cancels or moves", () => {
    const ran: string[] = [];
    const timers = new TimerTable();
    const victims: Timer[] = [];
    timers.set(1, () => {
      timers.cancel(victims[0]);
      const moved = victims[1];
      if (moved !== undefined) timers.move(moved, 50);
    });
    victims.push(timers.set(1, () => void ran.push("cancelled")));
    victims.push(timers.set(1, () => void ran.push("moved")));

    timers.runDue(1);
    expect(ran).toEqual([]);

    timers.runDue(50);
    expect(ran).toEqual(["moved"]);
  });

  it("does not run what is due once one that runs has cleared the table", () => {
    const ran: string[] = [];
    const timers = new TimerTable();
    timers.set(1, () => timers.clear());
    const later = timers.set(1, () => void ran.push("later"));

    timers.runDue(1);

    expect(ran).toEqual([]);
    expect(later.isWaiting).toBe(false);
  });

  it("is idle when empty or cleared, and cancelling twice is harmless", () => {
    const timers = new TimerTable();
    expect(timers.nextDueMs).toBe(Infinity);
    const timer = timers.set(5, () => {});
    expect(timer.isWaiting).toBe(true);

    timers.clear();
    timers.cancel(timer);
    timers.cancel(undefined);

    expect([timer.isWaiting, timers.size, timers.nextDueMs]).toEqual([false, 0, Infinity]);
  });

  it("agrees with a sorted list under any sets, moves, cancels and runs", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("set" as const), dueMs: fc.nat(100) }),
      fc.record({ kind: fc.constant("move" as const), index: fc.nat(50), dueMs: fc.nat(100) }),
      fc.record({ kind: fc.constant("cancel" as const), index: fc.nat(50) }),
      fc.record({ kind: fc.constant("run" as const), nowMs: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const timers = new TimerTable();
        const handles: Timer[] = [];
        const ran: number[] = [];
        const model = new Map<number, { dueMs: number; order: number }>();
        const expected: number[] = [];
        let order = 0;
        for (const [at, it] of steps.entries()) {
          if (it.kind === "set") {
            const id = handles.length;
            handles.push(timers.set(it.dueMs, () => void ran.push(id)));
            model.set(id, { dueMs: it.dueMs, order: (order += 1) });
          } else if (it.kind === "run") {
            timers.runDue(it.nowMs);
            const due = [...model].filter(([, timer]) => timer.dueMs <= it.nowMs);
            due.sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order);
            for (const [id] of due) {
              expected.push(id);
              model.delete(id);
            }
          } else if (handles.length > 0) {
            const id = it.index % handles.length;
            const handle = handles[id];
            if (handle === undefined) throw new Error(`no handle at step ${at}`);
            if (it.kind === "cancel") {
              timers.cancel(handle);
              model.delete(id);
            } else {
              timers.move(handle, it.dueMs);
              model.set(id, { dueMs: it.dueMs, order: (order += 1) });
            }
          }
        }
        expect(ran).toEqual(expected);
        expect(timers.size).toBe(model.size);
        expect(timers.nextDueMs).toBe(
          Math.min(Infinity, ...[...model.values()].map((t) => t.dueMs)),
        );
      }),
    );
  });
});
