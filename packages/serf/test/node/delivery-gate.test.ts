import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeliveryGate } from "../../src/node/delivery-gate.ts";
import { openSnapshot } from "../../src/node/open-snapshot.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryFilesystem } from "../support/memory-filesystem.ts";
import { userEvent } from "../support/members.ts";

/** A file whose writes end when told to. */
class SlowRecord {
  isSettled = false;
  readonly #writes: (() => void)[] = [];

  get writeCount(): number {
    return this.#writes.length;
  }

  written(): Promise<void> {
    return new Promise((resolve) => this.#writes.push(resolve));
  }

  async endWrite(index: number): Promise<void> {
    this.#writes[index]?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe("DeliveryGate", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("delivers at once when nothing is to be written", () => {
    const record = new SlowRecord();
    record.isSettled = true;
    const heard: number[] = [];
    const gate = new DeliveryGate<number>({ record, deliver: (event) => heard.push(event) });

    gate.push(1);

    expect(heard).toEqual([1]);
    expect(record.writeCount).toBe(0);
  });

  it("holds an event until the write that covers it has ended, one write for all that came meanwhile", async () => {
    const record = new SlowRecord();
    const heard: number[] = [];
    const gate = new DeliveryGate<number>({ record, deliver: (event) => heard.push(event) });

    for (let event = 1; event <= 100; event += 1) gate.push(event);
    expect(heard).toEqual([]);
    await record.endWrite(0);
    expect(heard).toEqual([1]);
    record.isSettled = true;
    gate.push(101);
    expect(heard).toEqual([1]);
    await record.endWrite(1);

    expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    await record.endWrite(2);
    expect(heard).toHaveLength(101);
    expect(record.writeCount).toBe(3);
  });

  it("waits a second for a file that hangs, says so, and then holds nothing until it is back", async () => {
    const record = new SlowRecord();
    const heard: number[] = [];
    const reasons: string[] = [];
    const gate = new DeliveryGate<number>({
      record,
      deliver: (event) => heard.push(event),
      onImpatience: (reason) => reasons.push(reason),
    });

    gate.push(1);
    gate.push(2);
    vi.advanceTimersByTime(999);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual([1, 2]);
    gate.push(3);
    expect(heard).toEqual([1, 2, 3]);
    expect(reasons).toEqual([
      "events waited for it for 1000 ms: they are delivered before it is written",
    ]);

    await record.endWrite(0);
    gate.push(4);
    expect(heard).toEqual([1, 2, 3]);
    await record.endWrite(1);
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it("holds no more than its limit", () => {
    const record = new SlowRecord();
    const heard: number[] = [];
    const gate = new DeliveryGate<number>({
      record,
      deliver: (event) => heard.push(event),
      heldLimit: 3,
    });

    gate.push(1);
    gate.push(2);
    expect(heard).toEqual([]);
    gate.push(3);

    expect(heard).toEqual([1, 2, 3]);
  });

  it("keeps the order when a delivery causes events, and when it is released early", async () => {
    const record = new SlowRecord();
    const heard: number[] = [];
    const gate = new DeliveryGate<number>({
      record,
      deliver: (event) => {
        heard.push(event);
        if (event === 1) gate.push(4);
      },
    });

    gate.push(1);
    gate.push(2);
    gate.push(3);
    gate.release();

    expect(heard).toEqual([1, 2, 3, 4]);
    await record.endWrite(0);
    expect(heard).toHaveLength(4);
  });
});

describe("a snapshot that events wait for", () => {
  it("has the line in the file before the event is heard, without waiting for its timer", async () => {
    const disk = new MemoryFilesystem();
    const clock = new ManualClock();
    const file = await openSnapshot({ path: "/snap", filesystem: disk, clock });
    const written: (string | undefined)[] = [];
    const gate = new DeliveryGate<bigint>({
      record: file,
      deliver: () => written.push(disk.text("/snap")),
    });

    expect(file.isSettled).toBe(true);
    file.record(userEvent("u", 7n), 0n);
    expect(file.isSettled).toBe(false);
    gate.push(7n);
    await settle();

    expect(written).toEqual(["event-clock: 7\n"]);
    expect(file.isSettled).toBe(true);
    expect(clock.timerCount).toBe(0);
  });

  it("delivers all the same when the disk is full", async () => {
    const disk = new MemoryFilesystem();
    const kinds: string[] = [];
    const file = await openSnapshot({
      path: "/snap",
      filesystem: disk,
      clock: new ManualClock(),
      onReport: ({ kind }) => kinds.push(kind),
    });
    const heard: bigint[] = [];
    const gate = new DeliveryGate<bigint>({ record: file, deliver: (event) => heard.push(event) });
    disk.freeBytes = 0;

    for (const time of [7n, 8n, 9n]) {
      file.record(userEvent("u", time), 0n);
      gate.push(time);
      await settle();
    }

    expect(heard).toEqual([7n, 8n, 9n]);
    expect(kinds[0]).toBe("append-failed");
  });

  it("is still compacted when it has grown", async () => {
    const disk = new MemoryFilesystem();
    const clock = new ManualClock();
    const file = await openSnapshot({
      path: "/snap",
      filesystem: disk,
      clock,
      minimumCompactionBytes: 200,
    });

    for (let time = 1n; time <= 100n; time += 1n) {
      file.record(userEvent("u", time), 0n);
      await file.written();
    }
    await clock.advance(0);

    expect(disk.text("/snap")?.length).toBeLessThan(400);
    expect(disk.text("/snap")).toContain("event-clock: 100\n");
  });
});
