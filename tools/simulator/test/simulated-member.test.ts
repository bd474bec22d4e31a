import { describe, expect, it } from "vitest";
import { SimulationError } from "@x/simulator";
import { endpointOf, ToyCluster } from "./support/toy-cluster.ts";

describe("a deadline", () => {
  it("is kept to the millisecond, moved when the core moves it, and forgotten at infinity", () => {
    const { simulation, ...cluster } = withTimers();

    simulation.call("a", (core) => (core.deadlineMs = 100));
    simulation.runFor(50);
    simulation.call("a", (core) => (core.deadlineMs = 70));
    simulation.runFor(100);
    simulation.call("a", (core) => (core.deadlineMs = 500));
    simulation.call("a", (core) => (core.deadlineMs = Infinity));
    simulation.runFor(1_000);

    expect(cluster.heard()).toEqual(["70 timeout"]);
  });

  it("that has passed comes at once", () => {
    const { simulation, heard } = withTimers();
    simulation.runFor(100);

    simulation.call("a", (core) => (core.deadlineMs = 5));
    simulation.runFor(1);

    expect(heard()).toEqual(["100 timeout"]);
  });

  it("that has passed again and again is the core's defect, not an endless loop", () => {
    const { simulation } = withTimers();
    const core = simulation.core("a");
    core.onTimeout = (): void => {
      core.deadlineMs = 5;
    };

    simulation.call("a", () => (core.deadlineMs = 5));

    expect(() => simulation.runFor(10)).toThrow("asked 10001 times for a deadline that has passed");
  });

  it("that is no number is the core's defect too", () => {
    const { simulation } = withTimers();
    simulation.core("a").onTimeout = (): void => {
      simulation.core("a").deadlineMs = Number.NaN;
    };
    simulation.call("a", (core) => (core.deadlineMs = 5));

    expect(() => simulation.runFor(10)).toThrow("asked for a deadline that is no number");
  });
});

describe("a paused member", () => {
  it("hears everything afterwards, in order of time, timers among the datagrams", () => {
    const cluster = new ToyCluster(2);
    cluster.simulation.call("b", (core) => (core.deadlineMs = 20));

    cluster.simulation.pause("b").forMs(100);
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(30);
    cluster.send("a", "b", 2);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b")).toEqual([
      "100 datagram 1 from 7946",
      "100 timeout",
      "100 datagram 2 from 7946",
    ]);
  });

  it("loses datagrams once its socket buffer is full", () => {
    const cluster = new ToyCluster(2, { network: { socketBufferBytes: 10 } });

    cluster.simulation.pause("b").forMs(100);
    for (let mark = 1; mark <= 4; mark += 1) cluster.send("a", "b", mark, 0, 0);
    cluster.simulation.runFor(200);

    expect(cluster.heard("b").length).toBe(3);
    expect(cluster.simulation.traffic("a").dropped["buffer-full"]).toBe(1);
  });

  it("runs only when every pause is over", () => {
    const cluster = new ToyCluster(2);

    cluster.simulation.pause("b").forMs(100);
    cluster.simulation.pause("b").forMs(50);
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(200);

    expect(cluster.heard("b")).toEqual(["100 datagram 1 from 7946"]);
  });
});

describe("a slow member", () => {
  it("takes its time for each input; others queue", () => {
    const cluster = new ToyCluster(2);

    cluster.simulation.slowDown("b", 10).forMs(1_000);
    for (let mark = 1; mark <= 3; mark += 1) cluster.send("a", "b", mark);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b").map((line) => line.split(" ")[0])).toEqual(["1", "11", "21"]);
  });

  it("is late with its timers while busy, and quick again afterwards", () => {
    const cluster = new ToyCluster(2);
    cluster.simulation.call("b", (core) => (core.deadlineMs = 5));

    const outage = cluster.simulation.slowDown("b", 30);
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(100);
    outage.heal();
    for (let mark = 1; mark <= 3; mark += 1) cluster.send("a", "b", mark);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b")).toEqual([
      "1 datagram 1 from 7946",
      "31 timeout",
      "101 datagram 1 from 7946",
      "101 datagram 2 from 7946",
      "101 datagram 3 from 7946",
    ]);
  });

  it("refuses a time that is none", () => {
    expect(() => new ToyCluster(1).simulation.slowDown("a", -1)).toThrow("serviceMs must be >= 0");
  });
});

describe("a clock of its own", () => {
  it("begins where it is told to, and deadlines follow it", () => {
    const cluster = new ToyCluster(1);
    cluster.simulation.addMember("late", cluster.core("a"), {
      endpoint: endpointOf(1),
      clockOffsetMs: 1_000_000,
    });

    cluster.simulation.call("late", (core, nowMs) => (core.deadlineMs = nowMs + 30));
    cluster.simulation.runFor(29);
    const early = cluster.heard("a").length;
    cluster.simulation.runFor(2);

    expect(early).toBe(0);
    expect(cluster.heard("a")).toEqual(["1000030 timeout"]);
  });

  it("drifts, and is never early by its own account", () => {
    const cluster = new ToyCluster(2);
    cluster.simulation.call("a", (core) => (core.deadlineMs = 1_000));
    cluster.simulation.call("b", (core) => (core.deadlineMs = 1_000));

    cluster.simulation.drift("a", 2);
    cluster.simulation.drift("b", 0.3);
    cluster.simulation.runFor(499);
    const early = cluster.heard("a").length;
    cluster.simulation.runFor(4_000);

    expect(early).toBe(0);
    expect(cluster.heard("a")).toEqual(["1000 timeout"]);
    expect(cluster.heard("b")).toEqual(["1000 timeout"]);
    expect(() => cluster.simulation.drift("a", 0)).toThrow("rate must be above 0, got 0");
  });

  it("goes on from where it was when the drift ends, and never back", () => {
    const cluster = new ToyCluster(1);
    const times: number[] = [];
    const read = (): number => times.push(cluster.simulation.call("a", (_, nowMs) => nowMs));

    const outage = cluster.simulation.drift("a", 1.5);
    cluster.simulation.runFor(100);
    read();
    outage.heal();
    read();
    cluster.simulation.runFor(100);
    read();

    expect(times).toEqual([150, 150, 250]);
  });
});

describe("a core's outbox", () => {
  it("is emptied in order, and a call from a hook waits for its turn", () => {
    const told: string[] = [];
    const cluster: ToyCluster = new ToyCluster(1, {
      onEvent: (name, { text }, nowMs) => {
        told.push(`${nowMs} ${name} ${text}`);
        if (text !== "first") return;
        cluster.simulation.call("a", (core) => {
          core.ask({ kind: "emit", event: { kind: "told", text: "from the hook" } });
        });
      },
      onReport: (name, { text }) => told.push(`${name} reports ${text}`),
    });

    cluster.simulation.call("a", (core) =>
      core.ask(
        { kind: "emit", event: { kind: "told", text: "first" } },
        { kind: "report", report: { kind: "noted", text: "second" } },
        { kind: "emit", event: { kind: "told", text: "third" } },
      ),
    );

    expect(told).toEqual(["0 a first", "a reports second", "0 a third", "0 a from the hook"]);
  });

  it("is not performed any further once a hook has ended the process", () => {
    const told: string[] = [];
    const cluster: ToyCluster = new ToyCluster(2, {
      onEvent: (_, { text }) => {
        told.push(text);
        cluster.simulation.crash("a");
      },
    });

    cluster.simulation.call("a", (core) => {
      core.ask({ kind: "emit", event: { kind: "told", text: "last words" } });
      core.send(endpointOf(1), 1);
      core.ask({ kind: "emit", event: { kind: "told", text: "never" } });
    });
    cluster.simulation.runFor(10);

    expect(told).toEqual(["last words"]);
    expect(cluster.heard("b")).toEqual([]);
  });
});

describe("a core that throws", () => {
  it("fails the simulation, with its own error as the cause", () => {
    const cluster = new ToyCluster(2, { seed: 42 });
    const mistake = new TypeError("a defect");
    cluster.core("b").onDatagram = (): void => {
      throw mistake;
    };
    cluster.send("a", "b", 1);

    let caught: unknown;
    try {
      cluster.simulation.runFor(10);
    } catch (error) {
      caught = error;
    }

    expect(caught).toBeInstanceOf(SimulationError);
    expect(caught).toMatchObject({ code: "core-failed", seed: 42, atMs: 1, cause: mistake });
  });
});

function withTimers(): { simulation: ToyCluster["simulation"]; heard: () => readonly string[] } {
  const { simulation } = new ToyCluster(1);
  return { simulation, heard: () => simulation.core("a").heard };
}
