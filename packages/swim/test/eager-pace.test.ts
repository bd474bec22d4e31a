import { describe, expect, it } from "vitest";
import { EAGER_PAUSE_MS, EagerPace, packed, sizeOf } from "../src/eager-pace.ts";

/** A pace at 0 after much news. */
function paceOfMuch(): EagerPace {
  const pace = new EagerPace();
  for (let count = 0; count < 20; count += 1) pace.noteNews(0);
  return pace;
}

describe("the pause between eager rounds", () => {
  it("is short from the start", () => {
    expect(new EagerPace().pauseMs(0)).toBe(EAGER_PAUSE_MS);
  });

  it("is 80 ms while there is much news", () => {
    const pace = paceOfMuch();
    expect([pace.pauseMs(500), pace.pauseMs(1_000)]).toEqual([80, EAGER_PAUSE_MS]);
  });

  it("is a whole gossip interval for half a second after a round of much news came late", () => {
    const pace = paceOfMuch();
    pace.noteRound(90, 100);
    expect([pace.isBehind, pace.pauseMs(100)]).toEqual([false, 80]);
    pace.noteRound(100, 111);
    expect([pace.isBehind, pace.pauseMs(111)]).toEqual([true, 200]);
    pace.noteRound(610, 610);
    expect([pace.isBehind, pace.pauseMs(610)]).toEqual([true, 200]);
    pace.noteRound(611, 611);
    expect([pace.isBehind, pace.pauseMs(611)]).toEqual([false, 80]);
  });

  it("stays short where a late member has little to tell", () => {
    const pace = new EagerPace();
    pace.noteNews(0);
    pace.noteRound(0, 1_000);
    expect([pace.isBehind, pace.pauseMs(1_000)]).toEqual([true, EAGER_PAUSE_MS]);
  });
});

describe("the targets of an eager round", () => {
  /** Of much to many, of something own, of news of others. */
  function targets(pace: EagerPace, limit: number): number[] {
    const kinds = ["much", "own", "others"] as const;
    return kinds.map((kind) => pace.targetCount(limit, kind, 111));
  }

  it("are as many as the limit allows, and six where there is much for many", () => {
    expect(targets(new EagerPace(), 12)).toEqual([6, 12, 12]);
    expect(targets(paceOfMuch(), 12)).toEqual([6, 12, 12]);
    expect(targets(new EagerPace(), 4)).toEqual([4, 4, 4]);
  });

  it("are two for news of others while the member is behind with much of it", () => {
    const pace = paceOfMuch();
    pace.noteRound(100, 111);
    expect(targets(pace, 12)).toEqual([6, 12, 2]);
    expect(targets(pace, 1)).toEqual([1, 1, 1]);

    const withLittle = new EagerPace();
    withLittle.noteNews(0);
    withLittle.noteRound(100, 111);
    expect(targets(withLittle, 12)).toEqual([6, 12, 12]);
  });
});

describe("packed", () => {
  it("fills packets in order, two bytes of overhead for each part", () => {
    const part = (length: number): Uint8Array => new Uint8Array(length);
    const lengths = packed([part(8), part(8), part(8), part(30), part(1)], 20).map((packet) =>
      packet.map(({ length }) => length),
    );

    expect(lengths).toEqual([[8, 8], [8], [30], [1]]);
    expect(packed([], 20)).toEqual([]);
    expect(sizeOf([part(8), part(1)])).toBe(13);
  });
});
