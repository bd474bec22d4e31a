import { describe, expect, it } from "vitest";
import { Cluster } from "../support/cluster.ts";
import { MemorySnapshot } from "../support/memory-snapshot.ts";

/** Three members, of which `m2` keeps a snapshot and has heard one event. */
function formed(snapshot: MemorySnapshot, seed: number): Cluster {
  const cluster = new Cluster({
    seed,
    memberCount: 3,
    options: { reconnectIntervalMs: 0 },
    environmentOf: (name) => (name === "m2" ? { snapshot: snapshot.open() } : {}),
  }).form();
  cluster.call("m0", (core, nowMs) => core.userEvent("old", undefined, { coalesce: false }, nowMs));
  cluster.simulation.runFor(3_000);
  return cluster;
}

function restart(cluster: Cluster, snapshot: MemorySnapshot): void {
  cluster.restart("m2", {
    recovered: snapshot.recover(),
    environment: { snapshot: snapshot.open() },
  });
}

describe("recovery from a snapshot (Serf specification §19)", () => {
  it("rejoins by itself after a failure and a force-leave, and sees no old event", () => {
    const snapshot = new MemorySnapshot();
    const cluster = formed(snapshot, 41);
    cluster.simulation.crash("m2");
    cluster.simulation.runUntil(() => cluster.status("m0", "m2") === "failed", {
      withinMs: 60_000,
    });
    cluster.call("m0", (core, nowMs) =>
      core.forceLeave("m2", { prune: false }, nowMs, () => undefined),
    );
    cluster.simulation.runFor(3_000);
    cluster.told.length = 0;

    restart(cluster, snapshot);
    cluster.simulation.runUntil(() => cluster.agreesOn(["m0", "m1", "m2"]), { withinMs: 60_000 });
    cluster.simulation.runFor(60_000);

    expect(cluster.userEvents("m2")).toEqual([]);
    expect(cluster.agreesOn(["m0", "m1", "m2"])).toBe(true);
  });

  it.each([
    [false, "left"],
    [true, "alive"],
  ])("after a graceful leave, with rejoinAfterLeave %s, is %s", (rejoinAfterLeave, status) => {
    const snapshot = new MemorySnapshot({ rejoinAfterLeave });
    const cluster = formed(snapshot, 42);
    cluster.call("m2", (core, nowMs) => core.leave(nowMs, () => undefined));
    cluster.simulation.runFor(12_000);
    cluster.call("m2", (core, nowMs) => core.shutdown(nowMs));
    cluster.simulation.crash("m2");

    restart(cluster, snapshot);
    cluster.simulation.runFor(60_000);

    expect(cluster.status("m0", "m2")).toBe(status);
  });

  it("finds the cluster even if it restarts while the network is down", () => {
    const snapshot = new MemorySnapshot();
    const cluster = formed(snapshot, 43);
    cluster.simulation.crash("m2");
    const outage = cluster.simulation.isolate("m2");
    cluster.simulation.runFor(60_000);
    restart(cluster, snapshot);
    cluster.simulation.runFor(120_000);
    expect(cluster.listed("m2", "alive")).toEqual(["m2"]);

    outage.heal();

    cluster.simulation.runUntil(() => cluster.agreesOn(["m0", "m1", "m2"]), {
      withinMs: 200_000,
    });
    const kinds = cluster.reports
      .filter(({ name }) => name === "m2")
      .map(({ report }) => report.kind);
    expect(kinds).toContain("rejoin-failed");
  });

  it("goes on with later Lamport times than before", () => {
    const snapshot = new MemorySnapshot();
    const cluster = formed(snapshot, 44);
    cluster.simulation.runFor(1_000);
    const before = cluster.core("m2").lamportTimes;
    cluster.simulation.crash("m2");

    restart(cluster, snapshot);

    const after = cluster.core("m2").lamportTimes;
    expect(after.event).toBeGreaterThanOrEqual(before.event);
    expect(after.member).toBeGreaterThanOrEqual(before.member);
  });
});
