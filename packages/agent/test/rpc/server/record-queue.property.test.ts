import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecordQueue } from "../../../src/rpc/server/record-queue.ts";

describe("RecordQueue laws", () => {
  it("agrees with the naive model", () => {
    const steps = fc.array(fc.option(fc.nat()), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (all, limit) => {
        const queue = new RecordQueue<number>(limit);
        const model: number[] = [];
        for (const step of all) {
          if (step === null) {
            expect(queue.take()).toBe(model.shift());
          } else {
            const isRoom = model.length < limit;
            if (isRoom) model.push(step);
            expect(queue.offer(step) === "queued").toBe(isRoom);
          }
          expect(queue.length).toBe(model.length);
          expect(queue.isFull).toBe(model.length === limit);
        }
      }),
    );
  });

  it("tells the first drop of each burst", () => {
    const queue = new RecordQueue<number>(1);
    queue.offer(1);

    expect([queue.offer(2), queue.offer(3)]).toEqual(["first-dropped", "dropped"]);
    queue.take();
    expect([queue.offer(4), queue.offer(5)]).toEqual(["queued", "first-dropped"]);
  });
});
