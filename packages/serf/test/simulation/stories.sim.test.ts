/**
 * The four stories every cluster must survive, each from a hundred seeds.
 *
 * Checkers watch every step; a failure prints the seed, the last happenings and how to run it again.
 */
import { seeds } from "@x/simulator";
import { describe, expect, it } from "vitest";
import { Cluster, type ClusterSetup } from "../support/cluster.ts";
import { MemorySnapshot } from "../support/memory-snapshot.ts";
import { clocksNeverGoBack } from "./checkers/clocks-never-go-back.ts";
import { DeliveredOnce } from "./checkers/delivered-once.ts";
import { LeftIsNotFailed } from "./checkers/left-is-not-failed.ts";
import { limitsHold } from "./checkers/limits-hold.ts";

class WatchedCluster extends Cluster {
  readonly deliveredOnce: DeliveredOnce;
  readonly leftIsNotFailed: LeftIsNotFailed;

  constructor(setup: ClusterSetup) {
    const deliveredOnce = new DeliveredOnce();
    const leftIsNotFailed = new LeftIsNotFailed();
    super({
      ...setup,
      checkers: [clocksNeverGoBack(), limitsHold()],
      onEvent: (name, event) => {
        deliveredOnce.observe(name, event);
        leftIsNotFailed.observe(name, event);
      },
    });
    this.deliveredOnce = deliveredOnce;
    this.leftIsNotFailed = leftIsNotFailed;
  }

  /** What must never have happened. */
  get violations(): readonly string[] {
    return [...this.deliveredOnce.violations, ...this.leftIsNotFailed.violations];
  }
}

describe("stories of a cluster", () => {
  it.each(seeds(100))(
    "events and queries reach everybody under ten per cent loss (seed %i)",
    (seed) => {
      const cluster = new WatchedCluster({
        seed,
        memberCount: 6,
        network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.1 },
      }).form();
      const answers = new Set<string>();
      const acks = new Set<string>();

      for (let index = 0; index < 5; index += 1) {
        const sender = cluster.names[(seed + index) % 6] ?? "m0";
        cluster.call(sender, (core, nowMs) =>
          core.userEvent(`event-${index}`, new Uint8Array([index]), { coalesce: false }, nowMs),
        );
      }
      const everybodyHas = (): boolean =>
        cluster.names.every((name) => cluster.userEvents(name).length === 5);
      // A rumour that gossip loses is found again by the next push/pull.
      cluster.simulation.runUntil(everybodyHas, { withinMs: 90_000 });
      const asker = cluster.names[seed % 6] ?? "m0";
      const handle = cluster.call(asker, (core, nowMs) =>
        core.query(
          "load",
          undefined,
          { ack: true, timeoutMs: 6_000 },
          { handleAck: (from) => acks.add(from), handleResponse: (from) => answers.add(from) },
          nowMs,
        ),
      );
      for (let step = 0; step < 65; step += 1) {
        cluster.simulation.runFor(100);
        for (const { event } of cluster.told.splice(0)) {
          if (event.kind === "query") event.respond(new Uint8Array([1]));
        }
      }

      expect(handle.expected).toHaveLength(6);
      expect([...handle.missing(), ...(acks.size < 6 ? ["acks"] : [])]).toEqual([]);
      expect(answers.size).toBe(6);
      expect(cluster.deliveredOnce.deliveryCount).toBe(30);
      expect(cluster.violations).toEqual([]);
    },
  );

  it.each(seeds(100))(
    "a restart from a snapshot rejoins, and replays nothing old (seed %i)",
    (seed) => {
      const snapshot = new MemorySnapshot();
      const cluster = new WatchedCluster({
        seed,
        memberCount: 4,
        network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 } },
        environmentOf: (name) => (name === "m3" ? { snapshot: snapshot.open() } : {}),
      }).form();
      const send = (from: string, name: string): void =>
        cluster.call(from, (core, nowMs) =>
          core.userEvent(name, undefined, { coalesce: false }, nowMs),
        );
      send("m0", "before");
      cluster.simulation.runUntil(() => cluster.userEvents("m3").length === 1, {
        withinMs: 60_000,
      });
      cluster.simulation.runFor(600);
      cluster.simulation.crash("m3");
      cluster.simulation.runFor((seed % 7) * 3_000);
      send("m1", "meanwhile");
      cluster.simulation.runFor(1_000);

      cluster.restart("m3", {
        recovered: snapshot.recover(),
        environment: { snapshot: snapshot.open() },
      });
      cluster.simulation.runUntil(() => cluster.agreesOn(cluster.names), { withinMs: 60_000 });
      cluster.simulation.runUntil(() => cluster.userEvents("m3").includes("meanwhile"), {
        withinMs: 60_000,
      });

      expect(cluster.userEvents("m3")).toEqual(["before", "meanwhile"]);
      expect(cluster.told.some(({ name, event }) => name === "m3" && event.kind === "query")).toBe(
        false,
      );
      expect(cluster.violations).toEqual([]);
    },
  );

  it.each(seeds(100))("two halves that lived apart come to one view (seed %i)", (seed) => {
    const cluster = new WatchedCluster({
      seed,
      memberCount: 6,
      network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.02 },
      options: { reconnectIntervalMs: 5_000 },
      swim: { pushPullIntervalMs: 10_000 },
    }).form();
    const left = ["m0", "m1", "m2"];
    const right = ["m3", "m4", "m5"];
    const apart = cluster.simulation.partition([left, right]);
    cluster.simulation.runFor(5_000);
    for (const leaver of ["m2", "m5"]) {
      cluster.call(leaver, (core, nowMs) => core.leave(nowMs, () => undefined));
    }
    for (const speaker of ["m0", "m3"]) {
      cluster.call(speaker, (core, nowMs) =>
        core.setTags({ half: speaker }, nowMs, () => undefined),
      );
      cluster.call(speaker, (core, nowMs) =>
        core.userEvent(`from ${speaker}`, undefined, { coalesce: false }, nowMs),
      );
    }
    cluster.simulation.runFor(20_000 + (seed % 5) * 5_000);
    for (const leaver of ["m2", "m5"]) {
      cluster.call(leaver, (core, nowMs) => core.shutdown(nowMs));
      cluster.simulation.crash(leaver);
    }

    apart.heal();
    const stayers = ["m0", "m1", "m3", "m4"];
    const isOneView = (): boolean =>
      cluster.agreesOn(stayers) &&
      stayers.every(
        (name) =>
          cluster.listed(name, "left").join() === "m2,m5" &&
          cluster.core(name).member("m0")?.tags["half"] === "m0" &&
          cluster.core(name).member("m3")?.tags["half"] === "m3" &&
          cluster.userEvents(name).toSorted().join() === "from m0,from m3",
      );
    cluster.simulation.runUntil(isOneView, { withinMs: 300_000 });

    expect(cluster.violations).toEqual([]);
  });

  it.each(seeds(100))("a name conflict ends with the minority gone (seed %i)", (seed) => {
    const cluster = new WatchedCluster({
      seed,
      memberCount: 5,
      network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.02 },
    }).form();
    cluster.add("m1", { machine: "impostor" });

    cluster.join("impostor", `m${[0, 2, 3, 4][seed % 4] ?? 0}`);
    cluster.simulation.runUntil(() => cluster.core("impostor").state === "shutdown", {
      withinMs: 120_000,
    });
    cluster.simulation.runFor(10_000);

    const states = ["m0", "m1", "m2", "m3", "m4"].map((name) => cluster.core(name).state);
    expect(states).toEqual(["alive", "alive", "alive", "alive", "alive"]);
    expect(cluster.violations).toEqual([]);
  });

  it("is the same from the same seed", () => {
    const digests = [1, 2].map(() => {
      const cluster = new WatchedCluster({ seed: 77, memberCount: 5, network: { lossRatio: 0.1 } });
      cluster.form();
      cluster.call("m0", (core, nowMs) =>
        core.userEvent("x", undefined, { coalesce: false }, nowMs),
      );
      cluster.simulation.runFor(30_000);
      return cluster.simulation.digest();
    });
    expect(digests[0]).toBe(digests[1]);
  });
});
