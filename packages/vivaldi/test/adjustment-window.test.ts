import { describe, expect, it } from "vitest";
import { AdjustmentWindow } from "../src/adjustment-window.ts";

describe("AdjustmentWindow", () => {
  it("builds up over the first window, since it divides by twice its size from the start", () => {
    const window = new AdjustmentWindow(4);

    const adjustments = [0.008, 0.008, 0.008, 0.008, 0.008].map((residual) =>
      window.observe(residual),
    );

    expect(adjustments).toEqual([0.001, 0.002, 0.003, 0.004, 0.004]);
  });

  it("forgets what is older than the window", () => {
    const window = new AdjustmentWindow(2);
    window.observe(1000);

    window.observe(0);

    expect(window.observe(0)).toBe(0);
  });
});
