import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyFilter } from "../src/latency-filter.ts";
import { NaiveLatencyFilter } from "./support/naive-latency-filter.ts";

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      memberName: fc.oneof(
        fc.constantFrom("a", "b", "c", "d", "e"),
        fc.nat(60).map((number) => `m${number}`),
      ),
      rttSeconds: fc.double({ min: 0, max: 10, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ memberName: fc.constantFrom("a", "b", "c") }) },
);

describe("LatencyFilter", () => {
  it("agrees with the naive model", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant(1000)),
        fc.constantFrom("upper" as const, "lower" as const),
        fc.array(step, { maxLength: 200 }),
        (size, trackedMembersLimit, evenMedian, steps) => {
          const options = { size, trackedMembersLimit, evenMedian };
          const filter = new LatencyFilter({ ...options, handleForgotten: () => undefined });
          const naive = new NaiveLatencyFilter(options);
          for (const { memberName, ...sample } of steps) {
            if ("rttSeconds" in sample) {
              const median = filter.observe(filter.track(memberName), sample.rttSeconds);
              expect(median).toBe(naive.observe(memberName, sample.rttSeconds));
            } else {
              expect(filter.forget(memberName)).toBe(naive.forget(memberName));
            }
            expect(filter.trackedMembers).toBe(naive.trackedMembers);
          }
        },
      ),
    );
  });
});
