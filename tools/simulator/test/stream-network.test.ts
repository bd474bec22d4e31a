import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom, seeds } from "@x/simulator";
import { endpointOf, ToyCluster, type ToyOptions } from "./support/toy-cluster.ts";

const TEN_MS: ToyOptions = { network: { latency: { kind: "constant", ms: 10 } } };

/** Some bytes that differ. */
function bytesOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  new SeededRandom(seed).fill(bytes);
  return bytes;
}

/** a has dialled b; answers the number under which b knows the stream. */
function connected(options: ToyOptions = TEN_MS): { cluster: ToyCluster; accepted: number } {
  const cluster = new ToyCluster(2, options);
  cluster.dial("a", "b", { timeoutMs: 1_000_000 });
  cluster.simulation.runFor(50);
  return { cluster, accepted: cluster.core("b").accepted[0] as number };
}

describe("dialling", () => {
  it("takes a round trip, and both sides hear of it", () => {
    const { cluster, accepted } = connected();

    expect(cluster.heard("a")).toEqual(["20 opened"]);
    expect(cluster.heard("b")).toEqual(["10 accepted"]);
    expect(accepted % 2).toBe(0);
    expect([cluster.simulation.openStreams("a"), cluster.simulation.openStreams("b")]).toEqual([
      1, 1,
    ]);
  });

  it("is refused by a machine on which nobody listens, or no longer", () => {
    const cluster = new ToyCluster(2, TEN_MS);

    cluster.simulation.call("a", (core) =>
      core.ask({
        kind: "open-stream",
        streamId: 1,
        target: { ...endpointOf(1), port: 1 },
        timeoutMs: 10_000,
      }),
    );
    cluster.simulation.runFor(100);
    cluster.simulation.crash("b");
    cluster.dial("a", "b", { streamId: 3 });
    cluster.simulation.runFor(100);

    expect(cluster.heard("a")).toEqual(["20 failed refused", "120 failed refused"]);
  });

  it("times out at an address where there is no machine, or a dead one", () => {
    const cluster = new ToyCluster(2, TEN_MS);
    cluster.simulation.crash("b", "machine");

    cluster.dial("a", "b", { streamId: 1, timeoutMs: 3_000 });
    cluster.simulation.call("a", (core) =>
      core.ask({
        kind: "open-stream",
        streamId: 3,
        target: { address: "10.9.9.9", port: 1 },
        timeoutMs: 5_000,
      }),
    );
    cluster.simulation.runFor(100_000);

    expect(cluster.heard("a")).toEqual(["3000 failed timed-out", "5000 failed timed-out"]);
    expect(cluster.simulation.openStreams("a")).toBe(0);
  });

  it("succeeds late if a partition heals before the time is up: requests are repeated", () => {
    const cluster = new ToyCluster(2, TEN_MS);

    cluster.simulation.isolate("b").forMs(2_000);
    cluster.dial("a", "b", { timeoutMs: 5_000 });
    cluster.simulation.runFor(10_000);

    // Asked at 0, 1, 3 s.
    expect(cluster.heard("a")).toEqual(["3020 opened"]);
  });

  it("works where UDP is blocked", () => {
    const { cluster } = connected({ network: { datagramLossRatio: 1 } });

    cluster.send("a", "b", 1);
    cluster.simulation.runFor(100);

    expect(cluster.heard("a")).toEqual(["2 opened"]);
    expect(cluster.heard("b")).toEqual(["1 accepted"]);
  });

  it("that was given up in between leaves the acceptor with a reset", () => {
    const cluster = new ToyCluster(2, TEN_MS);

    cluster.dial("a", "b");
    cluster.simulation.runFor(15);
    cluster.close("a", 1);
    cluster.simulation.runFor(100);

    expect(cluster.heard("a")).toEqual([]);
    expect(cluster.heard("b")).toEqual(["10 accepted", "30 failed reset"]);
    expect(cluster.simulation.openStreams("b")).toBe(0);
  });

  it("fills the backlog of a member that does not look, and then waits", () => {
    const cluster = new ToyCluster(2, { network: { acceptBacklog: 3 } });
    const pause = cluster.simulation.pause("b");

    for (let index = 0; index < 5; index += 1) {
      cluster.dial("a", "b", { streamId: 2 * index + 1, timeoutMs: 60_000 });
    }
    cluster.simulation.runFor(500);
    const openedEarly = cluster.heard("a").length;
    pause.heal();
    cluster.simulation.runFor(2_000);

    expect(openedEarly).toBe(3);
    expect(cluster.heard("a").length).toBe(5);
    expect(cluster.core("b").accepted.length).toBe(5);
  });
});

describe("bytes", () => {
  it("arrive complete and in order, in whatever pieces, over any network", () => {
    const write = fc.record({
      fromA: fc.boolean(),
      length: fc.integer({ min: 1, max: 3_000 }),
      waitMs: fc.nat(30),
    });
    fc.assert(
      fc.property(
        fc.array(write, { maxLength: 12 }),
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        (writes, seed, lossRatio) => {
          const { cluster, accepted } = connected({
            seed,
            network: { latency: { kind: "uniform", minMs: 0, maxMs: 20 }, lossRatio },
          });
          cluster.simulation.runUntil(() => cluster.heard("a").length > 0, { withinMs: 2_000_000 });
          // Once in a hundred thousand every request is lost.
          fc.pre(cluster.core("b").accepted.length === 1);
          const sent: { a: number[]; b: number[] } = { a: [], b: [] };
          writes.forEach(({ fromA, length, waitMs }, index) => {
            const bytes = bytesOf(length, index + 1);
            if (fromA) cluster.write("a", 1, bytes);
            else cluster.write("b", accepted || (cluster.core("b").accepted[0] as number), bytes);
            sent[fromA ? "a" : "b"].push(...bytes);
            cluster.simulation.runFor(waitMs);
          });
          cluster.simulation.runFor(1_000_000);

          const [id] = cluster.core("b").accepted;
          expect(cluster.core("b").streams.get(id as number) ?? []).toEqual(sent.a);
          expect(cluster.core("a").streams.get(1) ?? []).toEqual(sent.b);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("written before the answer came wait for it", () => {
    const cluster = new ToyCluster(2, TEN_MS);

    cluster.dial("a", "b");
    cluster.write("a", 1, Uint8Array.from([1, 2, 3]));
    cluster.simulation.runFor(100);

    expect([...cluster.core("b").streams.values()]).toEqual([[1, 2, 3]]);
  });

  it("written by the acceptor at once do not overtake the answer to the dialler", () => {
    const cluster = new ToyCluster(2, {
      network: { latency: { kind: "uniform", minMs: 0, maxMs: 50 } },
    });
    const core = cluster.core("b");
    core.onStream = (event): void => {
      if (event.kind !== "accepted") return;
      core.ask({ kind: "write-stream", streamId: event.streamId, bytes: Uint8Array.from([9]) });
    };

    cluster.dial("a", "b");
    cluster.simulation.runFor(200);

    expect(cluster.core("a").streams.get(1)).toEqual([9]);
    expect(cluster.heard("a").length).toBe(1);
  });

  it("come in many pieces or in one, as chunk sizes say", () => {
    const pieces = (network: NonNullable<ToyOptions["network"]>, seed = 1): number => {
      const { cluster } = connected({ seed, network });
      let count = 0;
      cluster.core("b").onStream = (event): void => {
        if (event.kind === "data") count += 1;
      };
      cluster.write("a", 1, bytesOf(1_000));
      cluster.simulation.runFor(100);
      return count;
    };

    expect(pieces({ minChunkBytes: 1, maxChunkBytes: 1 })).toBe(1_000);
    expect(pieces({ minChunkBytes: 4_096, maxChunkBytes: 4_096 })).toBe(1);
    // Every magnitude as likely: a thousand bytes come whole about four times in eleven.
    const counts = seeds(100).map((seed) => pieces({}, seed));
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(15);
    expect(counts.filter((count) => count > 1).length).toBeGreaterThan(15);
    expect(() => new ToyCluster(1, { network: { minChunkBytes: 0 } })).toThrow("make no sense");
  });

  it("stall at a partition and go on where they were when it heals", () => {
    const { cluster } = connected();
    const bytes = bytesOf(5_000);

    cluster.simulation.isolate("b").forMs(30_000);
    cluster.write("a", 1, bytes);
    cluster.simulation.runFor(29_000);
    const early = cluster.core("b").streams.size;
    cluster.write("a", 1, Uint8Array.from([1, 2]));
    cluster.simulation.runFor(60_000);

    expect(early).toBe(0);
    expect([...cluster.core("b").streams.values()]).toEqual([[...bytes, 1, 2]]);
  });

  it("stall in both directions when only one is cut: nothing is acknowledged", () => {
    const { cluster } = connected();

    cluster.simulation.impair({ from: ["b"], to: ["a"], lossRatio: 1 }).forMs(10_000);
    cluster.write("a", 1, bytesOf(10));
    cluster.simulation.runFor(9_000);

    expect(cluster.core("b").streams.size).toBe(0);
  });

  it("are given up after the stated time", () => {
    const { cluster } = connected({
      network: { giveUpMs: 5_000, latency: { kind: "constant", ms: 10 } },
    });

    cluster.simulation.isolate("b");
    cluster.write("a", 1, bytesOf(10));
    cluster.simulation.runFor(60_000);

    expect(cluster.heard("a")).toEqual(["20 opened", "5050 failed timed-out"]);
    expect(cluster.simulation.openStreams("a")).toBe(0);
  });

  it("wait at the sender for a core that does not read, and all come when it does", () => {
    const { cluster } = connected({ network: { receiveBufferBytes: 1_000 } });
    const pause = cluster.simulation.pause("b");

    cluster.write("a", 1, bytesOf(5_000));
    cluster.simulation.runFor(10_000);
    pause.heal();
    cluster.simulation.runFor(1_000);

    expect([...cluster.core("b").streams.values()]).toEqual([[...bytesOf(5_000)]]);
  });

  it("are counted on both sides", () => {
    const { cluster } = connected();

    cluster.write("a", 1, bytesOf(500));
    cluster.simulation.runFor(100);

    expect(cluster.simulation.traffic("a").streamBytesSent).toBe(500);
    expect(cluster.simulation.traffic("b").streamBytesReceived).toBe(500);
    expect(cluster.simulation.traffic().streamsDialled).toBe(1);
    expect(cluster.simulation.traffic().streamsAccepted).toBe(1);
  });
});

describe("closing", () => {
  it("flushes first; the other side hears the end, the closer nothing more", () => {
    const { cluster, accepted } = connected();

    cluster.write("a", 1, bytesOf(2_000));
    cluster.close("a", 1);
    cluster.simulation.runFor(100);
    cluster.close("b", accepted);
    cluster.simulation.runFor(100);

    expect(cluster.heard("a")).toEqual(["20 opened"]);
    expect(cluster.heard("b")).toEqual(["10 accepted", "60 ended"]);
    expect(cluster.core("b").streams.get(accepted)).toEqual([...bytesOf(2_000)]);
    expect([cluster.simulation.openStreams("a"), cluster.simulation.openStreams("b")]).toEqual([
      0, 0,
    ]);
  });

  it("flushes even through a partition that heals in time", () => {
    const { cluster, accepted } = connected();

    cluster.simulation.isolate("a").forMs(5_000);
    cluster.write("a", 1, bytesOf(100));
    cluster.close("a", 1);
    cluster.simulation.runFor(20_000);

    expect(cluster.core("b").streams.get(accepted)).toEqual([...bytesOf(100)]);
    expect(cluster.heard("b").at(-1)).toMatch(/ ended$/);
  });

  it("answers what comes afterwards with a reset", () => {
    const { cluster, accepted } = connected();

    cluster.close("a", 1);
    cluster.simulation.runFor(50);
    cluster.write("b", accepted, bytesOf(10));
    cluster.simulation.runFor(50);

    expect(cluster.heard("b")).toEqual(["10 accepted", "60 ended", "120 failed reset"]);
    expect(cluster.core("a").streams.size).toBe(0);
  });

  it("by reset drops what waits and tells the other side so", () => {
    const { cluster, accepted } = connected();

    cluster.reset("b", accepted);
    cluster.simulation.runFor(50);
    cluster.write("a", 1, bytesOf(10));
    cluster.simulation.runFor(50);

    expect(cluster.heard("a")).toEqual(["20 opened", "60 failed reset"]);
    expect(cluster.heard("b")).toEqual(["10 accepted"]);
  });

  it("twice, or of an unknown stream, is harmless", () => {
    const { cluster } = connected();

    cluster.close("a", 1);
    cluster.close("a", 1);
    cluster.reset("a", 99);
    cluster.write("a", 1, bytesOf(3));
    cluster.simulation.runFor(50);

    expect(cluster.heard("b")).toEqual(["10 accepted", "60 ended"]);
  });
});

describe("a crash", () => {
  it.each(seeds(30))("of a process breaks its streams and delivers a prefix (seed %i)", (seed) => {
    const { cluster } = connected({ ...TEN_MS, seed });
    const bytes = bytesOf(3_000);

    cluster.write("a", 1, bytes);
    cluster.simulation.crash("a");
    cluster.simulation.runFor(1_000);

    const got = [...cluster.core("b").streams.values()][0] ?? [];
    expect(got).toEqual([...bytes.subarray(0, got.length)]);
    expect(cluster.heard("b").at(-1)).toMatch(/ (ended|failed reset)$/);
  });

  it("of a process leaves half of what waited, now and then", () => {
    const lengths = seeds(40).map((seed) => {
      const { cluster } = connected({ seed, network: { receiveBufferBytes: 1_000 } });
      cluster.simulation.pause("b").forMs(100);
      cluster.write("a", 1, bytesOf(3_000));
      cluster.simulation.crash("a");
      cluster.simulation.runFor(1_000);
      return ([...cluster.core("b").streams.values()][0] ?? []).length;
    });

    expect(new Set(lengths).size).toBeGreaterThan(10);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(3_000);
  });

  it("of a machine tells nobody: readers wait for ever, writers give up", () => {
    const { cluster, accepted } = connected({
      network: { giveUpMs: 10_000, latency: { kind: "constant", ms: 10 } },
    });

    cluster.simulation.crash("a", "machine");
    cluster.simulation.runFor(5_000);
    const quiet = [...cluster.heard("b")];
    cluster.write("b", accepted, bytesOf(1));
    cluster.simulation.runFor(20_000);

    expect(quiet).toEqual(["10 accepted"]);
    expect(cluster.heard("b").at(-1)).toBe("15050 failed timed-out");
  });

  it("of a machine that is restarted answers old streams with a reset", () => {
    const { cluster, accepted } = connected();

    cluster.simulation.crash("a", "machine");
    cluster.simulation.runFor(1_000);
    cluster.simulation.restart("a");
    cluster.write("b", accepted, bytesOf(1));
    cluster.simulation.runFor(1_000);

    expect(cluster.heard("b").at(-1)).toMatch(/ failed reset$/);
    expect(cluster.heard("a")).toEqual([]);
  });
});
