import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProbeOrder } from "../src/probe-order.ts";
import { seededRandom } from "./support/cluster.ts";

const always = (): boolean => true;

function orderOf(size: number, seed: number): ProbeOrder {
  const order = new ProbeOrder(seededRandom(seed));
  for (let row = 0; row < size; row += 1) order.add();
  return order;
}

function round(order: ProbeOrder): number[] {
  return Array.from({ length: order.size }, () => order.next(always) ?? -1);
}

describe("ProbeOrder", () => {
  it("probes everybody exactly once per round (SWIM §4.3)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (size, seed) => {
        const order = orderOf(size, seed);
        const everybody = Array.from({ length: size }, (_, row) => row);
        for (let turn = 0; turn < 3; turn += 1) {
          expect(round(order).toSorted((a, b) => a - b)).toEqual(everybody);
        }
      }),
    );
  });

  it("keeps the rows 0 to n − 1 under any additions, removals and steps", () => {
    const steps = fc.array(
      fc.oneof(
        fc.constant({ kind: "add" as const }),
        fc.record({ kind: fc.constant("remove" as const), row: fc.nat(40) }),
        fc.constant({ kind: "next" as const }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, fc.integer(), (sequence, seed) => {
        const order = orderOf(3, seed);
        for (const step of sequence) {
          if (step.kind === "add") order.add();
          else if (step.kind === "next") order.next(always);
          else if (order.size > 0) order.remove(step.row % order.size);
        }
        // To the end of this round, then a whole one.
        while (order.position < order.size) order.next(always);
        const everybody = Array.from({ length: order.size }, (_, row) => row);
        expect(round(order).toSorted((a, b) => a - b)).toEqual(everybody);
      }),
    );
  });

  it("does not probe a member again in a round because others were removed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 30 }), fc.integer(), fc.nat(), (size, seed, victim) => {
        // Follow members by a name of their own while rows are renumbered.
        const order = orderOf(size, seed);
        const names = Array.from({ length: size }, (_, row) => row);
        const probed: number[] = [];
        const step = (): void => void probed.push(names[order.next(always) ?? -1] ?? -1);
        for (let count = 0; count < size / 2; count += 1) step();
        const row = victim % size;
        const removed = names[row] ?? -1;
        order.remove(row);
        names[row] = names.at(-1) ?? -1;
        names.pop();
        while (order.position < order.size) step();

        expect(new Set(probed).size).toBe(probed.length);
        expect(probed.filter((name) => name !== removed).length).toBe(size - 1);
      }),
    );
  });

  it("passes over whom nobody wants, and ends when nobody is left", () => {
    const order = orderOf(5, 7);

    expect(order.next((row) => row === 3)).toBe(3);
    expect(order.next((row) => row === 3)).toBe(3);
    expect(order.next(() => false)).toBeUndefined();
    expect(new ProbeOrder(Math.random).next(always)).toBeUndefined();
  });

  it("gives a newcomer an even chance among those still to come", () => {
    const places = new Map<number, number>();
    for (let seed = 0; seed < 2_000; seed += 1) {
      const order = orderOf(3, seed);
      order.next(always);
      order.add();
      const rest = [order.next(always), order.next(always), order.next(always)];
      const place = rest.indexOf(3);
      places.set(place, (places.get(place) ?? 0) + 1);
    }

    expect([...places.keys()].toSorted()).toEqual([0, 1, 2]);
    for (const count of places.values()) expect(count).toBeGreaterThan(550);
  });
});
