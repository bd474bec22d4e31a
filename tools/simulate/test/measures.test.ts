import { describe, expect, it } from "vitest";
import { idealLastMs } from "../src/evidence/epidemic-evidence.ts";
import { slowMembers } from "../src/evidence/lifeguard-evidence.ts";
import { quantile } from "../src/measurements.ts";
import { onPlane } from "../src/plane.ts";
import { meanRttMs } from "../src/run-scenario.ts";
import { measureScale } from "../src/scale.ts";
import { plotHtml } from "../src/svg-plot.ts";

describe("scale", () => {
  it("measures a cluster that forms, rests and loses a member", () => {
    const figures = measureScale(
      {
        members: 12,
        layer: "swim",
        seed: 1,
        joinsPerSecond: 100,
        compress: false,
        retransmitMultiplier: 4,
        eagerPerSecond: 1_000,
        steadyMs: 2_000,
      },
      () => {},
    );

    expect(figures.formedVirtualS).toBeGreaterThan(0.1);
    expect(figures.knownToAllVirtualS).toBeGreaterThanOrEqual(figures.detectedVirtualS);
    expect(figures.steadySpeed).toBeGreaterThan(1);
  });
});

describe("slow members (Lifeguard §V)", () => {
  it("declare fifty times fewer healthy ones dead than with SWIM alone", () => {
    const story = { seed: 1, members: 64, slow: 8, durationMs: 40_000 };
    const plain = { awarenessMaxMultiplier: 1, suspicionMaxTimeoutMultiplier: 1 };

    const bySwim = slowMembers({ ...story, swim: plain }).all;
    const byLifeguard = slowMembers({ ...story, swim: {} }).all;

    expect(bySwim).toBeGreaterThan(100);
    expect(byLifeguard).toBeLessThanOrEqual(bySwim / 50);
  });
});

describe("the formulas", () => {
  it("let an ideal rumour reach a thousand members in about five ticks", () => {
    expect(idealLastMs(1_000, { runs: 3 })).toBeGreaterThan(700);
    expect(idealLastMs(1_000, { runs: 3 })).toBeLessThan(1_300);
  });

  it("know the mean round trip of every latency model", () => {
    expect(meanRttMs({ kind: "constant", ms: 3 })(0, 1)).toBe(6);
    expect(meanRttMs({ kind: "uniform", minMs: 2, maxMs: 4 })(0, 1)).toBe(6);
    expect(
      meanRttMs({
        kind: "rtt-matrix",
        rttMs: [
          [0, 9],
          [9, 0],
        ],
      })(2, 3),
    ).toBe(9);
  });

  it("find the values below which a share lies", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("lay points on a plane without changing distances within it", () => {
    const plane = onPlane([
      [0, 0, 0],
      [3, 0, 0],
      [0, 4, 0],
    ]);
    const [first = [0, 0], second = [0, 0], third = [0, 0]] = plane;

    expect(Math.hypot(first[0] - second[0], first[1] - second[1])).toBeCloseTo(3, 6);
    expect(Math.hypot(second[0] - third[0], second[1] - third[1])).toBeCloseTo(5, 6);
  });

  it("draw no plot of nothing", () => {
    const plot = { title: "t", xLabel: "x", yLabel: "y", series: [], empty: "nothing <yet>" };

    expect(plotHtml(plot)).toContain("nothing &lt;yet&gt;");
  });
});
