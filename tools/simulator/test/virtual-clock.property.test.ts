import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock, type TimedEvent } from "@x/simulator";

class Bell implements TimedEvent {
  heapIndex = -1;
  readonly #ring: () => void;
  constructor(ring: () => void) {
    this.#ring = ring;
  }
  fire(): void {
    this.#ring();
  }
}

describe("VirtualClock", () => {
  it("agrees with a sorted list: by time, then by turn, moved and cancelled ones included", () => {
    const step = fc.record({
      what: fc.constantFrom("schedule", "schedule", "schedule", "cancel", "fire"),
      bell: fc.nat(40),
      delayMs: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
        const clock = new VirtualClock();
        const rung: number[] = [];
        const bells = Array.from({ length: 41 }, (_, id) => new Bell(() => rung.push(id)));
        let model: { id: number; atMs: number; turn: number }[] = [];
        const expected: number[] = [];
        const foretold: [number, number][] = [];
        steps.forEach(({ what, bell, delayMs }, turn) => {
          const subject = bells[bell] as Bell;
          if (what === "fire") {
            model.sort((a, b) => a.atMs - b.atMs || a.turn - b.turn);
            const next = model.shift();
            foretold.push([clock.nextMs, next?.atMs ?? Infinity]);
            foretold.push([Number(clock.fireNext()), Number(next !== undefined)]);
            if (next !== undefined) expected.push(next.id);
            return;
          }
          model = model.filter(({ id }) => id !== bell);
          if (what === "cancel") return clock.cancel(subject);
          clock.schedule(subject, clock.nowMs + delayMs);
          model.push({ id: bell, atMs: clock.nowMs + delayMs, turn });
        });

        expect(rung).toEqual(expected);
        expect(foretold.map(([ours]) => ours)).toEqual(foretold.map(([, model]) => model));
        expect(clock.size).toBe(model.length);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a hundred thousand things in order", () => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    for (let index = 0; index < 100_000; index += 1) {
      const atMs = (index * 7919) % 100_003;
      clock.at(atMs, (nowMs) => rung.push(nowMs));
    }

    while (clock.fireNext());

    expect(rung.length).toBe(100_000);
    expect(rung.every((atMs, index) => index === 0 || atMs >= (rung[index - 1] as number))).toBe(
      true,
    );
  });

  it("lets what is due in the past happen now, and what is due at infinity never", () => {
    const clock = new VirtualClock();
    const rung: string[] = [];
    clock.at(10, () => clock.at(5, (nowMs) => rung.push(`late at ${nowMs}`)));
    clock.at(Infinity, () => rung.push("never"));

    while (clock.fireNext());

    expect(rung).toEqual(["late at 10"]);
    expect(clock.nowMs).toBe(10);
  });

  it("advances over empty time only", () => {
    const clock = new VirtualClock();
    clock.at(10, () => undefined);

    clock.advanceTo(7);

    expect(clock.nowMs).toBe(7);
    expect(() => clock.advanceTo(11)).toThrow("cannot advance from 7 to 11, due at 10");
    expect(() => clock.advanceTo(6)).toThrow(RangeError);
    expect(() => clock.at(Number.NaN, () => undefined)).toThrow("atMs must be a number, got NaN");
  });
});
