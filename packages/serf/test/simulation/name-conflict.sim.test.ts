import { describe, expect, it } from "vitest";
import { simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("a name conflict", "name-conflict");

describe("a name conflict", () => {
  it.each(campaign.batches)("ends with the minority gone ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const cluster = simulateCluster({
        seed,
        memberCount: 5,
        network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.02 },
        replayHint: (failed) => campaign.replayCommand(failed),
      }).form();
      cluster.add("m1", { machine: "impostor" });

      cluster.join("impostor", `m${[0, 2, 3, 4][seed % 4] ?? 0}`);
      const isGone = (): boolean => cluster.core("impostor").state === "shutdown";
      const goneMs = cluster.runUntil(isGone, { withinMs: 120_000 });
      cluster.runFor(10_000);

      const states = ["m0", "m1", "m2", "m3", "m4"].map((name) => cluster.core(name).state);
      expect(states).toEqual(["alive", "alive", "alive", "alive", "alive"]);
      const home = cluster.core("m1").localMember.endpoint.address;
      const held = ["m0", "m2", "m3", "m4"].map(
        (by) => cluster.core(by).member("m1")?.endpoint.address,
      );
      expect(held).toEqual([home, home, home, home]);
      campaign.count("seconds", goneMs / 1_000);
      campaign.count(
        "conflicts",
        cluster.reports.filter(({ report }) => report.kind === "name-conflict").length,
      );
    });
  });

  it.runIf(campaign.isWhole)("was seen", () => {
    expect(campaign.counted("conflicts")).toBeGreaterThanOrEqual(campaign.seedCount);
  });
});
