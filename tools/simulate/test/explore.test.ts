import { describe, expect, it } from "vitest";
import { exploreAll } from "../src/explore/exhaustive.ts";
import { explorationOf, explore } from "../src/explore/random-exploration.ts";
import { SmallWorld, type Budget } from "../src/explore/small-world.ts";

const budget: Budget = { drops: 2, duplicates: 1, crashes: 1, incarnation: 4, inFlight: 0 };

describe("the exhaustive explorer", () => {
  it("visits distinct states of three members, sees them suspect and die, and finds nothing wrong", () => {
    const result = exploreAll(
      { ...budget, duplicates: 0 },
      { stateLimit: 1_500, maxDepth: Infinity },
    );

    expect(result.violation).toBeUndefined();
    expect(result.stateCount).toBe(1_500);
    expect(result.completeDepth).toBeGreaterThan(10);
    expect(result.sightings.suspicions).toBeGreaterThan(0);
  });

  it("counts two orders of independent deliveries as one state, and different ones as two", () => {
    const worlds = [0, 1, 2].map(() => new SmallWorld({ ...budget, inFlight: 9 }));
    const [first, second, third] = worlds as [SmallWorld, SmallWorld, SmallWorld];
    for (const world of worlds) {
      while (world.choices().filter(({ kind }) => kind === "deliver").length < 2)
        world.apply({ kind: "tick" });
    }
    expect(second.key()).toBe(first.key());

    third.apply({ kind: "drop", packet: 0 });
    expect(third.key()).not.toBe(first.key());
  });

  it("has teeth: it names the shortest way to a state that must not be", () => {
    const { violation } = exploreAll(
      { ...budget, duplicates: 0 },
      {
        stateLimit: 2_000,
        maxDepth: 30,
        forbid: (world) => (world.sightings.suspicions > 0 ? "a suspicion" : undefined),
      },
    );

    expect(violation?.what).toBe("a suspicion");
    expect(violation?.path.some(({ kind }) => kind === "drop" || kind === "crash")).toBe(true);
  });
});

describe("random exploration", () => {
  it("draws the same cluster from the same seed, and watches it get over its faults", () => {
    const sightings = { suspicions: 0, refutations: 0, deaths: 0, faults: 0 };
    const failures = [11, 12, 13].map((seed) => explore(explorationOf(seed), sightings));

    expect(explorationOf(11)).toEqual(explorationOf(11));
    expect(failures).toEqual([undefined, undefined, undefined]);
    expect(sightings.faults).toBeGreaterThan(3);
    expect(sightings.suspicions).toBeGreaterThan(0);
  });
});
