import { describe, expect, it } from "vitest";
import { Campaign, SimulationError } from "@x/simulator";

const file = "packages/x/test/story.sim.test.ts";

describe("Campaign", () => {
  it("splits its seeds into batches, kept seeds last and once", () => {
    const { batches, isWhole } = new Campaign({
      file,
      seedCount: 5,
      keptSeeds: [3, 99],
      batchSize: 4,
    });

    expect(batches).toEqual([
      { title: "seeds 1 to 4", seeds: [1, 2, 3, 4] },
      { title: "seeds 5 to 99", seeds: [5, 99] },
    ]);
    expect(isWhole).toBe(true);
  });

  it.each([
    [{ SIM_SEED: "17" }, 1, false],
    [{ SIM_SEEDS: "30" }, 3, true],
    [{ SIM_SEEDS: "10" }, 1, false],
    [{ SIM_SEED: "" }, 2, true],
  ])("obeys %o", (environment, batchCount, isWhole) => {
    const campaign = new Campaign({ file, seedCount: 20, environment });

    expect([campaign.batches.length, campaign.isWhole]).toEqual([batchCount, isWhole]);
  });

  it("refuses a seed that is none", () => {
    const environment = { SIM_SEED: "seven" };

    expect(() => new Campaign({ file, seedCount: 1, environment })).toThrow(RangeError);
  });

  it("names the seed of a failed expectation, and how to see it again", () => {
    const campaign = new Campaign({ file, seedCount: 3 });
    const told: number[] = [];
    const run = (): void =>
      campaign.batches.forEach((batch) =>
        campaign.run(batch, (seed) => {
          told.push(seed);
          expect(seed).toBeLessThan(2);
        }),
      );

    expect(run).toThrow(/^seed 2: [^]*replay: SIM_SEED=2 npx vitest run packages\/x\/test/);
    expect(told).toEqual([1, 2]);
  });

  it("waits for each story before the next, and traces what failed in the same way", async () => {
    const campaign = new Campaign({ file, seedCount: 3 });
    const told: string[] = [];
    const [batch = { title: "", seeds: [] }] = campaign.batches;
    const run = campaign.runWaiting(batch, async (seed) => {
      told.push(`${seed} begins`);
      await Promise.resolve();
      told.push(`${seed} ends`);
      expect(seed).toBeLessThan(2);
    });

    await expect(run).rejects.toThrow(/^seed 2: [^]*replay: SIM_SEED=2 npx vitest run/);
    expect(told).toEqual(["1 begins", "1 ends", "2 begins", "2 ends"]);
  });

  it("passes a failed simulation on as it is", () => {
    const campaign = new Campaign({ file, seedCount: 1 });
    const failure = new SimulationError({
      code: "violated",
      fact: "no",
      seed: 1,
      atMs: 0,
      lastEvents: "",
      replayHint: "",
    });
    const [batch = { title: "", seeds: [] }] = campaign.batches;
    const run = (): void =>
      campaign.run(batch, () => {
        throw failure;
      });

    expect(run).toThrow(failure);
  });

  it("counts what was seen, and how many kinds of it", () => {
    const campaign = new Campaign({ file, seedCount: 1 });
    campaign.count("suspicions");
    campaign.count("suspicions", 4);
    for (const partition of ["a", "b", "a"]) campaign.countDistinct("partitions", partition);

    expect(["suspicions", "partitions", "nothing"].map((what) => campaign.counted(what))).toEqual([
      5, 2, 0,
    ]);
  });
});
