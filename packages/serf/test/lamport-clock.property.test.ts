import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LamportClock, maxLamportTime } from "../src/lamport-clock.ts";
import { lamportTime } from "./support/arbitraries.ts";

const nearTime = fc.oneof(
  fc.bigInt({ min: 0n, max: 1000n }),
  fc.bigInt({ min: maxLamportTime - 1000n, max: maxLamportTime }),
  lamportTime,
);
const step = fc.oneof(
  fc.record({ kind: fc.constant("witness" as const), time: nearTime }),
  fc.record({ kind: fc.constant("restore" as const), time: nearTime }),
  fc.constant({ kind: "increment" as const }),
);

describe("LamportClock", () => {
  it("never decreases and never leaves 64 bits", () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new LamportClock();
        for (const each of steps) {
          const before = clock.time;
          if (each.kind === "witness") clock.witness(each.time);
          else if (each.kind === "restore") clock.restore(each.time);
          else clock.increment();

          expect(clock.time).toBeGreaterThanOrEqual(before);
          expect(clock.time).toBeLessThanOrEqual(maxLamportTime);
        }
      }),
    );
  });

  it("is later than every time it believed, short of the last one", () => {
    fc.assert(
      fc.property(fc.array(nearTime), (times) => {
        const clock = new LamportClock();
        for (const time of times) {
          if (clock.witness(time) === "refused" || time === maxLamportTime) continue;
          expect(clock.time).toBeGreaterThan(time);
        }
      }),
    );
  });

  it("witnesses idempotently", () => {
    fc.assert(
      fc.property(fc.array(nearTime), nearTime, (times, time) => {
        const clock = new LamportClock();
        for (const each of times) clock.witness(each);
        clock.witness(time);
        const once = clock.time;
        if (time !== maxLamportTime) clock.witness(time);

        expect(clock.time).toBe(once);
      }),
    );
  });

  it("agrees with the naive model while no jump is refused", () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n })), (times) => {
        const clock = new LamportClock();
        for (const time of times) clock.witness(time);
        const greatest = times.reduce((most, time) => (time > most ? time : most), -1n);

        expect(clock.time).toBe(greatest + 1n);
      }),
    );
  });
});
