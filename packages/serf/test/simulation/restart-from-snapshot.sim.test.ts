import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("a restart from a snapshot", "restart-from-snapshot");

describe("a restart from a snapshot", () => {
  it.each(campaign.batches)("rejoins, and replays nothing old ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const random = new SeededRandom(seed).fork("story");
      const cluster = simulateCluster({
        seed,
        memberCount: 4,
        network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 } },
        replayHint: (failed) => campaign.replayCommand(failed),
      }).form();
      const send = (from: string, name: string): void =>
        cluster.call(from, (core, nowMs) =>
          core.userEvent(name, undefined, { coalesce: false }, nowMs),
        );
      send("m0", "before");
      cluster.call("m1", (core, nowMs) => core.query("before", undefined, {}, {}, nowMs));
      const hasHeard = (): boolean => cluster.userEvents("m3").length === 1;
      cluster.runUntil(hasHeard);
      cluster.runFor(600);

      cluster.crash("m3", random.pick(["process", "machine"]));
      cluster.runFor(random.pick([0, 3_000, 18_000, 40_000]));
      if (cluster.status("m0", "m3") === "failed") campaign.count("failures seen");
      send("m1", "meanwhile");
      cluster.runFor(1_000);
      cluster.restart("m3");
      cluster.runUntil(converged);
      const hasCaughtUp = (): boolean => cluster.userEvents("m3").includes("meanwhile");
      cluster.runUntil(hasCaughtUp);

      expect(cluster.userEvents("m3")).toEqual(["before", "meanwhile"]);
      const queries = cluster.told.filter(
        ({ name, event }) => name === "m3" && event.kind === "query",
      );
      expect(queries).toHaveLength(1);
      expect(cluster.quietProblems()).toEqual([]);
      campaign.count("deliveries", cluster.sightings.deliveries);
    });
  });

  it.runIf(campaign.isWhole)("was seen after a failure and before one was noticed", () => {
    expect(campaign.counted("failures seen")).toBeGreaterThan(20);
    expect(campaign.counted("failures seen")).toBeLessThan(campaign.seedCount);
    // Two events and a query to four members.
    expect(campaign.counted("deliveries")).toBe(12 * campaign.seedCount);
  });
});
