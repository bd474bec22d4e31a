import { describe, expect, it } from "vitest";
import { InboundQueue, type QueuedMessage } from "../src/inbound-queue.ts";
import { aliveOf, endpoint } from "./support/lone-core.ts";

function user(number: number): QueuedMessage {
  return { kind: "user", payload: Uint8Array.of(number) };
}

function offer(queue: InboundQueue, message: QueuedMessage): boolean {
  return queue.offer({ message, encoded: new Uint8Array(0), source: endpoint(1) });
}

function takeAll(queue: InboundQueue): string[] {
  const taken: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) {
    const { message } = item;
    taken.push(message.kind === "user" ? `user ${message.payload[0]}` : message.kind);
  }
  return taken;
}

describe("InboundQueue (behaviour specification §14)", () => {
  it("gives out good news first, and the rest in the order of arrival", () => {
    const queue = new InboundQueue(10);
    offer(queue, user(1));
    offer(queue, { kind: "suspect", incarnation: 1, node: "a", from: "b" });
    offer(queue, aliveOf("a", 2));
    offer(queue, user(2));

    expect(takeAll(queue)).toEqual(["alive", "user 1", "suspect", "user 2"]);
  });

  it("refuses what arrives when full; the other queue still has room", () => {
    const queue = new InboundQueue(2);

    expect([1, 2, 3].map((number) => offer(queue, user(number)))).toEqual([true, true, false]);
    expect(offer(queue, aliveOf("a", 2))).toBe(true);
    expect(queue.size).toBe(3);

    queue.take();
    queue.take();
    expect(offer(queue, user(4))).toBe(true);
  });

  it("keeps its order over many rounds of filling and emptying", () => {
    const queue = new InboundQueue(1_000);
    const taken: string[] = [];
    let next = 0;
    for (let round = 0; round < 50; round += 1) {
      for (let count = 0; count < 7; count += 1) offer(queue, user((next += 1) % 256));
      for (let count = 0; count < 5; count += 1) {
        const item = queue.take();
        if (item?.message.kind === "user") taken.push(`user ${item.message.payload[0]}`);
      }
    }
    taken.push(...takeAll(queue));

    expect(taken).toEqual(Array.from({ length: 350 }, (_, index) => `user ${(index + 1) % 256}`));
  });

  it("keeps its size and order while a long queue is worked off from the front", () => {
    const queue = new InboundQueue(1_000);
    for (let number = 0; number < 200; number += 1) offer(queue, user(number));
    const sizes: number[] = [];
    const taken: (number | undefined)[] = [];
    for (let count = 0; count < 150; count += 1) {
      const message = queue.take()?.message;
      taken.push(message?.kind === "user" ? message.payload[0] : undefined);
      sizes.push(queue.size);
    }
    for (let number = 200; number < 210; number += 1) offer(queue, user(number));

    expect(taken).toEqual(Array.from({ length: 150 }, (_, index) => index));
    expect(sizes).toEqual(Array.from({ length: 150 }, (_, index) => 199 - index));
    expect(takeAll(queue)).toEqual(Array.from({ length: 60 }, (_, index) => `user ${150 + index}`));
    expect([queue.size, queue.take()]).toEqual([0, undefined]);
  });

  it("is empty after clear", () => {
    const queue = new InboundQueue(5);
    offer(queue, user(1));

    queue.clear();

    expect([queue.size, queue.take()]).toEqual([0, undefined]);
  });
});
