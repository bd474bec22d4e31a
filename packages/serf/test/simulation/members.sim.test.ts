import { describe, expect, it } from "vitest";
import { Cluster } from "../support/cluster.ts";

describe("a cluster of whole members", () => {
  it("forms, and everybody sees everybody alive", () => {
    const cluster = new Cluster({ seed: 1, memberCount: 5 }).form();
    expect(cluster.listed("m4", "alive")).toEqual(["m0", "m1", "m2", "m3", "m4"]);
    expect(cluster.story("m0", "m1")).toEqual(["member-join"]);
  });

  it("sees a leave as a leave: join, leave, and the leaver's own state in order", () => {
    const cluster = new Cluster({ seed: 2, memberCount: 5 }).form();
    const states: string[] = [];
    const note = (): void => void states.push(cluster.core("m1").state);
    note();

    cluster.call("m1", (core, nowMs) => core.leave(nowMs, note));
    note();
    cluster.simulation.runFor(12_000);
    cluster.call("m1", (core, nowMs) => core.shutdown(nowMs));
    note();

    expect(states).toEqual(["alive", "leaving", "left", "shutdown"]);
    for (const name of ["m0", "m2", "m3", "m4"]) {
      expect(cluster.status(name, "m1")).toBe("left");
      expect(cluster.story(name, "m1")).toEqual(["member-join", "member-leave"]);
    }
    expect(cluster.story("m1", "m1")).toEqual(["member-join", "member-leave"]);
  });

  it("sees a crash as a failure, and forgets it after the reconnect timeout", () => {
    const cluster = new Cluster({
      seed: 3,
      memberCount: 4,
      options: { reconnectTimeoutMs: 20_000, reapIntervalMs: 1_000, reconnectIntervalMs: 0 },
    }).form();

    cluster.simulation.crash("m1");
    cluster.simulation.runUntil(() => cluster.status("m0", "m1") === undefined, {
      withinMs: 90_000,
    });

    expect(cluster.story("m0", "m1")).toEqual(["member-join", "member-failed", "member-reap"]);
    expect(cluster.core("m0").coordinate("m1")).toBeUndefined();
  });

  it("turns a failure into a leave by force, everywhere; and forgets with prune", () => {
    const cluster = new Cluster({ seed: 4, memberCount: 4 }).form();
    cluster.simulation.crash("m3");
    cluster.simulation.runUntil(
      () => ["m0", "m1", "m2"].every((name) => cluster.status(name, "m3") === "failed"),
      { withinMs: 90_000 },
    );

    cluster.call("m0", (core, nowMs) =>
      core.forceLeave("m3", { prune: false }, nowMs, () => undefined),
    );
    cluster.simulation.runFor(5_000);
    const statuses = ["m0", "m1", "m2"].map((name) => cluster.status(name, "m3"));
    cluster.call("m1", (core, nowMs) =>
      core.forceLeave("m3", { prune: true }, nowMs, () => undefined),
    );
    cluster.simulation.runFor(5_000);

    expect(statuses).toEqual(["left", "left", "left"]);
    expect(["m0", "m1", "m2"].map((name) => cluster.status(name, "m3"))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("refutes a force-leave of a live member, which stays alive everywhere", () => {
    const cluster = new Cluster({ seed: 5, memberCount: 4 }).form();

    cluster.call("m0", (core, nowMs) =>
      core.forceLeave("m2", { prune: false }, nowMs, () => undefined),
    );
    cluster.simulation.runFor(10_000);

    expect(cluster.agreesOn(["m0", "m1", "m2", "m3"])).toBe(true);
    expect(cluster.story("m1", "m2")).toEqual(["member-join"]);
  });

  it("tells new tags to everybody, as an update", () => {
    const cluster = new Cluster({ seed: 6, memberCount: 4 }).form();
    const outcomes: boolean[] = [];

    cluster.call("m2", (core, nowMs) =>
      core.setTags({ role: "db", az: "eu" }, nowMs, ({ timedOut }) => outcomes.push(timedOut)),
    );
    cluster.simulation.runFor(5_000);

    expect(outcomes).toEqual([false]);
    for (const name of cluster.names) {
      expect(cluster.core(name).member("m2")?.tags).toEqual({ role: "db", az: "eu" });
      expect(cluster.story(name, "m2")).toEqual(["member-join", "member-update"]);
    }
  });

  it("takes a quick restart with other tags and a lower version for one update", () => {
    const cluster = new Cluster({ seed: 13, memberCount: 3 }).form();
    cluster.simulation.crash("m2");

    cluster.restart("m2", { options: { tags: { role: "new" }, protocolVersion: 3 } });
    cluster.join("m2", "m0");
    cluster.simulation.runUntil(
      () =>
        cluster.core("m1").member("m2")?.tags["role"] === "new" && cluster.agreesOn(cluster.names),
      { withinMs: 30_000 },
    );

    expect(cluster.story("m1", "m2")).toEqual(["member-join", "member-update"]);
    expect(cluster.core("m1").member("m2")?.versions.delegateCurrent).toBe(3);
  });

  it("takes back a member that left and returns with another role", () => {
    const cluster = new Cluster({ seed: 7, memberCount: 3 }).form();
    cluster.call("m2", (core, nowMs) => core.leave(nowMs, () => undefined));
    cluster.simulation.runFor(12_000);
    cluster.simulation.crash("m2");
    cluster.simulation.runFor(1_000);

    cluster.restart("m2", { options: { tags: { role: "other" } } });
    cluster.join("m2", "m0");
    cluster.simulation.runUntil(() => cluster.agreesOn(["m0", "m1", "m2"]), { withinMs: 30_000 });

    expect(cluster.core("m1").member("m2")?.tags).toEqual({ role: "other" });
    expect(cluster.story("m1", "m2")).toEqual(["member-join", "member-leave", "member-join"]);
  });

  it("ends every echo: intent queues drain to nothing after leaves and returns", () => {
    const cluster = new Cluster({ seed: 8, memberCount: 5 }).form();
    for (let round = 0; round < 2; round += 1) {
      cluster.call("m4", (core, nowMs) => core.leave(nowMs, () => undefined));
      cluster.simulation.runFor(12_000);
      cluster.simulation.crash("m4");
      cluster.restart("m4");
      cluster.join("m4", "m0");
      cluster.simulation.runFor(12_000);
    }
    cluster.simulation.runFor(120_000);

    expect(cluster.agreesOn(cluster.names)).toBe(true);
    for (const name of cluster.names) expect(cluster.core(name).queueDepth("intent")).toBe(0);
    const times = cluster.names.map((name) => cluster.core(name).lamportTimes.member);
    cluster.simulation.runFor(600_000);
    expect(cluster.names.map((name) => cluster.core(name).lamportTimes.member)).toEqual(times);
  });

  it("finds a killed and restarted member again without any join", () => {
    const cluster = new Cluster({
      seed: 9,
      memberCount: 3,
      options: { reconnectIntervalMs: 1_000 },
    }).form();
    cluster.simulation.crash("m2");
    cluster.simulation.runUntil(() => cluster.status("m0", "m2") === "failed", {
      withinMs: 60_000,
    });

    cluster.restart("m2");
    cluster.simulation.runUntil(() => cluster.agreesOn(cluster.names), { withinMs: 60_000 });

    expect(cluster.story("m0", "m2")).toEqual(["member-join", "member-failed", "member-join"]);
  });

  it("lets a vetoing member keep strangers out, on both sides", () => {
    const cluster = new Cluster({
      seed: 10,
      memberCount: 2,
      optionsOf: (name) =>
        name === "m0"
          ? {
              vetoMembers: (members) =>
                members.some((member) => member.name === "m1") ? "no m1 here" : undefined,
            }
          : {},
    });
    const failures: string[] = [];
    const { endpoint } = cluster.core("m0").localMember;

    cluster.call("m1", (core, nowMs) =>
      core.join([{ endpoint, text: "m0" }], { ignoreOldEvents: true }, nowMs, (outcome) =>
        failures.push(...outcome.failures.map(({ message }) => message)),
      ),
    );
    cluster.simulation.runFor(20_000);

    expect(failures.join()).toContain("no m1 here");
    expect(cluster.listed("m0", "alive")).toEqual(["m0"]);
    expect(cluster.listed("m1", "alive")).toEqual(["m1"]);
  });

  it("makes the later of two members with one name go, after a vote", () => {
    const cluster = new Cluster({ seed: 11, memberCount: 4 }).form();
    cluster.add("m1", { machine: "impostor" });
    cluster.simulation.runFor(100);

    cluster.join("impostor", "m0");
    cluster.simulation.runFor(30_000);

    expect(cluster.core("impostor").state).toBe("shutdown");
    expect(["m0", "m1", "m2", "m3"].map((name) => cluster.core(name).state)).toEqual([
      "alive",
      "alive",
      "alive",
      "alive",
    ]);
  });

  it("speaks with members of every version", () => {
    const versions: Readonly<Record<string, number>> = { m0: 2, m1: 3, m2: 4, m3: 5 };
    const cluster = new Cluster({
      seed: 12,
      memberCount: 4,
      optionsOf: (name) => ({ protocolVersion: versions[name] ?? 4, tags: { role: name } }),
    }).form();

    for (const name of cluster.names) {
      expect(cluster.core("m3").member(name)?.tags).toEqual({ role: name });
      expect(cluster.core("m3").member(name)?.versions.delegateCurrent).toBe(versions[name]);
    }
  });
});
