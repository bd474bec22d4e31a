import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecentSamples } from "../src/recent-samples.ts";

const CAPACITY = 4;

/** A few that come again, and some that need more room. */
const member = fc.oneof({ weight: 4, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(40) });

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("hold" as const),
      member,
      rttSeconds: fc.double({ min: 1e-6, max: 10, noNaN: true }),
      residual: fc.double({ min: -1, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("forget" as const),
      member,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const) }) },
);

/** The RTTs in the slots, sorted: which slot holds which member is nobody's business. */
function rttsOf(samples: RecentSamples): number[] {
  return Array.from(
    { length: samples.count },
    (_, slot) => samples.values[slot * samples.stride + 5] as number,
  ).sort((a, b) => a - b);
}

describe("RecentSamples", () => {
  it("holds one sample per member, never more than its capacity, and the sum of their residuals", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const samples = new RecentSamples(CAPACITY, 2);
        const model = new Map<number, { readonly rtt: number; readonly residual: number }>();
        for (const taken of steps) {
          if (taken.kind === "clear") {
            samples.clear();
            model.clear();
          } else if (taken.kind === "forget") {
            samples.forget(taken.member);
            model.delete(taken.member);
          } else {
            const other = { vector: [1, 2], error: 1, adjustment: 0, height: 0 };
            const slot = samples.hold(taken.member, other, 1, taken.rttSeconds);
            samples.setResidual(slot, taken.residual);
            model.set(taken.member, { rtt: taken.rttSeconds, residual: taken.residual });
            if (model.size > CAPACITY) dropMissing(model, rttsOf(samples), taken.member);
          }

          expect(samples.count).toBe(model.size);
          expect(rttsOf(samples)).toEqual(
            [...model.values()].map(({ rtt }) => rtt).sort((a, b) => a - b),
          );
          const sum = [...model.values()].reduce((total, { residual }) => total + residual, 0);
          expect(samples.residualSumSeconds).toBeCloseTo(sum, 9);
        }
      }),
    );
  });

  it("holds what each member claimed, whoever comes and goes", () => {
    const samples = new RecentSamples(3, 1);
    const claim = (member: number) => ({
      vector: [member],
      error: 1,
      adjustment: member / 10,
      height: member / 100,
    });
    for (const member of [1, 2, 3]) samples.hold(member, claim(member), member / 1000, member);

    samples.forget(2);
    samples.forget(20);
    samples.hold(40, claim(40), 0.04, 40);

    const held = Array.from({ length: samples.count }, (_, slot) =>
      Array.from(samples.values.subarray(slot * samples.stride, (slot + 1) * samples.stride)),
    );
    expect(held).toEqual([
      [1, 0.01, 0.1, 0.001, 1],
      [3, 0.03, 0.3, 0.003, 3],
      [40, 0.4, 4, 0.04, 40],
    ]);
  });

  it.each([15, 16, 17, 31, 32, 1_000])(
    "knows member %i again, however far its index lies",
    (member) => {
      const samples = new RecentSamples(4, 1);
      const other = { vector: [0], error: 1, adjustment: 0, height: 0 };

      const slots = [member, member - 1, member].map((each) => samples.hold(each, other, 1, 1));
      samples.forget(member);

      expect(slots).toEqual([0, 1, 0]);
      expect(samples.count).toBe(1);
    },
  );

  it("has no rounding left in the sum once it is counted anew, or nobody is held", () => {
    const samples = new RecentSamples(2, 1);
    const other = { vector: [0], error: 1, adjustment: 0, height: 0 };
    const first = samples.hold(1, other, 1, 1);
    const second = samples.hold(2, other, 1, 1);
    for (const residual of [0.1, 1e16, 0.2]) samples.setResidual(first, residual);
    samples.setResidual(second, 0.3);
    expect(samples.residualSumSeconds).not.toBe(0.5);

    samples.recountResiduals();
    expect(samples.residualSumSeconds).toBe(0.5);

    for (const residual of [1e16, 0.2]) samples.setResidual(first, residual);
    samples.forget(1);
    samples.forget(2);
    expect(samples.residualSumSeconds).toBe(0);
  });

  it("replaces the samples in the order in which they came", () => {
    const samples = new RecentSamples(3, 2);
    const other = { vector: [0, 0], error: 1, adjustment: 0, height: 0 };

    for (const member of [1, 2, 3, 4, 5]) samples.hold(member, other, 1, member);

    expect(rttsOf(samples)).toEqual([3, 4, 5]);
  });
});

/** The model does not know which one had to go: exactly one, and not the newest. */
function dropMissing(
  model: Map<number, { readonly rtt: number }>,
  held: readonly number[],
  newest: number,
): void {
  const left = [...held];
  for (const [member, { rtt }] of model) {
    const at = left.indexOf(rtt);
    if (at >= 0) {
      left.splice(at, 1);
      continue;
    }
    expect(member).not.toBe(newest);
    model.delete(member);
    return;
  }
}
