import { describe, expect, it } from "vitest";
import { Cluster, type Layer } from "../src/cluster.ts";

/** Joins at once and one by one, news of every kind, damaged and doubled packets, deaths and farewells. */
function eventfulRun(layer: Layer, seed: number, sharesRecords: boolean): Cluster {
  const network = { corruptRatio: 0.002, duplicateRatio: 0.01, datagramLossRatio: 0.02 };
  const cluster = new Cluster({ seed, layer, network, sharesRecords });
  cluster.addMany(90);
  for (let index = 1; index < 90; index += 1) {
    cluster.simulation.after(index * (index < 60 ? 1 : 20), () => cluster.join(`m${index}`, "m0"));
  }
  cluster.simulation.runFor(3_000);
  cluster.setTags("m7", { role: "web" });
  cluster.crash("m8", "machine");
  cluster.leave("m9");
  cluster.simulation.runFor(4_000);
  cluster.setTags("m7", { role: "x".repeat(200) });
  cluster.restart("m8", { snapshot: "lost", via: "m1" });
  cluster.crash("m10");
  cluster.move("m11", "m1");
  cluster.rename("m12", "other", "m1");
  cluster.simulation.runFor(20_000);
  return cluster;
}

describe("members that share what they know of others", () => {
  it.each(["swim", "serf"] as const)(
    "do exactly what members do that know it each for itself: %s",
    (layer) => {
      for (const seed of [1, 2]) {
        const [shared, alone] = [true, false].map((shares) => eventfulRun(layer, seed, shares));

        expect(shared?.simulation.digest()).toBe(alone?.simulation.digest());
        expect(shared?.views.agreeingCount).toBe(alone?.views.agreeingCount);
        expect(shared?.simulation.traffic().datagramsSent).toBeGreaterThan(5_000);
      }
    },
    60_000,
  );
});
