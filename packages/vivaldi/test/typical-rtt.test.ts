import { describe, expect, it } from "vitest";
import { SeededRandom } from "@x/simulator";
import { TypicalRtt } from "../src/typical-rtt.ts";

describe("TypicalRtt", () => {
  it("is the first sample at first", () => {
    const typical = new TypicalRtt();
    expect(typical.seconds).toBe(0);

    typical.observe(0.03);

    expect(typical.seconds).toBe(0.03);
  });

  it("stays among the values that are measured", () => {
    const random = new SeededRandom(1);
    const typical = new TypicalRtt();

    for (let sample = 0; sample < 1000; sample++) typical.observe(random.between(0.05, 0.15));

    expect(typical.seconds).toBeGreaterThan(0.05);
    expect(typical.seconds).toBeLessThan(0.15);
  });

  it("is not moved far by one sample in ten that lies beyond all bounds", () => {
    const random = new SeededRandom(1);
    const typical = new TypicalRtt();

    for (let sample = 0; sample < 1000; sample++) {
      typical.observe(random.chance(0.1) ? 10 : random.between(0.0005, 0.0015));
    }

    expect(typical.seconds).toBeLessThan(0.002);
  });

  it("outvotes a bad first sample, in the logarithm of how bad it was", () => {
    const typical = new TypicalRtt();

    typical.observe(10);
    for (let sample = 0; sample < 150; sample++) typical.observe(0.001);

    expect(typical.seconds).toBeLessThan(0.002);
  });

  it("never falls to zero", () => {
    const typical = new TypicalRtt();

    for (let sample = 0; sample < 5000; sample++) typical.observe(1e-9);

    expect(typical.seconds).toBe(1e-6);
  });
});
