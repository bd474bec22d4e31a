import { describe, expect, it } from "vitest";
import { SimulationError, type Step } from "@x/simulator";
import { ScriptedCore } from "./support/scripted-core.ts";
import { endpointOf, ToyCluster } from "./support/toy-cluster.ts";

function failureOf(action: () => void): SimulationError {
  try {
    action();
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

describe("Simulation.runUntil", () => {
  it("answers how long it took, to the interval it looks at", () => {
    const cluster = new ToyCluster(2, { network: { latency: { kind: "constant", ms: 250 } } });
    cluster.send("a", "b", 1);
    const hasArrived = (): boolean => cluster.heard("b").length > 0;

    expect(cluster.simulation.runUntil(hasArrived, { withinMs: 1_000 })).toBe(300);
    expect(cluster.simulation.runUntil(hasArrived, { withinMs: 1_000 })).toBe(0);
    cluster.send("a", "b", 1);
    expect(
      cluster.simulation.runUntil(() => cluster.heard("b").length > 1, {
        withinMs: 1_000,
        everyMs: 1,
      }),
    ).toBe(250);
  });

  it("fails with the seed, the time, the last events and how to see it again", () => {
    const cluster = new ToyCluster(2, {
      seed: 42,
      replayHint: (seed) => `pnpm sim --seed ${seed}`,
    });
    cluster.send("a", "b", 7);

    const error = failureOf(() =>
      cluster.simulation.runUntil(
        function neverTrue() {
          return false;
        },
        { withinMs: 1_000 },
      ),
    );

    expect(error.code).toBe("not-reached");
    expect([error.seed, error.atMs]).toEqual([42, 1_000]);
    expect(error.message).toContain("seed 42, 1000.000 ms: not reached within 1000 ms: neverTrue");
    expect(error.message).toContain("replay: pnpm sim --seed 42");
    expect(error.lastEvents).toContain("0.000  datagram-sent     a -> b 1 <07>");
    expect(error.lastEvents).toContain("1.000  datagram-received b -> a 1");
  });
});

describe("a checker", () => {
  it("sees every step of every core, and why it ran", () => {
    const seen: string[] = [];
    const watcher = {
      name: "watcher",
      observe: ({ name, cause, nowMs, core }: Step<ScriptedCore>): undefined => {
        seen.push(`${nowMs} ${name} ${cause} ${core.datagrams.length}`);
        return undefined;
      },
    };
    const cluster = new ToyCluster(2, { checkers: [watcher] });
    seen.length = 0;

    cluster.simulation.call("b", (core) => (core.deadlineMs = 5));
    cluster.send("a", "b", 1);
    cluster.dial("a", "b");
    cluster.simulation.runFor(10);

    expect(seen).toEqual([
      "0 b call 0",
      "0 a call 0",
      "0 a call 0",
      "1 b datagram 1",
      "1 b stream 1",
      "2 a stream 0",
      "5 b timeout 1",
    ]);
  });

  it("stops the simulation at the step that broke the rule", () => {
    const rule = {
      name: "at most two datagrams",
      observe: ({ name, core }: Step<ScriptedCore>): string | undefined =>
        core.datagrams.length > 2 ? `${name} got ${core.datagrams.length}` : undefined,
    };
    const cluster = new ToyCluster(2, { checkers: [rule], seed: 5 });
    for (let mark = 0; mark < 5; mark += 1) {
      cluster.simulation.after(mark * 10, () => cluster.send("a", "b", mark));
    }

    const error = failureOf(() => cluster.simulation.runFor(1_000));

    expect(error.code).toBe("violated");
    expect(error.atMs).toBe(21);
    expect(error.message).toContain("at most two datagrams: b got 3");
  });
});

describe("members", () => {
  it("are known by name, running or not", () => {
    const { simulation } = new ToyCluster(3);

    simulation.crash("b");
    simulation.crash("b");
    simulation.removeMember("c");

    expect(simulation.names).toEqual(["a", "b"]);
    expect([
      simulation.isRunning("a"),
      simulation.isRunning("b"),
      simulation.isRunning("c"),
    ]).toEqual([true, false, false]);
    expect(() => simulation.call("b", () => undefined)).toThrow("b is not running");
    expect(() => simulation.call("c", () => undefined)).toThrow("there is no member c");
  });

  it("need a name and an endpoint of their own", () => {
    const { simulation } = new ToyCluster(1);
    const add = (name: string, index: number) => (): void =>
      simulation.addMember(name, new ScriptedCore(), { endpoint: endpointOf(index) });

    expect(add("a", 5)).toThrow("there is a member a already");
    expect(add("z", 0)).toThrow("10.0.0.1:7946 is taken by a");
    expect(simulation.names).toEqual(["a"]);
  });

  it("are asked for their first directives when added", () => {
    const cluster = new ToyCluster(1);
    const core = new ScriptedCore();
    core.send(endpointOf(0), 9);

    cluster.simulation.addMember("early", core, { endpoint: endpointOf(4) });
    cluster.simulation.runFor(10);

    expect(cluster.heard("a")).toEqual(["1 datagram 9 from 7950"]);
  });

  it("forget everything in a restart but their name and address", () => {
    const cluster = new ToyCluster(2);
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(10);

    cluster.simulation.crash("b");
    cluster.send("a", "b", 2);
    cluster.simulation.runFor(10);
    cluster.simulation.restart("b");
    cluster.send("a", "b", 3);
    cluster.simulation.runFor(10);

    expect(cluster.heard("b")).toEqual(["21 datagram 3 from 7946"]);
    expect(cluster.simulation.traffic("b").datagramsReceived).toBe(2);
    expect(() => cluster.simulation.restart("b")).toThrow("b is still running");
  });

  it("come back with a given core, or not at all without a way to make one", () => {
    const { simulation } = new ToyCluster(1);
    simulation.addMember("plain", new ScriptedCore(), { endpoint: endpointOf(9) });
    const core = new ScriptedCore();
    simulation.crash("plain");

    expect(() => simulation.restart("plain")).toThrow("plain has no restart option: pass a core");
    simulation.restart("plain", core);

    expect(simulation.core("plain")).toBe(core);
  });

  it("count what they send and receive, removed ones in the total too", () => {
    const cluster = new ToyCluster(3);
    cluster.send("a", "b", 1, 2, 3);
    cluster.send("c", "b", 1);
    cluster.simulation.runFor(10);
    cluster.simulation.removeMember("c");

    expect(cluster.simulation.traffic("a")).toMatchObject({
      datagramsSent: 1,
      datagramBytesSent: 3,
      steps: 2,
    });
    expect(cluster.simulation.traffic("b")).toMatchObject({
      datagramsReceived: 2,
      datagramBytesReceived: 4,
    });
    expect(cluster.simulation.traffic().datagramsSent).toBe(2);
  });

  it("may come back at another address under the same name", () => {
    const cluster = new ToyCluster(2);
    cluster.simulation.removeMember("b");
    cluster.simulation.addMember("b", new ScriptedCore(), { endpoint: endpointOf(7) });

    cluster.send("a", "b", 1);
    cluster.send("a", "h", 2);
    cluster.simulation.runFor(10);

    expect(cluster.heard("b")).toEqual(["1 datagram 2 from 7946"]);
  });
});

describe("Simulation.randomFor", () => {
  it("depends on the seed and the label alone", () => {
    const first = new ToyCluster(1, { seed: 9 }).simulation.randomFor("core of a").uint32();
    const again = new ToyCluster(5, { seed: 9 }).simulation.randomFor("core of a").uint32();
    const other = new ToyCluster(1, { seed: 9 }).simulation.randomFor("core of b").uint32();

    expect(first).toBe(again);
    expect(first).not.toBe(other);
  });
});
