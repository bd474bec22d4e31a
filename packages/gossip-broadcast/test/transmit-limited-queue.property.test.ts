import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TransmitLimitedQueue, type Broadcast } from "../src/index.ts";
import { NaiveQueue } from "./support/naive-queue.ts";
import { payloadOf } from "./support/rumours.ts";

type Step =
  | {
      readonly kind: "enqueue";
      readonly shape: "named" | "nameless" | "plain" | "unique";
      readonly mark: number;
      readonly lengthBytes: number;
    }
  | {
      readonly kind: "take";
      readonly overheadBytes: number;
      readonly limitBytes: number;
      readonly leastTransmits: number;
    }
  | {
      readonly kind: "take-fresh";
      readonly isOverheard: boolean;
      readonly handOuts: number;
      readonly limitBytes: number;
    }
  | {
      readonly kind: "overhear";
      readonly key: string;
      readonly worth: number;
      readonly leastTransmits: number;
    }
  | { readonly kind: "prune"; readonly keep: number }
  | { readonly kind: "remove"; readonly key: string }
  | { readonly kind: "grow"; readonly memberCount: number }
  | { readonly kind: "reset" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant("enqueue" as const),
      shape: fc.constantFrom(
        "named" as const,
        "nameless" as const,
        "plain" as const,
        "unique" as const,
      ),
      mark: fc.nat(6),
      // From empty ones to those that are too large.
      lengthBytes: fc.nat(34),
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant("take" as const),
      overheadBytes: fc.nat(4),
      limitBytes: fc.integer({ min: -2, max: 90 }),
      leastTransmits: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("take-fresh" as const),
      isOverheard: fc.boolean(),
      handOuts: fc.integer({ min: 1, max: 5 }),
      limitBytes: fc.integer({ min: -2, max: 90 }),
    }),
  },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant("overhear" as const),
      key: fc.nat(6).map((mark) => `m${mark}`),
      worth: fc.nat(6),
      leastTransmits: fc.nat(2),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("prune" as const), keep: fc.nat(12) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("remove" as const),
      key: fc.nat(6).map((mark) => `m${mark}`),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("grow" as const), memberCount: fc.nat(1200) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const) }) },
);

const SHAPES = {
  named: (mark: number) => ({ key: `m${mark}` }),
  nameless: (mark: number) => ({ key: "", invalidates: sameMark(mark) }),
  plain: (mark: number) => ({ invalidates: sameMark(mark) }),
  unique: () => ({}),
};

function sameMark(mark: number): (other: Broadcast) => boolean {
  return (other) => other.payload[0] === mark;
}

interface Queue {
  readonly size: number;
  has(key: string): boolean;
  enqueue(broadcast: Broadcast): void;
  take(overheadBytes: number, limitBytes: number, leastTransmits?: number): Uint8Array[];
  takeFresh(
    choice: { readonly isOverheard: boolean; readonly handOuts: number },
    overheadBytes: number,
    limitBytes: number,
  ): Uint8Array[];
  overhear(key: string, worth: number, leastTransmits?: number): boolean;
  prune(keep: number): void;
  remove(key: string): boolean;
  reset(): void;
}

/** Everything a queue lets its owner see, step by step. */
function play(queue: Queue, steps: readonly Step[], members: { count: number }): unknown[] {
  const seen: unknown[] = [];
  const labels = new Map<Uint8Array, number>();
  steps.forEach((current, index) => {
    switch (current.kind) {
      case "enqueue": {
        const payload = payloadOf(current.lengthBytes, current.mark);
        labels.set(payload, index);
        queue.enqueue({
          payload,
          ...SHAPES[current.shape](current.mark),
          finished: (reason) => seen.push(`${index} ${reason} at size ${queue.size}`),
        });
        break;
      }
      case "take":
        seen.push(
          queue
            .take(current.overheadBytes, current.limitBytes, current.leastTransmits)
            .map((payload) => labels.get(payload)),
        );
        break;
      case "take-fresh":
        seen.push(
          queue.takeFresh(current, 2, current.limitBytes).map((payload) => labels.get(payload)),
        );
        break;
      case "overhear":
        seen.push(queue.overhear(current.key, current.worth, current.leastTransmits));
        break;
      case "prune":
        queue.prune(current.keep);
        break;
      case "remove":
        seen.push(queue.remove(current.key));
        break;
      case "grow":
        members.count = current.memberCount;
        break;
      case "reset":
        queue.reset();
        break;
    }
    seen.push(queue.size, queue.has("m0"));
  });
  return seen;
}

describe("TransmitLimitedQueue", () => {
  it("agrees with the naive model", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120, size: "max" }),
        fc.nat(4),
        fc.integer({ min: 1, max: 24 }),
        (steps, retransmitMultiplier, limit) => {
          const members = { count: 5 };
          const options = {
            retransmitMultiplier,
            memberCount: () => members.count,
            limit,
            maxPayloadBytes: 32,
          };

          const ours = play(new TransmitLimitedQueue(options), steps, members);
          members.count = 5;
          const model = play(new NaiveQueue(options), steps, members);

          expect(comparable(ours)).toEqual(comparable(model));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("finishes every rumour exactly once and never exceeds the budget of a packet", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 }),
        fc.nat(3),
        fc.integer({ min: 64, max: 200 }),
        (lengths, overheadBytes, limitBytes) => {
          const ends: number[] = [];
          const handOuts = new Map<Uint8Array, number>();
          const queue = new TransmitLimitedQueue({
            retransmitMultiplier: 2,
            memberCount: () => 50,
          });
          lengths.forEach((length, index) => {
            const payload = payloadOf(length);
            handOuts.set(payload, 0);
            queue.enqueue({ payload, finished: () => ends.push(index) });
          });

          while (queue.size > 0) {
            const taken = queue.take(overheadBytes, limitBytes);
            const bytes = taken.reduce((sum, { length }) => sum + length + overheadBytes, 0);
            expect(bytes).toBeLessThanOrEqual(limitBytes);
            expect(new Set(taken).size).toBe(taken.length);
            for (const payload of taken) handOuts.set(payload, (handOuts.get(payload) ?? 0) + 1);
          }

          expect(ends.toSorted((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
          expect([...handOuts.values()]).toEqual(lengths.map(() => 4));
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** What `finished` sees of the size differs by contract: the model tells before it inserts. */
function comparable(seen: readonly unknown[]): unknown[] {
  return seen.map((entry) =>
    typeof entry === "string" ? entry.replace(/ at size \d+$/, "") : entry,
  );
}
