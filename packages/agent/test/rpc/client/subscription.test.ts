import { describe, expect, it } from "vitest";
import { Subscription } from "../../../src/rpc/client/subscription.ts";

function subscribe(bufferLimit = 3) {
  const told: string[] = [];
  const subscription = new Subscription<string>({
    bufferLimit,
    onEnd: () => told.push("end"),
    onClose: () => told.push("close"),
  });
  return { subscription, told };
}

async function collect(subscription: Subscription<string>): Promise<string[]> {
  const items: string[] = [];
  for await (const item of subscription) items.push(item);
  return items;
}

describe("Subscription", () => {
  it("gives what waits and what comes, in order, and ends", async () => {
    const { subscription, told } = subscribe();
    subscription.grant();
    subscription.push("a");
    subscription.push("b");
    const collected = collect(subscription);
    await subscription.ready;
    subscription.push("c");
    subscription.end();

    expect(await collected).toEqual(["a", "b", "c"]);
    expect(told).toEqual(["end"]);
  });

  it("drops what does not fit, and counts it", async () => {
    const { subscription } = subscribe(3);
    for (const item of "abcde") subscription.push(item);
    subscription.end();

    expect(subscription.droppedCount).toBe(2);
    expect(await collect(subscription)).toEqual(["a", "b", "c"]);
  });

  it("tells the other side when the reader leaves the loop", async () => {
    const { subscription, told } = subscribe();
    subscription.push("a");
    subscription.push("b");

    for await (const item of subscription) {
      expect(item).toBe("a");
      break;
    }

    expect(told).toEqual(["end", "close"]);
    expect(await collect(subscription)).toEqual([]);
    subscription.close();
    expect(told).toHaveLength(2);
  });

  it("throws a failure once, after what came before it", async () => {
    const { subscription, told } = subscribe();
    subscription.push("a");
    subscription.fail(new Error("lost"));

    const iterator = subscription[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: "a" });
    await expect(iterator.next()).rejects.toThrow("lost");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await expect(subscription.ready).rejects.toThrow("lost");
    expect(told).toEqual(["end"]);
  });

  it("rejects a reader that waits, and forgets what waits, when aborted", async () => {
    const { subscription, told } = subscribe();
    const waiting = subscription[Symbol.asyncIterator]().next();
    subscription.abort(new Error("enough"));

    await expect(waiting).rejects.toThrow("enough");
    expect(told).toEqual(["end", "close"]);
    subscription.push("late");
    expect(await collect(subscription)).toEqual([]);
  });
});
