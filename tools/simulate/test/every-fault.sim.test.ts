import { Campaign } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { FAULT_KINDS, playSeed, scenarioOf } from "../src/explore/random-scenario.ts";

const campaign = new Campaign({
  file: "tools/simulate/test/every-fault.sim.test.ts",
  seedCount: 100,
  environment: process.env,
});

describe("scenarios with every kind of fault, of members of every kind", () => {
  it.each(campaign.batches)(
    "end in one view, and offend no checker ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const played = playSeed(seed);
        if ("smallest" in played) {
          const { message, smallest } = played;
          throw new Error(`${message}\nsmallest plan that fails: ${JSON.stringify(smallest)}`);
        }
        const { cluster, measurements, scenario } = played;
        for (const { kind } of scenario.faults) campaign.count(kind);
        for (const fault of scenario.faults) {
          if (fault.kind === "crash") campaign.count(`${fault.kind}, snapshot ${fault.snapshot}`);
          if (fault.kind === "disk") campaign.count(`${fault.kind}, ${fault.error}`);
        }
        for (const name of cluster.simulation.names) {
          campaign.count("failed writes", cluster.snapshot(name).failureCount);
        }
        campaign.count("old versions", scenario.oldVersionMembers.length);
        if (scenario.network.udpBlocked === true) campaign.count("UDP blocked");
        campaign.count("suspicions", measurements.suspicions);
        campaign.count("refutations", measurements.refutations);
        campaign.count("deaths", measurements.troubledDeaths + measurements.falseDeaths);
        campaign.count("news", measurements.spreads.length);
      });
    },
    300_000,
  );

  it("mean the same from the same seed", () => {
    const [first, again, other] = [3, 3, 4].map((seed) => scenarioOf(seed));

    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it.runIf(campaign.isWhole)("were all seen, and hurt", () => {
    const kinds = [
      ...FAULT_KINDS,
      ...["kept", "lost", "torn"].map((snapshot) => `crash, snapshot ${snapshot}`),
      ...["full", "unwritable", "rename"].map((error) => `disk, ${error}`),
      "old versions",
      "UDP blocked",
    ];
    const counts = kinds.map((kind) => [kind, campaign.counted(kind)]);

    expect(counts.filter(([, count]) => Number(count) < 5)).toEqual([]);
    expect(campaign.counted("failed writes")).toBeGreaterThan(40);
    expect(campaign.counted("suspicions")).toBeGreaterThan(300);
    expect(campaign.counted("refutations")).toBeGreaterThan(100);
    expect(campaign.counted("deaths")).toBeGreaterThan(100);
    expect(campaign.counted("news")).toBeGreaterThan(500);
  });
});
