import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvariantError } from "../src/index.ts";
import { QueuedBroadcast, TransmitTier } from "../src/transmit-tier.ts";
import { payloadOf } from "./support/rumours.ts";

function itemOf(lengthBytes: number, id: number): QueuedBroadcast {
  return new QueuedBroadcast({ payload: payloadOf(lengthBytes) }, id);
}

function inOrder(items: readonly QueuedBroadcast[]): QueuedBroadcast[] {
  return items.toSorted((a, b) => b.lengthBytes - a.lengthBytes || b.id - a.id);
}

/** Levels below a node, after checking that its two sides differ by at most one. */
function checkedHeight(node: QueuedBroadcast | undefined): number {
  if (node === undefined) return 0;
  const before = checkedHeight(node.before);
  const after = checkedHeight(node.after);
  expect(Math.abs(before - after)).toBeLessThanOrEqual(1);
  expect(node.height).toBe(Math.max(before, after) + 1);
  return node.height;
}

describe("TransmitTier", () => {
  it("agrees with a sorted array and stays balanced whatever comes and goes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.boolean(), fc.nat()), {
          maxLength: 200,
          size: "max",
        }),
        (steps) => {
          const tier = new TransmitTier();
          const model: QueuedBroadcast[] = [];
          steps.forEach(([lengthBytes, isRemoval, pick], id) => {
            if (isRemoval && model.length > 0) {
              const [item] = model.splice(pick % model.length, 1);
              if (item !== undefined) tier.remove(item);
            } else {
              const item = itemOf(lengthBytes, id);
              model.push(item);
              tier.insert(item);
            }
          });

          const expected = inOrder(model);
          expect([...tier]).toEqual(expected);
          expect(tier.size).toBe(expected.length);
          for (let free = 0; free <= 13; free += 1) {
            expect(tier.firstWithin(free)).toBe(expected.find((item) => item.lengthBytes <= free));
          }
          checkedHeight(tier.root);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("removes the last ones in reverse order, few or nearly all, and stays balanced", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 300, size: "max" }),
        fc.oneof(fc.nat(12), fc.nat(320)),
        (lengths, count) => {
          const tier = new TransmitTier();
          const items = lengths.map((lengthBytes, id) => itemOf(lengthBytes, id));
          for (const item of items) tier.insert(item);

          const removed = tier.removeLast(count);

          const expected = inOrder(items);
          const kept = expected.splice(0, Math.max(0, items.length - count));
          expect(removed).toEqual(expected.reverse());
          expect([...tier]).toEqual(kept);
          expect(tier.size).toBe(kept.length);
          checkedHeight(tier.root);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    ["rising lengths", (index: number) => index],
    ["falling lengths", (index: number) => 4096 - index],
    ["equal lengths", () => 7],
    ["alternating lengths", (index: number) => (index % 2 === 0 ? index : 4096 - index)],
  ])("is never deeper than 1.45 log2 n with %s", (_, lengthOf) => {
    const tier = new TransmitTier();

    for (let index = 0; index < 4096; index += 1) tier.insert(itemOf(1 + lengthOf(index), index));

    const height = checkedHeight(tier.root);
    expect(height).toBeGreaterThanOrEqual(13);
    expect(height).toBeLessThanOrEqual(17);
  });

  it("moves a rumour between tiers and keeps both in order", () => {
    const from = new TransmitTier();
    const to = new TransmitTier();
    const items = [3, 9, 3, 5].map((length, id) => itemOf(length, id));
    for (const item of items) from.insert(item);

    for (const item of [items[0], items[2]]) {
      if (item === undefined) continue;
      from.remove(item);
      to.insert(item);
    }

    expect([...from].map(({ id }) => id)).toEqual([1, 3]);
    expect([...to].map(({ id }) => id)).toEqual([2, 0]);
  });

  it("treats an equal place in the order, and a rumour that is not there, as defects", () => {
    const tier = new TransmitTier();
    tier.insert(itemOf(3, 1));

    expect(() => tier.insert(itemOf(3, 1))).toThrow(InvariantError);
    expect(() => tier.remove(itemOf(4, 2))).toThrow(InvariantError);
  });
});
