import { SeededRandom } from "@x/simulator";
import type { KeyOutcome } from "@x/serf";
import { Keyring } from "@x/swim";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../../src/base64.ts";
import { converged, simulateCluster, type WatchedCluster } from "../support/simulate-cluster.ts";
import { campaignOf } from "./campaign-of.ts";
import { keyRingDifferences } from "./checkers/key-rings-agree.ts";

const campaign = campaignOf("a change of keys", "keys-change");
const NAMES = ["m0", "m1", "m2", "m3", "m4"];

function keyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number);
}

/** As an operator does: the same again until everybody has said yes. */
function changeKey(
  cluster: WatchedCluster,
  operation: "install" | "remove" | "use",
  key: Uint8Array,
): void {
  let outcome: KeyOutcome | undefined;
  const ask = (): void =>
    cluster.call("m0", ({ keys }, nowMs) =>
      keys[operation](encodeBase64(key), {}, nowMs, (answer) => {
        outcome = answer;
        if (answer.error === undefined && answer.responseCount >= NAMES.length) return;
        campaign.count("asked again");
        cluster.after(1_000, ask);
      }),
    );
  ask();
  const isDone = (): boolean =>
    outcome?.error === undefined && (outcome?.responseCount ?? 0) >= NAMES.length;
  cluster.runUntil(isDone, { withinMs: 300_000 });
}

describe("a change of keys", () => {
  it.each(campaign.batches)(
    "leaves one keyring with all, whoever was cut off ($title)",
    (batch) => {
      campaign.run(batch, (seed) => {
        const random = new SeededRandom(seed).fork("story");
        const rings = new Map(NAMES.map((name) => [name, Keyring.create([keyOf(1)], keyOf(1))]));
        const cluster = simulateCluster({
          seed,
          memberCount: NAMES.length,
          network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.05 },
          options: { reconnectIntervalMs: 5_000 },
          optionsOf: (name) => ({
            swim: {
              profile: "local",
              keyring: rings.get(name) ?? Keyring.create(),
              advertiseEndpoint: { address: "0.0.0.0", port: 1 },
            },
          }),
          replayHint: (failed) => campaign.replayCommand(failed),
        }).form();

        for (const next of [2, 3]) {
          const outage = cluster.partition([[random.pick(NAMES.slice(1))]]);
          cluster.after(random.pick([0, 2_000, 20_000]), () => outage.heal());
          changeKey(cluster, "install", keyOf(next));
          if (keyRingDifferences(rings).length === 0) campaign.count("installed everywhere");
          changeKey(cluster, "use", keyOf(next));
          changeKey(cluster, "remove", keyOf(next - 1));
          campaign.count("changes");
        }

        expect(keyRingDifferences(rings)).toEqual([]);
        expect(rings.get("m0")?.keys).toEqual([keyOf(3)]);
        cluster.runUntil(converged, { withinMs: 120_000 });
      });
    },
  );

  it.runIf(campaign.isWhole)("was hindered, and came about", () => {
    expect(campaign.counted("changes")).toBe(2 * campaign.seedCount);
    expect(campaign.counted("installed everywhere")).toBe(2 * campaign.seedCount);
    expect(campaign.counted("asked again")).toBeGreaterThan(100);
  });
});
