import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventBuffer, type Overflow } from "../../src/node/event-buffer.ts";

type Item = number | Overflow;

/** Reads what is there without waiting for more. */
async function drain(reader: AsyncIterableIterator<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of reader) items.push(item);
  return items;
}

describe("EventBuffer", () => {
  it("collects from the moment of subscribing", async () => {
    const buffer = new EventBuffer<number>();
    buffer.push(1);
    const reader = buffer.subscribe();
    buffer.push(2);
    buffer.push(3);
    buffer.close();

    expect(await drain(reader)).toEqual([2, 3]);
  });

  it("gives every event to every reader", async () => {
    const buffer = new EventBuffer<number>();
    const readers = [buffer.subscribe(), buffer.subscribe()];
    buffer.push(1);
    buffer.close();

    expect(await Promise.all(readers.map(drain))).toEqual([[1], [1]]);
  });

  it("answers a reader that waits", async () => {
    const buffer = new EventBuffer<number>();
    const reader = buffer.subscribe();
    const [first, second] = [reader.next(), reader.next()];

    buffer.push(1);
    buffer.push(2);

    expect(await first).toEqual({ done: false, value: 1 });
    expect(await second).toEqual({ done: false, value: 2 });
  });

  it("drops at its limit, and tells how many where they are missing", async () => {
    const buffer = new EventBuffer<number>({ bufferLimit: 2 });
    const reader = buffer.subscribe();
    for (const event of [1, 2, 3, 4, 5]) buffer.push(event);
    const first = await reader.next();
    const second = await reader.next();
    buffer.push(6);
    buffer.close();

    expect([first.value, second.value]).toEqual([1, 2]);
    expect(await drain(reader)).toEqual([{ kind: "overflow", droppedCount: 3 }, 6]);
  });

  it("frees the queue when the loop is left", async () => {
    const buffer = new EventBuffer<number>();
    const reader = buffer.subscribe();
    buffer.push(1);

    for await (const _event of reader) break;

    expect(buffer.readerCount).toBe(0);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it("ends a waiting reader when it closes", async () => {
    const buffer = new EventBuffer<number>();
    const next = buffer.subscribe().next();

    buffer.close();
    buffer.close();

    expect(await next).toEqual({ done: true, value: undefined });
    expect(await drain(buffer.subscribe())).toEqual([]);
  });

  it("throws the signal's reason out of the loop, and forgets the reader", async () => {
    const buffer = new EventBuffer<number>();
    const controller = new AbortController();
    const reader = buffer.subscribe({ signal: controller.signal });
    buffer.push(1);
    const waiting = drain(reader);
    const late = new Error("enough");

    controller.abort(late);

    await expect(waiting).rejects.toBe(late);
    await expect(reader.next()).rejects.toBe(late);
    expect(buffer.readerCount).toBe(0);
  });

  it("never subscribes for a signal that is already aborted", async () => {
    const buffer = new EventBuffer<number>();
    const reader = buffer.subscribe({ signal: AbortSignal.abort("no") });

    await expect(reader.next()).rejects.toBe("no");
    expect(buffer.readerCount).toBe(0);
  });

  it("refuses a limit that is not a positive whole number", () => {
    expect(() => new EventBuffer({ bufferLimit: 0 })).toThrow(RangeError);
    expect(() => new EventBuffer().subscribe({ bufferLimit: 1.5 })).toThrow("bufferLimit is 1.5");
  });

  it("keeps order and loses nothing untold, however reads and writes interleave", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom("push", "read"), { maxLength: 200 }),
        async (bufferLimit, steps) => {
          const buffer = new EventBuffer<number>({ bufferLimit });
          const reader = buffer.subscribe();
          const seen: Item[] = [];
          let pushedCount = 0;
          let waitingCount = 0;
          for (const step of steps) {
            if (step === "push") buffer.push((pushedCount += 1));
            else if (waitingCount < pushedCount) {
              waitingCount += 1;
              void reader.next().then((result) => {
                if (result.done !== true) seen.push(result.value);
              });
            }
          }
          buffer.close();
          seen.push(...(await drain(reader)));
          // Each event stands for itself, each overflow for as many as it counts.
          let next = 1;
          const numbersSeen: number[] = [];
          const numbersDue: number[] = [];
          for (const item of seen) {
            if (typeof item === "number") {
              numbersSeen.push(item);
              numbersDue.push(next);
            }
            next += typeof item === "number" ? 1 : item.droppedCount;
          }
          expect(numbersSeen).toEqual(numbersDue);
          expect(next).toBe(pushedCount + 1);
        },
      ),
    );
  });

  it("reads a long queue in order", async () => {
    const buffer = new EventBuffer<number>({ bufferLimit: 10_000 });
    const reader = buffer.subscribe();
    for (let event = 0; event < 10_000; event += 1) buffer.push(event);
    buffer.close();

    const items = await drain(reader);

    expect(items.length).toBe(10_000);
    expect(items.every((item, index) => item === index)).toBe(true);
  });
});
