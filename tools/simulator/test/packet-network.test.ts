import { describe, expect, it } from "vitest";
import { seeds } from "@x/simulator";
import { ScriptedCore } from "./support/scripted-core.ts";
import { endpointOf, ToyCluster, type ToyOptions } from "./support/toy-cluster.ts";

/** Sends this many numbered datagrams from a to b, one a millisecond; what arrived, in order. */
function arrivals(count: number, options: ToyOptions): { marks: number[]; cluster: ToyCluster } {
  const cluster = new ToyCluster(2, options);
  for (let mark = 0; mark < count; mark += 1) {
    cluster.send("a", "b", mark >> 8, mark & 255);
    cluster.simulation.runFor(1);
  }
  cluster.simulation.runFor(120_000);
  const marks = cluster
    .core("b")
    .datagrams.map((bytes) => ((bytes[0] as number) << 8) | (bytes[1] as number));
  return { marks, cluster };
}

describe("a datagram", () => {
  it("arrives after the latency, with its sender", () => {
    const cluster = new ToyCluster(2, { network: { latency: { kind: "constant", ms: 7 } } });

    cluster.send("a", "b", 1, 2, 3);
    cluster.simulation.runFor(6.9);
    const early = cluster.heard("b").length;
    cluster.simulation.runFor(1);

    expect(early).toBe(0);
    expect(cluster.heard("b")).toEqual(["7 datagram 1 2 3 from 7946"]);
  });

  it("takes each link's own time from a matrix", () => {
    const rttMs = [
      [0, 10, 100],
      [10, 0, 40],
      [100, 40, 0],
    ];
    const cluster = new ToyCluster(3, { network: { latency: { kind: "rtt-matrix", rttMs } } });

    cluster.send("a", "b", 1);
    cluster.send("a", "c", 2);
    cluster.send("c", "b", 3);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b")).toEqual(["5 datagram 1 from 7946", "20 datagram 3 from 7948"]);
    expect(cluster.heard("c")).toEqual(["50 datagram 2 from 7946"]);
  });

  it("is lost as often as the loss ratio says", () => {
    const { marks, cluster } = arrivals(2_000, { network: { lossRatio: 0.3 } });
    const { dropped, datagramsSent } = cluster.simulation.traffic("a");

    expect(marks.length / 2_000).toBeCloseTo(0.7, 1);
    expect(datagramsSent).toBe(2_000);
    expect(dropped.lost).toBe(2_000 - marks.length);
  });

  it("overtakes others under jitter, and keeps its turn without", () => {
    const ordered = arrivals(500, {}).marks;
    const jittered = arrivals(500, { network: { jitterMs: 10 } }).marks;
    const reordered = arrivals(500, { network: { reorderRatio: 0.1 } }).marks;

    expect(ordered).toEqual(Array.from({ length: 500 }, (_, mark) => mark));
    for (const marks of [jittered, reordered]) {
      expect(marks).not.toEqual(ordered);
      expect(marks.toSorted((a, b) => a - b)).toEqual(ordered);
    }
  });

  it("comes twice, much later again, or damaged by one byte, as often as told", () => {
    const twice = arrivals(1_000, { network: { duplicateRatio: 0.2 } }).marks;
    const replayed = arrivals(1_000, { network: { replayRatio: 0.2 } });
    const damaged = arrivals(1_000, { network: { corruptRatio: 0.2 } }).marks;

    expect(twice.length / 1_000).toBeCloseTo(1.2, 1);
    expect(replayed.marks.length / 1_000).toBeCloseTo(1.2, 1);
    const lastMs = Number(replayed.cluster.heard("b").at(-1)?.split(" ")[0]);
    expect(lastMs).toBeGreaterThan(30_000);
    expect(damaged.length).toBe(1_000);
    const changed = damaged.filter((mark, index) => mark !== index);
    expect(changed.length / 1_000).toBeCloseTo(0.2, 1);
  });

  it("never damages the sender's own bytes", () => {
    const cluster = new ToyCluster(2, { network: { corruptRatio: 1 } });
    const bytes = Uint8Array.from([1, 2, 3]);

    cluster.simulation.call("a", (core) =>
      core.ask({ kind: "send-datagram", target: endpointOf(1), bytes }),
    );
    cluster.simulation.runFor(10);

    expect([...bytes]).toEqual([1, 2, 3]);
    expect(cluster.core("b").datagrams[0]).not.toEqual(bytes);
  });

  it("is shared between receivers unless copies are asked for", () => {
    const received = (copyBytes: boolean): boolean => {
      const cluster = new ToyCluster(2, { network: { copyBytes } });
      const bytes = Uint8Array.from([1]);
      cluster.simulation.call("a", (core) =>
        core.ask({ kind: "send-datagram", target: endpointOf(1), bytes }),
      );
      cluster.simulation.runFor(10);
      return cluster.core("b").datagrams[0] === bytes;
    };

    expect([received(false), received(true)]).toEqual([true, false]);
  });

  it("vanishes above the MTU, headers of 28 bytes included", () => {
    const cluster = new ToyCluster(2, { network: { mtuBytes: 1_500 } });

    cluster.sendBytes("a", "b", new Uint8Array(1_472));
    cluster.sendBytes("a", "b", new Uint8Array(1_473));
    cluster.simulation.runFor(10);

    expect(cluster.core("b").datagrams.map(({ length }) => length)).toEqual([1_472]);
    expect(cluster.simulation.traffic("a").dropped["too-large"]).toBe(1);
  });

  it("is refused by the kernel above 65,507 bytes, a moment later", () => {
    const cluster = new ToyCluster(2);

    cluster.sendBytes("a", "b", new Uint8Array(65_507));
    cluster.sendBytes("a", "b", new Uint8Array(65_508));
    cluster.simulation.runFor(10);

    expect(cluster.heard("a")).toEqual(["0 refused message too long"]);
    expect(cluster.core("b").datagrams.length).toBe(1);
  });

  it("waits for a busy link, and is dropped when too much waits", () => {
    const cluster = new ToyCluster(2, {
      network: {
        bandwidthBytesPerSecond: 10_000,
        linkQueueBytes: 2_500,
        latency: { kind: "constant", ms: 0 },
      },
    });

    // 1,000 bytes with headers: 100 ms each.
    for (let mark = 1; mark <= 4; mark += 1) cluster.sendBytes("a", "b", new Uint8Array(972));
    cluster.simulation.runFor(1_000);

    const times = cluster.heard("b").map((line) => Number(line.split(" ")[0]));
    expect(times).toEqual([100, 200]);
    expect(cluster.simulation.traffic("a").dropped["link-full"]).toBe(2);
  });

  it("to nobody is dropped without a word", () => {
    const cluster = new ToyCluster(2);

    cluster.simulation.call("a", (core) => core.send({ address: "10.9.9.9", port: 1 }, 1));
    cluster.simulation.call("a", (core) => core.send({ ...endpointOf(1), port: 1 }, 1));
    cluster.simulation.runFor(10);

    expect(cluster.heard("a")).toEqual([]);
    expect(cluster.simulation.traffic("a").dropped["no-listener"]).toBe(2);
  });

  it("reaches nobody that crashed while it travelled", () => {
    const cluster = new ToyCluster(2, { network: { latency: { kind: "constant", ms: 10 } } });

    cluster.send("a", "b", 1);
    cluster.simulation.runFor(5);
    cluster.simulation.crash("b");
    cluster.simulation.runFor(10);

    expect(cluster.simulation.traffic("a").dropped["no-listener"]).toBe(1);
  });
});

describe("a link rule", () => {
  it("cuts one direction, the other stays open", () => {
    const cluster = new ToyCluster(2);

    cluster.simulation.impair({ from: ["a"], to: ["b"], lossRatio: 1 }).forMs(50);
    cluster.send("a", "b", 1);
    cluster.send("b", "a", 2);
    cluster.simulation.runFor(60);
    cluster.send("a", "b", 3);
    cluster.simulation.runFor(10);

    expect(cluster.heard("a")).toEqual(["1 datagram 2 from 7947"]);
    expect(cluster.heard("b")).toEqual(["61 datagram 3 from 7946"]);
  });

  it("splits the members into groups until it heals, the unlisted ones together", () => {
    const cluster = new ToyCluster(5);

    const outage = cluster.simulation.partition([["a", "b"], ["c"]]);
    for (const source of "abcde") {
      for (const target of "abcde") if (source !== target) cluster.send(source, target, 1);
    }
    cluster.simulation.runFor(10);
    const during = ["a", "b", "c", "d", "e"].map((name) => cluster.heard(name).length);
    outage.heal();
    outage.heal();
    cluster.send("a", "c", 2);
    cluster.simulation.runFor(10);

    expect(during).toEqual([1, 1, 0, 1, 1]);
    expect(outage.isOver).toBe(true);
    expect(cluster.heard("c").length).toBe(1);
  });

  it("isolates one member", () => {
    const cluster = new ToyCluster(3);

    cluster.simulation.isolate("b").forMs(1_000);
    cluster.send("a", "b", 1);
    cluster.send("b", "c", 1);
    cluster.send("a", "c", 1);
    cluster.simulation.runFor(10);

    expect(["a", "b", "c"].map((name) => cluster.heard(name).length)).toEqual([0, 0, 1]);
  });

  it("names members that come later", () => {
    const cluster = new ToyCluster(1);

    cluster.simulation.impair({ from: ["a"], to: ["late"], lossRatio: 1 });
    cluster.simulation.addMember("late", new ScriptedCore(), {
      endpoint: endpointOf(1),
    });
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(10);

    expect(cluster.simulation.traffic("a").dropped.lost).toBe(1);
  });

  it("adds up with others: losses as independent chances, delays as sums", () => {
    const cluster = new ToyCluster(2, { network: { lossRatio: 0.5 } });

    cluster.simulation.impair({
      from: "all",
      to: ["b"],
      datagramLossRatio: 0.5,
      extraLatencyMs: 5,
    });
    cluster.simulation.impair({ from: ["a"], to: "all", extraLatencyMs: 7 });
    for (let count = 0; count < 4_000; count += 1) cluster.send("a", "b", 1);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b").length / 4_000).toBeCloseTo(0.25, 1);
    expect(new Set(cluster.heard("b"))).toEqual(new Set(["13 datagram 1 from 7946"]));
  });

  it("refuses ratios that are none", () => {
    const { simulation } = new ToyCluster(2);

    expect(() => simulation.impair({ from: "all", to: "all", lossRatio: 1.5 })).toThrow(
      "lossRatio must lie within 0 and 1, got 1.5",
    );
    expect(() => new ToyCluster(1, { network: { corruptRatio: -1 } })).toThrow("corruptRatio");
    expect(() => simulation.impair({ from: "all", to: "all", extraLatencyMs: -1 })).toThrow(
      "extraLatencyMs must be >= 0, got -1",
    );
  });
});

describe("chance", () => {
  it.each(seeds(5))("of one sender does not depend on what others send (seed %i)", (seed) => {
    const run = (isNoisy: boolean): readonly string[] => {
      const cluster = new ToyCluster(3, { seed, network: { lossRatio: 0.5, jitterMs: 3 } });
      for (let mark = 0; mark < 50; mark += 1) {
        if (isNoisy) cluster.send("c", "a", mark);
        cluster.send("a", "b", mark);
      }
      cluster.simulation.runFor(50);
      return cluster.heard("b");
    };

    expect(run(true)).toEqual(run(false));
  });
});
