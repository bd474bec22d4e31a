import { describe, expect, it } from "vitest";
import { TransmitLimitedQueue, type Broadcast, type FinishReason } from "../src/index.ts";
import { payloadOf, RumourMill } from "./support/rumours.ts";

function queueFor(memberCount: number, retransmitMultiplier = 1): TransmitLimitedQueue {
  return new TransmitLimitedQueue({ retransmitMultiplier, memberCount: () => memberCount });
}

describe("TransmitLimitedQueue order (broadcast queue specification §3)", () => {
  it("sends the longer first, and of equally long ones the newer", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    for (const [label, length] of [
      ["short", 5],
      ["long, old", 9],
      ["middle", 7],
      ["long, new", 9],
    ] as const) {
      queue.enqueue(mill.rumour(label, length));
    }

    const taken = mill.labels(queue.take(0, 100));

    expect(taken).toEqual(["long, new", "long, old", "middle", "short"]);
  });

  it("sends what was told less often before what is longer", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 3);
    queue.enqueue(mill.rumour("told, long", 9));
    queue.take(0, 100);
    queue.enqueue(mill.rumour("fresh, short", 1));

    const taken = mill.labels(queue.take(0, 100));

    expect(taken).toEqual(["fresh, short", "told, long"]);
  });

  it("sends a renewed rumour as the newest of its length, and counts it once", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    for (const key of ["test", "foo", "bar"]) queue.enqueue(mill.rumour(key, 3, { key }));
    queue.enqueue(mill.rumour("test again", 3, { key: "test" }));

    expect(queue.size).toBe(3);
    expect(mill.labels(queue.take(0, 100))).toEqual(["test again", "bar", "foo"]);
  });
});

describe("TransmitLimitedQueue.take (broadcast queue specification §4.2)", () => {
  it("counts the overhead of each rumour: four of 18 bytes need 80 with 2 each, not with 3", () => {
    const fill = (overhead: number): number => {
      const queue = queueFor(1);
      for (let index = 0; index < 4; index += 1) queue.enqueue({ payload: payloadOf(18) });
      return queue.take(overhead, 80).length;
    };

    expect(fill(2)).toBe(4);
    expect(fill(3)).toBe(3);
  });

  it("gives packets of 3, 3, 2 and then none with a limit of two hand-outs", () => {
    const mill = new RumourMill();
    const queue = queueFor(10);
    for (let index = 0; index < 4; index += 1) queue.enqueue(mill.rumour(`r${index}`, 18));

    const packets = [1, 2, 3, 4].map(() => mill.labels(queue.take(3, 80)));

    expect(packets).toEqual([["r3", "r2", "r1"], ["r0", "r3", "r2"], ["r1", "r0"], []]);
    expect(queue.size).toBe(0);
  });

  it("fills the gap with what is smaller: the example of the specification", () => {
    const mill = new RumourMill();
    const queue = queueFor(1, 2);
    [2, 4, 2, 3, 4].forEach((length, index) =>
      queue.enqueue(mill.rumour(`${length}#${index}`, length)),
    );

    const packets = [1, 2, 3, 4, 5].map(() => mill.labels(queue.take(2, 14)));

    expect(packets).toEqual([
      ["4#4", "4#1"],
      ["3#3", "2#2", "2#0"],
      ["4#4", "4#1"],
      ["3#3", "2#2", "2#0"],
      [],
    ]);
  });

  it("lets a more told one ride along where no fresher one fits", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 3);
    queue.enqueue(mill.rumour("told, small", 2));
    queue.take(0, 10);
    queue.enqueue(mill.rumour("fresh, big", 8));
    queue.enqueue(mill.rumour("fresh, bigger", 9));

    expect(mill.labels(queue.take(0, 11))).toEqual(["fresh, bigger", "told, small"]);
  });

  it("hands out everything once even if there are no members", () => {
    const mill = new RumourMill();
    const queue = queueFor(0, 4);
    queue.enqueue(mill.rumour("alone", 3));

    expect(mill.labels(queue.take(2, 100))).toEqual(["alone"]);
    expect(mill.ends).toEqual(["alone transmitted"]);
    expect(queue.size).toBe(0);
  });

  it("asks for the member count each time, so that a grown cluster hears more", () => {
    let memberCount = 9;
    const queue = new TransmitLimitedQueue({
      retransmitMultiplier: 1,
      memberCount: () => memberCount,
    });
    queue.enqueue({ payload: payloadOf(3) });
    memberCount = 100;

    const counts = [1, 2, 3, 4].map(() => queue.take(0, 10).length);

    expect(counts).toEqual([1, 1, 1, 0]);
  });

  it("takes nothing without room, and keeps what is too long for this packet", () => {
    const queue = queueFor(1);
    queue.enqueue({ payload: payloadOf(10) });

    expect(queue.take(2, 11)).toEqual([]);
    expect(queue.take(2, 2)).toEqual([]);
    expect(queue.take(2, -5)).toEqual([]);
    expect(queue.size).toBe(1);
    expect(queue.take(2, 12).length).toBe(1);
  });

  it("hands out an empty rumour only where more room is left than its overhead", () => {
    const queue = queueFor(1);
    queue.enqueue({ payload: payloadOf(10) });
    queue.enqueue({ payload: payloadOf(0) });

    expect(queue.take(2, 14).map(({ length }) => length)).toEqual([10]);
    expect(queue.take(2, 2)).toEqual([]);
    expect(queue.take(2, 3).map(({ length }) => length)).toEqual([0]);
  });

  it("tells how many wait that were never handed out", () => {
    const queue = queueFor(9, 2);
    const sizes = [queue.freshSize];
    queue.enqueue({ payload: payloadOf(4) });
    queue.enqueue({ payload: payloadOf(3) });
    sizes.push(queue.freshSize);
    queue.take(0, 4);
    sizes.push(queue.freshSize);

    expect(sizes).toEqual([0, 2, 1]);
    expect(queue.size).toBe(2);
  });

  it("refuses budgets that are no numbers", () => {
    const queue = queueFor(1);

    expect(() => queue.take(-1, 10)).toThrow("overheadBytes must be >= 0, got -1");
    expect(() => queue.take(Number.NaN, 10)).toThrow(RangeError);
    expect(() => queue.take(0, Number.NaN)).toThrow("limitBytes must be a number, got NaN");
  });
});

describe("TransmitLimitedQueue.enqueue (broadcast queue specification §4.1)", () => {
  it("starts newer news from no transmits", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 2);
    queue.enqueue(mill.rumour("old", 4, { key: "m1" }));
    queue.take(0, 10);
    queue.enqueue(mill.rumour("new", 4, { key: "m1" }));

    const packets = [1, 2, 3].map(() => mill.labels(queue.take(0, 10)));

    expect(packets).toEqual([["new"], ["new"], []]);
    expect(mill.ends).toEqual(["old invalidated", "new transmitted"]);
  });

  it("invalidates plain rumours by predicate, and never named or unique ones", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    const everything = (): boolean => true;
    queue.enqueue(mill.rumour("plain 1", 3, { invalidates: () => false }));
    queue.enqueue(mill.rumour("plain 2", 3, { invalidates: () => false }));
    queue.enqueue(mill.rumour("named", 3, { key: "n" }));
    queue.enqueue(mill.rumour("unique", 3));
    queue.enqueue(mill.rumour("nameless", 3, { key: "", invalidates: () => false }));

    queue.enqueue(mill.rumour("winner", 3, { invalidates: everything }));

    expect(mill.ends).toEqual(["plain 1 invalidated", "plain 2 invalidated"]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["winner", "nameless", "unique", "named"]);
  });

  it("lets a rumour with an empty key invalidate plain ones, but is found under no key", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    queue.enqueue(mill.rumour("plain", 3, { invalidates: () => false }));

    queue.enqueue(mill.rumour("nameless", 3, { key: "", invalidates: () => true }));

    expect(mill.ends).toEqual(["plain invalidated"]);
    expect(queue.has("")).toBe(false);
    expect(queue.remove("")).toBe(false);
    expect(queue.size).toBe(1);
  });

  it("never asks a predicate about named traffic", () => {
    const queue = queueFor(1);
    let questions = 0;
    for (let index = 0; index < 500; index += 1) {
      queue.enqueue({ payload: payloadOf(3), key: `m${index}` });
    }

    queue.enqueue({
      payload: payloadOf(3),
      invalidates: () => {
        questions += 1;
        return true;
      },
    });

    expect(questions).toBe(0);
  });

  it("loses nothing when a replacement empties the queue (reference issue 322)", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    queue.enqueue(mill.rumour("first", 3, { key: "a" }));
    queue.enqueue(mill.rumour("first again", 3, { key: "a" }));
    queue.enqueue(mill.rumour("second", 3, { key: "b" }));
    queue.enqueue(mill.rumour("third", 3, { key: "c" }));

    expect(queue.size).toBe(3);
    expect(mill.labels(queue.take(0, 100))).toEqual(["third", "second", "first again"]);
    expect(mill.ends).toEqual([
      "first invalidated",
      "third transmitted",
      "second transmitted",
      "first again transmitted",
    ]);
  });

  it("finishes what no packet can carry at once, and keeps the older news of that key", () => {
    const mill = new RumourMill();
    const queue = new TransmitLimitedQueue({
      retransmitMultiplier: 1,
      memberCount: () => 1,
      maxPayloadBytes: 10,
    });
    queue.enqueue(mill.rumour("fits", 10, { key: "a" }));

    queue.enqueue(mill.rumour("does not", 11, { key: "a" }));

    expect(mill.ends).toEqual(["does not too-large"]);
    expect(mill.labels(queue.take(0, 10))).toEqual(["fits"]);
  });

  it("accepts nothing but empty rumours where no byte is allowed, and needs no hook to refuse", () => {
    const queue = new TransmitLimitedQueue({
      retransmitMultiplier: 1,
      memberCount: () => 1,
      maxPayloadBytes: 0,
    });

    queue.enqueue({ payload: payloadOf(1) });
    queue.enqueue({ payload: payloadOf(0) });

    expect(queue.take(1, 2).map(({ length }) => length)).toEqual([0]);
  });

  it("accepts what one UDP datagram can carry, and no byte more, unless told otherwise", () => {
    const reasons: FinishReason[] = [];
    const queue = queueFor(1);
    const rumour = (lengthBytes: number): Broadcast => ({
      payload: new Uint8Array(lengthBytes),
      finished: (reason) => reasons.push(reason),
    });

    queue.enqueue(rumour(65_507));
    queue.enqueue(rumour(65_508));

    expect(queue.size).toBe(1);
    expect(reasons).toEqual(["too-large"]);
  });

  it("makes room for the newcomer at the limit, at the cost of the last in order", () => {
    const mill = new RumourMill();
    const queue = new TransmitLimitedQueue({
      retransmitMultiplier: 1,
      memberCount: () => 1,
      limit: 3,
    });
    for (const [label, length] of [
      ["nine", 9],
      ["five, old", 5],
      ["five, new", 5],
    ] as const) {
      queue.enqueue(mill.rumour(label, length));
    }

    queue.enqueue(mill.rumour("one", 1));

    expect(mill.ends).toEqual(["five, old pruned"]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["nine", "five, new", "one"]);
  });

  it("prunes nobody at the limit where the newcomer takes an old one's place", () => {
    const mill = new RumourMill();
    const queue = new TransmitLimitedQueue({
      retransmitMultiplier: 1,
      memberCount: () => 1,
      limit: 2,
    });
    queue.enqueue(mill.rumour("a", 1, { key: "a" }));
    queue.enqueue(mill.rumour("b", 1, { key: "b" }));

    queue.enqueue(mill.rumour("a again", 1, { key: "a" }));

    expect(mill.ends).toEqual(["a invalidated"]);
    expect(queue.size).toBe(2);
  });

  it("refuses options that make no sense, naming them", () => {
    const withOption = (option: object) => (): TransmitLimitedQueue =>
      new TransmitLimitedQueue({ retransmitMultiplier: 1, memberCount: () => 1, ...option });

    expect(withOption({ retransmitMultiplier: -1 })).toThrow("retransmitMultiplier must be");
    expect(withOption({ retransmitMultiplier: 0.5 })).toThrow("whole number >= 0, got 0.5");
    expect(withOption({ limit: 0 })).toThrow("limit must be >= 1, got 0");
    expect(withOption({ maxPayloadBytes: -1 })).toThrow("maxPayloadBytes must be >= 0, got -1");
  });
});

describe("TransmitLimitedQueue.prune, remove and reset (broadcast queue specification §4.3, §4.4)", () => {
  it("prunes the oldest of equal ones and keeps the newest", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    for (const label of ["a", "b", "c", "d"]) queue.enqueue(mill.rumour(label, 4));

    queue.prune(2);

    expect(mill.ends).toEqual(["a pruned", "b pruned"]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["d", "c"]);
  });

  it("prunes the most told first, then the shortest", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 9);
    queue.enqueue(mill.rumour("told, long", 9));
    queue.take(0, 10);
    queue.enqueue(mill.rumour("fresh, long", 9));
    queue.enqueue(mill.rumour("fresh, short", 1));

    queue.prune(1);

    expect(mill.ends).toEqual(["told, long pruned", "fresh, short pruned"]);
  });

  it("prunes a queue that was never used without complaint (where the reference panics)", () => {
    const queue = queueFor(1);

    queue.prune(0);

    expect(queue.size).toBe(0);
    expect(() => queue.prune(-1)).toThrow("keep must be >= 0, got -1");
  });

  it("removes by key", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    queue.enqueue(mill.rumour("a", 4, { key: "a" }));
    queue.enqueue(mill.rumour("b", 4, { key: "b" }));

    const removed = [queue.remove("a"), queue.remove("a")];

    expect(removed).toEqual([true, false]);
    expect([queue.has("a"), queue.has("b"), queue.size]).toEqual([false, true, 1]);
    expect(mill.ends).toEqual(["a invalidated"]);
  });

  it("resets everything, each told so, and can be used again", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 3);
    queue.enqueue(mill.rumour("named", 4, { key: "a" }));
    queue.take(0, 10);
    queue.enqueue(mill.rumour("plain", 4, { invalidates: () => true }));

    queue.reset();
    queue.enqueue(mill.rumour("after", 4));

    expect(mill.ends).toEqual(["plain reset", "named reset"]);
    expect(queue.has("a")).toBe(false);
    expect(mill.labels(queue.take(0, 10))).toEqual(["after"]);
  });
});

describe("Broadcast.finished (broadcast queue specification §5)", () => {
  it("may call back into the queue, which is consistent by then", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    const sizes: number[] = [];
    queue.enqueue({
      payload: payloadOf(4),
      finished: () => {
        sizes.push(queue.size);
        queue.enqueue(mill.rumour("from the hook", 4));
        sizes.push(queue.size);
      },
    });
    queue.enqueue(mill.rumour("other", 3));

    const first = queue.take(0, 4).length;

    expect(first).toBe(1);
    expect(sizes).toEqual([1, 2]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["from the hook", "other"]);
  });

  it("finds the newcomer queued when its predecessor ends", () => {
    const queue = queueFor(1);
    let seen: [number, boolean] | undefined;
    queue.enqueue({
      payload: payloadOf(4),
      key: "a",
      finished: () => (seen = [queue.size, queue.has("a")]),
    });

    queue.enqueue({ payload: payloadOf(4), key: "a" });

    expect(seen).toEqual([1, true]);
  });

  it("reaches everybody even if one throws, and the mistake is not swallowed", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    queue.enqueue(mill.rumour("a", 4));
    queue.enqueue({
      payload: payloadOf(4),
      finished: () => {
        throw new TypeError("a mistake of the owner");
      },
    });
    queue.enqueue(mill.rumour("c", 4));

    expect(() => queue.reset()).toThrow("a mistake of the owner");
    expect(mill.ends).toEqual(["c reset", "a reset"]);
    expect(queue.size).toBe(0);
  });

  it("changes nothing if a predicate throws", () => {
    const mill = new RumourMill();
    const queue = queueFor(1);
    queue.enqueue(mill.rumour("plain", 4, { invalidates: () => true }));

    const enqueue = (): void =>
      queue.enqueue({
        payload: payloadOf(4),
        invalidates: () => {
          throw new TypeError("a mistake of the owner");
        },
      });

    expect(enqueue).toThrow("a mistake of the owner");
    expect(mill.ends).toEqual([]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["plain"]);
  });
});

describe("TransmitLimitedQueue.overhear", () => {
  it("counts what others told for hand-outs of ours, and ends what is known enough", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 4);
    queue.enqueue(mill.rumour("a", 3, { key: "a" }));
    queue.take(0, 100);

    expect(queue.overhear("a", 2)).toBe(true);
    expect(mill.labels(queue.take(0, 100))).toEqual(["a"]);
    expect(queue.take(0, 100)).toEqual([]);
    expect(mill.ends).toEqual(["a transmitted"]);

    queue.enqueue(mill.rumour("b", 3, { key: "b" }));
    queue.overhear("b", 4);
    expect(queue.take(0, 100)).toEqual([]);
    expect(mill.ends).toEqual(["a transmitted", "b overheard"]);
    expect([queue.size, queue.has("b")]).toEqual([0, false]);
  });

  it("says whether the rumour waits, and was handed out as often as asked", () => {
    const queue = queueFor(9, 4);
    queue.enqueue({ payload: payloadOf(3), key: "a" });

    expect([queue.overhear("stranger", 1), queue.overhear("a", 1, 1)]).toEqual([false, false]);
    queue.take(0, 100);
    expect(queue.overhear("a", 1, 1)).toBe(true);
  });

  it.each([-1, 0.5, NaN])("refuses a worth of %s", (worth) => {
    expect(() => queueFor(9).overhear("a", worth)).toThrow(RangeError);
  });
});

describe("TransmitLimitedQueue.takeFresh", () => {
  it("hands out to several at once what was never handed out, overheard or not as asked", () => {
    const mill = new RumourMill();
    const queue = queueFor(9, 4);
    for (const key of ["told", "heard", "new"]) {
      if (key === "heard") queue.take(0, 100);
      queue.enqueue(mill.rumour(key, 3, { key }));
    }
    queue.overhear("heard", 1);

    expect(mill.labels(queue.takeFresh({ isOverheard: false, handOuts: 3 }, 0, 100))).toEqual([
      "new",
    ]);
    expect(mill.labels(queue.takeFresh({ isOverheard: true, handOuts: 3 }, 0, 100))).toEqual([
      "heard",
    ]);
    expect(mill.ends).toEqual(["heard transmitted"]);
    expect(mill.labels(queue.take(0, 100))).toEqual(["told", "new"]);
    expect(queue.freshSize).toBe(0);
  });

  it("leaves alone what does not fit, and an empty queue", () => {
    const queue = queueFor(9, 4);
    expect(queue.takeFresh({ isOverheard: false, handOuts: 1 }, 0, 100)).toEqual([]);
    queue.enqueue({ payload: payloadOf(10) });

    expect(queue.takeFresh({ isOverheard: false, handOuts: 1 }, 2, 11)).toEqual([]);
    expect(queue.freshSize).toBe(1);
  });

  it.each([0, 1.5, NaN])("refuses %s receivers", (handOuts) => {
    const choice = { isOverheard: false, handOuts };
    expect(() => queueFor(9).takeFresh(choice, 0, 100)).toThrow(RangeError);
  });
});
