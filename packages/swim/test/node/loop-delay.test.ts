import { describe, expect, it } from "vitest";
import { LoopDelayMeter } from "../../src/node/loop-delay.ts";

describe("LoopDelayMeter", () => {
  it("knows nothing at first", () => {
    expect(new LoopDelayMeter().figures).toEqual({
      lastMs: 0,
      meanMs: 0,
      maxMs: 0,
      sampleCount: 0,
    });
  });

  it("keeps the last, the greatest, and a decaying mean", () => {
    const meter = new LoopDelayMeter();
    for (const delayMs of [8, 16, 0]) meter.observe(delayMs);

    expect(meter.figures).toEqual({ lastMs: 0, meanMs: 7.875, maxMs: 16, sampleCount: 3 });
  });

  it("takes a timer that fires a fraction early for punctual", () => {
    const meter = new LoopDelayMeter();
    meter.observe(-0.4);

    expect(meter.figures).toEqual({ lastMs: 0, meanMs: 0, maxMs: 0, sampleCount: 1 });
  });
});
