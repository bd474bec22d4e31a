import { describe, expect, it } from "vitest";
import { Churn } from "../src/churn.ts";
import { EAGER_PAUSE_MS, eagerPauseMs, packed, sizeOf } from "../src/eager-pace.ts";

describe("eagerPauseMs", () => {
  it("is short from the start", () => {
    expect(eagerPauseMs(new Churn(), 0)).toBe(EAGER_PAUSE_MS);
  });

  it("is 80 ms while there is much news", () => {
    const churn = new Churn();
    for (let count = 0; count < 20; count += 1) churn.note(0);

    expect([eagerPauseMs(churn, 500), eagerPauseMs(churn, 1_000)]).toEqual([80, EAGER_PAUSE_MS]);
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
