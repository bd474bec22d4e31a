import { describe, expect, it } from "vitest";
import { seeds, textOf, Timeline, timelineText, type TimelineEntry } from "@x/simulator";
import { heartbeatCluster } from "./support/heartbeat-cluster.ts";
import { ToyCluster } from "./support/toy-cluster.ts";

const BAD_NETWORK = {
  latency: { kind: "log-normal", medianMs: 20, sigma: 0.6 },
  jitterMs: 5,
  lossRatio: 0.1,
  duplicateRatio: 0.05,
  reorderRatio: 0.05,
  corruptRatio: 0.01,
} as const;

describe("the same seed", () => {
  it.each(seeds(10))("gives the same timeline, digest and counts (seed %i)", (seed) => {
    const run = (): unknown[] => {
      const simulation = heartbeatCluster(30, { seed, network: BAD_NETWORK, silenceMs: 4_000 });
      simulation.partition([["m0", "m1", "m2"]]).forMs(3_000);
      simulation.pause("m4").forMs(2_000);
      simulation.drift("m5", 1.01);
      simulation.runFor(10_000);
      return [simulation.digest(), simulation.traffic(), simulation.timeline.last(50)];
    };

    expect(run()).toEqual(run());
  });

  it("gives a digest that is the same on every engine", () => {
    const simulation = heartbeatCluster(10, { seed: 1, network: BAD_NETWORK });

    simulation.runFor(5_000);

    expect(simulation.digest()).toBe(
      "fdb12b02086013441aee7511e8b321f0240fb7715fc62243636864d1b254f0e3",
    );
  });
});

describe("another seed, or one byte more", () => {
  it("gives another digest", () => {
    const digest = (seed: number, last: number): string => {
      const cluster = new ToyCluster(2, { seed, network: { jitterMs: 1 } });
      cluster.send("a", "b", 1, 2, last);
      cluster.simulation.runFor(10);
      return cluster.simulation.digest();
    };

    expect(new Set([digest(1, 3), digest(2, 3), digest(1, 4)]).size).toBe(3);
  });
});

describe("Timeline", () => {
  it("keeps the last entries, oldest first, and counts them all", () => {
    const timeline = new Timeline({ keep: 3 });
    timeline.name(0, "a");
    timeline.name(1, "b");

    for (let size = 1; size <= 5; size += 1) {
      timeline.record(size * 10, "datagram-sent", 0, 1, size, Uint8Array.from([size]));
    }

    expect(timeline.count).toBe(5);
    expect(timeline.last(100).map(({ atMs, size }) => [atMs, size])).toEqual([
      [30, 3],
      [40, 4],
      [50, 5],
    ]);
    expect(timelineText(timeline.last(1))).toBe("      50.000  datagram-sent     a -> b 5 <05>");
  });

  it("tells those who watch", () => {
    const timeline = new Timeline();
    const seen: TimelineEntry[] = [];
    timeline.record(1, "timeout", 0, -1, 0);
    timeline.observe((entry) => seen.push(entry));
    timeline.name(0, "a");

    timeline.record(2, "event", 0, -1, 0, "something");

    expect(seen).toEqual([
      { atMs: 2, what: "event", member: "a", other: "", size: 0, detail: "something" },
    ]);
  });

  it("keeps nothing if nothing is to be kept, and still counts and tells who listens", () => {
    const timeline = new Timeline({ keep: 0, digest: false });
    timeline.record(1, "timeout", 0, -1, 0);
    const seen: number[] = [];
    timeline.observe(({ atMs }) => seen.push(atMs));
    timeline.record(2, "timeout", 0, -1, 0);

    expect([timeline.count, timeline.last(5), seen]).toEqual([2, [], [2]]);
  });

  it("has no digest if none was asked for", () => {
    const timeline = new Timeline({ digest: false });
    timeline.record(1, "timeout", 0, -1, 0);

    expect(timeline.digest()).toBe("");
    expect(() => new Timeline({ keep: -1 })).toThrow("keep must be a whole number >= 0, got -1");
  });

  it("can tell its digest at any time without changing what follows", () => {
    const record = (isCurious: boolean): string => {
      const timeline = new Timeline();
      for (let index = 0; index < 1_000; index += 1) {
        timeline.record(index, "datagram-sent", 1, 2, index, `entry ${index}`);
        if (isCurious && index % 7 === 0) timeline.digest();
      }
      return timeline.digest();
    };

    expect(record(true)).toBe(record(false));
  });
});

describe("textOf", () => {
  it("shows any value in one line, bytes in hexadecimal", () => {
    expect(
      textOf({
        kind: "joined",
        payload: Uint8Array.from([1, 255]),
        tags: new Map([["role", "web"]]),
        seen: new Set([1n]),
        error: new TypeError("no"),
        none: undefined,
        list: [null, true],
      }),
    ).toBe(
      '{ kind: "joined", payload: <01ff>, tags: Map[["role", "web"]], seen: Set[1], error: TypeError("no"), none: undefined, list: [null, true] }',
    );
  });

  it("leaves out the middle of long bytes and the depths of deep values", () => {
    const deep: { next?: unknown } = {};
    deep.next = deep;

    expect(textOf(new Uint8Array(40))).toBe("<00000000000000000000000000000000… 40 B>");
    expect(textOf(deep)).toBe("{ next: { next: { next: { next: { next: { next: … } } } } } }");
  });
});
