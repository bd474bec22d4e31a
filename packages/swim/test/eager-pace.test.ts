import { describe, expect, it } from "vitest";
import { EAGER_PAUSE_MS, EagerPace, packed, sizeOf } from "../src/eager-pace.ts";

describe("EagerPace", () => {
  it("doubles the pause while each round finds much that is new, up to 80 ms, and halves it after", () => {
    const pace = new EagerPace();
    const pauses = [10, 10, 10, 10, 10, 10, 4, 2, 0, 0, 0, 0].map((newCount) => {
      pace.adapt(newCount, 0);
      return pace.pauseMs(0);
    });

    expect(pauses).toEqual([10, 20, 40, 80, 80, 80, 80, 40, 20, 10, 5, 5]);
  });

  it("says once that it became busy, and when it last was", () => {
    const pace = new EagerPace();
    const turns = [2, 9, 9, 0, 0, 0, 9].map((newCount, index) => pace.adapt(newCount, index));

    expect(turns).toEqual([false, true, false, false, false, false, true]);
    expect([pace.isBusy, pace.busyMs]).toEqual([true, 6]);
  });

  it("leaves the pause as it is between three and four rumours a round", () => {
    const pace = new EagerPace();
    const pauses = [9, 4, 3, 5, 4, 3, 2].map((newCount) => {
      pace.adapt(newCount, 0);
      return pace.pauseMs(0);
    });

    expect(pauses).toEqual([10, 10, 10, 20, 20, 20, 10]);
  });

  it("remembers when it was last busy after it has become calm", () => {
    const pace = new EagerPace();
    pace.adapt(9, 100);
    pace.adapt(0, 110);

    pace.adapt(0, 120);

    expect([pace.isBusy, pace.busyMs]).toEqual([false, 100]);
  });

  it("forgets after half a second without a round", () => {
    const pace = new EagerPace();
    for (let round = 0; round < 5; round += 1) pace.adapt(100, round * 80);

    pace.adapt(3, 320 + 500);
    expect(pace.pauseMs(820)).toBe(80);
    pace.adapt(3, 820 + 501);
    expect(pace.pauseMs(1_321)).toBe(EAGER_PAUSE_MS);
  });

  it("is calm from the start", () => {
    const pace = new EagerPace();

    expect([pace.isBusy, pace.busyMs, pace.pauseMs(0)]).toEqual([false, -Infinity, EAGER_PAUSE_MS]);
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
