import { SeededRandom } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { converged, simulateCluster, type WatchedCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";

const campaign = campaignOf("a flapping member", "flapping-is-damped");

const STABLE_MS = 30_000;
const OTHERS = ["m0", "m1", "m2", "m3", "m4", "m5"];

function formed(
  seed: number,
  options: { readonly flapFailureLimit?: number } = {},
): WatchedCluster {
  return simulateCluster({
    seed,
    memberCount: 7,
    network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 } },
    options,
    swim: { profile: "local" },
    replayHint: (failed) => campaign.replayCommand(failed),
  }).form();
}

/** Deaf for a time, well for clearly less than the stable time, again and again. */
function flip(cluster: WatchedCluster, name: string, times: number): void {
  for (let time = 0; time < times; time += 1) {
    cluster.impair({ from: "all", to: [name], lossRatio: 1 }).forMs(25_000);
    cluster.runFor(45_000);
  }
}

/** How long two halves that were apart a second time take to see each other again. */
function secondHealingMs(seed: number, options: { readonly flapFailureLimit?: number }): number {
  const cluster = formed(seed, options);
  const halves = [
    ["m0", "m1", "m2"],
    ["m3", "m4", "m5", "m6"],
  ];
  const isSplit = (): boolean =>
    halves.every((half) =>
      half.every((name) => cluster.listed(name, "alive").join() === half.join()),
    );
  let healingMs = 0;
  for (let time = 0; time < 2; time += 1) {
    const apart = cluster.partition(halves);
    cluster.runUntil(isSplit, { withinMs: 120_000 });
    apart.heal();
    healingMs = cluster.runUntil(converged, { withinMs: 300_000 });
  }
  return healingMs;
}

/** Failures and returns of a member that another one was told of. */
function turns(cluster: WatchedCluster, by: string, about: string): readonly string[] {
  return cluster.story(by, about).filter((kind) => kind !== "member-update");
}

describe("a flapping member", () => {
  it.each(campaign.batches)("is shown as failed until it is well ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      const cluster = formed(seed);
      const before = OTHERS.map((name) => turns(cluster, name, "m6").length);
      flip(cluster, "m6", 3);

      for (const [index, name] of OTHERS.entries()) {
        const told = turns(cluster, name, "m6").slice(before[index]);
        expect(told).toEqual(["member-failed", "member-join", "member-failed"]);
        // Below it is alive, and is probed and told as anybody.
        expect(cluster.core(name).swim.member("m6")?.state).toBe("alive");
        expect(OTHERS.flatMap((other) => turns(cluster, name, other))).not.toContain(
          "member-failed",
        );
      }
      campaign.count("flaps", 3);

      cluster.runUntil(converged, { withinMs: STABLE_MS });
      expect(cluster.quietProblems()).toEqual([]);
    });
  });

  it.each(campaign.batches)(
    "that is killed and started anew is shown at once ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const random = new SeededRandom(seed).fork("lives");
        const cluster = formed(seed);
        for (let life = 0; life < 3; life += 1) {
          cluster.crash("m6", random.pick(["process", "machine"]));
          const isFailed = (): boolean =>
            OTHERS.every((name) => cluster.status(name, "m6") === "failed");
          cluster.runUntil(isFailed);
          cluster.runFor(random.between(0, 5_000));
          cluster.restart("m6");
          cluster.runUntil(converged, { withinMs: 5_000 });
          campaign.count("lives");
        }
      });
    },
  );

  it.each(campaign.batches)("is no half of a cluster that falls apart twice ($title)", (batch) => {
    campaign.run(batch, (seed) => {
      // Each story is told twice.
      if (seed % 4 !== 0) return;

      expect(secondHealingMs(seed, {})).toBe(secondHealingMs(seed, { flapFailureLimit: 0 }));
      campaign.count("healings");
    });
  });

  it.runIf(campaign.isWhole)("was seen in all three ways", () => {
    expect(campaign.counted("flaps")).toBe(3 * campaign.seedCount);
    expect(campaign.counted("lives")).toBe(3 * campaign.seedCount);
    expect(campaign.counted("healings")).toBe(campaign.seedCount / 4);
  });
});
