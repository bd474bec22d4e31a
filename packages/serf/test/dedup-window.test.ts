import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createQueryWindow,
  createUserEventWindow,
  DedupWindow,
  recentUserEvents,
} from "../src/dedup-window.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const event = (name: string, payload?: Uint8Array) => ({ name, payload });

describe("the window of user events", () => {
  it("delivers an equal event once, and different ones of one time each (§9)", () => {
    const window = createUserEventWindow();

    expect(window.admit(5n, event("a", bytes(1)), 6n)).toBe("new");
    expect(window.admit(5n, event("a", bytes(1)), 6n)).toBe("duplicate");
    expect(window.admit(5n, event("a", bytes(2)), 6n)).toBe("new");
    expect(window.admit(5n, event("b", bytes(1)), 6n)).toBe("new");
    expect(window.admit(6n, event("a", bytes(1)), 7n)).toBe("new");
  });

  it("takes a nil payload for an empty one, as the reference compares", () => {
    const window = createUserEventWindow();
    window.admit(5n, event("a"), 6n);

    expect(window.admit(5n, event("a", bytes()), 6n)).toBe("duplicate");
  });

  it("keeps name and payload apart", () => {
    const window = createUserEventWindow();
    window.admit(5n, event("ab", bytes(0x63)), 6n);

    expect(window.admit(5n, event("a", bytes(0x62, 0x63)), 6n)).toBe("new");
  });

  it("refuses what is older than the window, counted from the clock (§9)", () => {
    const window = createUserEventWindow({ slotCount: 4 });

    expect(window.admit(0n, event("a"), 4n)).toBe("new");
    expect(window.admit(0n, event("b"), 5n)).toBe("too-old");
    expect(window.admit(1n, event("b"), 5n)).toBe("new");
  });

  it("refuses what is earlier than the minimum, which only rises (§8.5)", () => {
    const window = createUserEventWindow();
    window.raiseMinimumTime(10n);
    window.raiseMinimumTime(3n);

    expect(window.minimumTime).toBe(10n);
    expect(window.admit(9n, event("a"), 11n)).toBe("before-minimum");
    expect(window.admit(10n, event("a"), 11n)).toBe("new");
  });

  it("shows one slot per ring position, so that late joiners get the events (§3.3)", () => {
    const window = createUserEventWindow({ slotCount: 4 });
    window.admit(5n, event("a", bytes(1)), 6n);
    window.admit(6n, event("b"), 7n);
    window.admit(5n, event("c"), 7n);

    expect(recentUserEvents(window)).toEqual([
      undefined,
      { lamportTime: 5n, events: [event("a", bytes(1)), event("c")] },
      { lamportTime: 6n, events: [event("b")] },
      undefined,
    ]);
    window.admit(9n, event("d"), 10n);
    expect(recentUserEvents(window)[1]).toEqual({ lamportTime: 9n, events: [event("d")] });
  });

  it("stores the event of time 45 in slot 45, as the reference's own test says (§19)", () => {
    const window = createUserEventWindow();
    window.admit(45n, event("test"), 50n);

    expect(recentUserEvents(window)).toHaveLength(512);
    expect(recentUserEvents(window)[45]?.lamportTime).toBe(45n);
  });

  it("forgets the oldest times when events weigh too much, and refuses them from then on", () => {
    const window = createUserEventWindow({ weightLimit: 2 * (64 + 1) });
    window.admit(5n, event("a"), 6n);
    window.admit(6n, event("b"), 7n);

    expect(window.admit(7n, event("c"), 8n)).toBe("new");
    expect(window.weight).toBe(130);
    expect(window.admit(5n, event("a"), 8n)).toBe("too-old");
    expect(window.admit(6n, event("b"), 8n)).toBe("duplicate");
  });

  it("forgets the oldest time and not the first in the ring, and counts name and payload", () => {
    const window = createUserEventWindow({ slotCount: 4, weightLimit: 2 * (64 + 3) });
    window.admit(7n, event("ab", bytes(1)), 8n);
    expect(window.weight).toBe(64 + 3);
    window.admit(8n, event("cd", bytes(2)), 9n);

    expect(window.admit(9n, event("ef", bytes(3)), 10n)).toBe("new");
    expect(window.admit(8n, event("cd", bytes(2)), 10n)).toBe("duplicate");
    expect(window.admit(7n, event("ab", bytes(1)), 10n)).toBe("too-old");
  });

  it("is full for what alone weighs more than everything may", () => {
    const window = createUserEventWindow({ weightLimit: 64 + 3 });

    expect(window.admit(5n, event("a", bytes(1, 2, 3)), 6n)).toBe("full");
    expect(window.admit(5n, event("a", bytes(1, 2)), 6n)).toBe("new");
  });

  it("is full for a time that is itself the oldest", () => {
    const window = createUserEventWindow({ weightLimit: 64 + 1 });
    window.admit(5n, event("a"), 6n);

    expect(window.admit(5n, event("b"), 6n)).toBe("full");
    expect(window.admit(4n, event("b"), 6n)).toBe("full");
  });
});

describe("the window of queries", () => {
  it("tells queries of one time apart by their number (§10.2)", () => {
    const window = createQueryWindow();

    expect(window.admit(5n, 1, 6n)).toBe("new");
    expect(window.admit(5n, 2, 6n)).toBe("new");
    expect(window.admit(5n, 1, 6n)).toBe("duplicate");
    expect(window.admit(6n, 1, 7n)).toBe("new");
    expect(window.weight).toBe(3);
  });

  it("may be of one time alone", () => {
    const window = createQueryWindow({ slotCount: 1, weightLimit: 1 });

    expect(window.admit(5n, 1, 6n)).toBe("new");
    expect(window.admit(6n, 1, 7n)).toBe("new");
    expect(window.admit(5n, 1, 7n)).toBe("too-old");
  });
});

describe("DedupWindow", () => {
  const slotCount = 8;
  const create = (weightLimit: number): DedupWindow<number> =>
    new DedupWindow({ slotCount, weightLimit, keyOf: (id) => id, weigh: () => 1 });
  const arrivals = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 30n }), fc.nat(3)));

  it("delivers nothing twice, and stays within its weight, whatever comes", () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 6 }), (items, weightLimit) => {
        const window = create(weightLimit);
        const delivered = new Set<string>();
        let clock = 0n;
        for (const [time, id] of items) {
          if (time >= clock) clock = time + 1n;
          const verdict = window.admit(time, id, clock);
          const key = `${time} ${id}`;
          expect(verdict === "new" && delivered.has(key)).toBe(false);
          expect(verdict === "duplicate" && !delivered.has(key)).toBe(false);
          if (verdict === "new") delivered.add(key);
          expect(window.weight).toBeLessThanOrEqual(weightLimit);
        }
      }),
    );
  });

  it("agrees with the naive model of the reference while there is room", () => {
    fc.assert(
      fc.property(arrivals, (items) => {
        const window = create(1000);
        const seen = new Set<string>();
        let clock = 0n;
        for (const [time, id] of items) {
          if (time >= clock) clock = time + 1n;
          const key = `${time} ${id}`;
          const isOld = clock > BigInt(slotCount) && time < clock - BigInt(slotCount);
          const wanted = isOld ? "too-old" : seen.has(key) ? "duplicate" : "new";
          expect(window.admit(time, id, clock)).toBe(wanted);
          if (!isOld) seen.add(key);
        }
      }),
    );
  });

  it("throws for limits that are none", () => {
    const keyOf = (id: number): number => id;
    const weigh = (): number => 1;
    expect(() => new DedupWindow({ slotCount: 0, weightLimit: 1, keyOf, weigh })).toThrow(
      RangeError,
    );
    expect(() => new DedupWindow({ slotCount: 1, weightLimit: 0, keyOf, weigh })).toThrow(
      RangeError,
    );
  });
});
