import { describe, expect, it } from "vitest";
import {
  injectFaults,
  planEndMs,
  randomFaults,
  SeededRandom,
  seeds,
  shrink,
  simplerFaults,
  type Fault,
} from "@x/simulator";
import { heartbeatCluster } from "./support/heartbeat-cluster.ts";
import { ToyCluster } from "./support/toy-cluster.ts";

const MEMBERS = ["m0", "m1", "m2", "m3", "m4"];

/** Which of the numbered datagrams, one every 10 ms from a to b, arrive under a plan. */
function marksUnder(plan: readonly Fault[]): number[] {
  const cluster = new ToyCluster(3);
  injectFaults(cluster.simulation, plan);
  const marks: number[] = [];
  for (let mark = 0; mark < 10; mark += 1) {
    cluster.simulation.after(mark * 10 + 5, () => {
      if (cluster.simulation.isRunning("a")) cluster.send("a", "b", mark);
    });
  }
  for (let time = 0; time < 200; time += 1) {
    cluster.simulation.runFor(1);
    for (const bytes of cluster.core("b").datagrams.splice(0)) marks.push(bytes[0] as number);
  }
  return marks;
}

describe("a fault plan", () => {
  it.each<[string, Fault, number[]]>([
    [
      "nothing",
      { kind: "pause", atMs: 500, forMs: 1, member: "b" },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ],
    [
      "a crash with restart",
      { kind: "crash", atMs: 20, member: "b", scope: "machine", restartAfterMs: 30 },
      [0, 1, 5, 6, 7, 8, 9],
    ],
    ["a crash for good", { kind: "crash", atMs: 20, member: "b", scope: "process" }, [0, 1]],
    [
      "a partition",
      { kind: "partition", atMs: 40, forMs: 20, groups: [["a", "c"]] },
      [0, 1, 2, 3, 6, 7, 8, 9],
    ],
    [
      "a one-way cut the other way",
      { kind: "impair", atMs: 0, forMs: 100, rule: { from: ["b"], to: ["a"], lossRatio: 1 } },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ],
    [
      "a flapping link",
      {
        kind: "flap",
        atMs: 0,
        forMs: 60,
        from: ["a"],
        to: ["b"],
        isOneWay: true,
        downMs: 10,
        upMs: 10,
      },
      [1, 3, 5, 6, 7, 8, 9],
    ],
  ])("of %s does what it says", (_, fault, marks) => {
    expect(marksUnder([fault])).toEqual(marks);
  });

  it("delays with a pause, and slows with a slow member", () => {
    const cluster = new ToyCluster(2);
    injectFaults(cluster.simulation, [
      { kind: "pause", atMs: 0, forMs: 50, member: "b" },
      { kind: "slow", atMs: 100, forMs: 1_000, member: "b", serviceMs: 20 },
      { kind: "drift", atMs: 0, forMs: 10, member: "a", rate: 2 },
    ]);

    cluster.simulation.runFor(1);
    cluster.send("a", "b", 1);
    cluster.simulation.runFor(119);
    cluster.send("a", "b", 2);
    cluster.send("a", "b", 3);
    cluster.simulation.runFor(100);

    expect(cluster.heard("b").map((line) => line.split(" ")[0])).toEqual(["50", "121", "141"]);
    expect(cluster.simulation.call("a", (_core, nowMs) => nowMs)).toBe(230);
  });

  it("skips faults of members that are not there to suffer them", () => {
    const { simulation } = new ToyCluster(2);

    injectFaults(simulation, [
      { kind: "crash", atMs: 0, member: "a", scope: "process", restartAfterMs: 50 },
      { kind: "crash", atMs: 10, member: "a", scope: "process", restartAfterMs: 10 },
      { kind: "pause", atMs: 20, forMs: 10, member: "a" },
      { kind: "slow", atMs: 20, forMs: 10, member: "a", serviceMs: 1 },
      { kind: "drift", atMs: 20, forMs: 10, member: "a", rate: 2 },
    ]);
    simulation.runFor(49);
    const during = simulation.isRunning("a");
    simulation.runFor(51);

    expect([during, simulation.isRunning("a")]).toEqual([false, true]);
  });

  it("knows when it is over", () => {
    expect(planEndMs([])).toBe(0);
    expect(
      planEndMs([
        { kind: "crash", atMs: 5_000, member: "a", scope: "process" },
        { kind: "pause", atMs: 100, forMs: 3_000, member: "a" },
        { kind: "crash", atMs: 0, member: "a", scope: "process", restartAfterMs: 5_500 },
      ]),
    ).toBe(5_500);
  });

  it("is data: it survives JSON", () => {
    const plan = randomFaults(new SeededRandom(1), {
      members: MEMBERS,
      count: 50,
      withinMs: 60_000,
    });

    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

describe("randomFaults", () => {
  it("draws every kind, in order of time, all over within the time given", () => {
    const plans = seeds(50).map((seed) =>
      randomFaults(new SeededRandom(seed), { members: MEMBERS, count: 10, withinMs: 30_000 }),
    );

    for (const plan of plans) {
      expect(planEndMs(plan)).toBeLessThanOrEqual(30_000);
      expect(plan.map(({ atMs }) => atMs)).toEqual(
        plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
      );
    }
    expect(new Set(plans.flat().map(({ kind }) => kind)).size).toBe(7);
    expect(() =>
      randomFaults(new SeededRandom(1), { members: ["a"], count: 1, withinMs: 1 }),
    ).toThrow("at least two members");
  });

  it("draws only the kinds asked for, and the same ones again", () => {
    const draw = (): Fault[] =>
      randomFaults(new SeededRandom(3), {
        members: MEMBERS,
        count: 20,
        withinMs: 1_000,
        kinds: ["pause", "crash"],
      });

    expect(new Set(draw().map(({ kind }) => kind))).toEqual(new Set(["pause", "crash"]));
    expect(draw()).toEqual(draw());
  });

  it.each(seeds(40))("never breaks the simulation itself (seed %i)", (seed) => {
    const simulation = heartbeatCluster(5, { seed, silenceMs: 3_000 });
    const plan = randomFaults(simulation.randomFor("faults"), {
      members: MEMBERS,
      count: 12,
      withinMs: 20_000,
    });

    injectFaults(simulation, plan);
    simulation.runFor(40_000);

    expect(simulation.names.every((name) => simulation.isRunning(name))).toBe(true);
    expect(simulation.names.map((name) => simulation.core(name).missing.size)).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });
});

describe("shrinking a plan", () => {
  it("finds the one fault of twenty that matters, and makes it short", () => {
    const isMissed = (plan: readonly Fault[]): boolean => {
      let misses = 0;
      const simulation = heartbeatCluster(5, {
        seed: 11,
        silenceMs: 4_000,
        onEvent: (_, { kind }) => {
          if (kind === "missed") misses += 1;
        },
      });
      injectFaults(simulation, plan);
      simulation.runFor(30_000);
      return misses > 0;
    };
    const harmless = randomFaults(new SeededRandom(4), {
      members: MEMBERS,
      count: 20,
      withinMs: 20_000,
      kinds: ["drift"],
    });
    const culprit: Fault = { kind: "pause", atMs: 6_000, forMs: 16_000, member: "m3" };
    const plan = harmless.toSpliced(13, 0, culprit);

    const { items, isMinimal } = shrink(plan, isMissed, { simplify: simplerFaults });

    expect(isMissed(harmless)).toBe(false);
    expect(isMinimal).toBe(true);
    expect(items.length).toBe(1);
    expect(items[0]).toMatchObject({ kind: "pause", member: "m3", atMs: 6_000 });
    const [fault] = items;
    expect(fault?.kind === "pause" && fault.forMs < 8_000).toBe(true);
  });
});
