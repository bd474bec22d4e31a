import { describe, expect, it, vi } from "vitest";
import { garbageCollector, SpareHeap } from "../src/spare-heap.ts";

const mebibyte = 1_048_576;

/** Looks at one size after the other. @returns how often it was collected after each look. */
function looks(...sizesMib: readonly number[]): number[] {
  let count = 0;
  const heap = new SpareHeap(() => {
    count += 1;
  });
  return sizesMib.map((size) => {
    heap.look(size * mebibyte);
    return count;
  });
}

describe("SpareHeap", () => {
  it("collects twice, once, after a heap has grown by much and lies still", () => {
    expect(looks(12, 60, 60, 61, 22, 22, 22)).toEqual([0, 0, 1, 2, 2, 2, 2]);
  });

  it("leaves a heap alone that grows, shrinks and grows", () => {
    expect(looks(12, 60, 50, 64, 48, 70)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("leaves a heap alone that has grown by little", () => {
    expect(looks(12, 27, 27, 27)).toEqual([0, 0, 0, 0]);
  });

  it("accepts that a heap is as large as what it holds", () => {
    expect(looks(12, 60, 60, 60, 58, 58, 58, 75, 75, 75, 60)).toEqual([
      0, 0, 1, 2, 2, 2, 2, 2, 3, 4, 4,
    ]);
  });
});

/** Made in a function of its own, whose registers are gone once it has returned. */
function heldByNobody(): WeakRef<object> {
  return new WeakRef({});
}

describe("garbageCollector", () => {
  it("collects what nobody holds any more", async () => {
    const collect = garbageCollector();
    const dropped = heldByNobody();

    // A weak reference holds what it was made for until the turn ends, a failed claim for longer.
    await vi.waitFor(() => {
      collect?.();
      expect(dropped.deref() === undefined).toBe(true);
    });
  });
});
