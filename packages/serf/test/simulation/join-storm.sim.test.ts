import { describe, expect, it } from "vitest";
import { Cluster, type ClusterSetup } from "../support/cluster.ts";

/**
 * How many arrive within a second. `JOIN_STORM=400`, by which the reference is silenced for 20 s,
 * takes some minutes of a processor.
 */
const newcomers = Number(process.env["JOIN_STORM"] ?? 60);

const STORM_MS = 1_000;

interface Storm {
  /** Intents waiting at the veterans, together, when the news is told in mid-storm. */
  readonly queuedIntents: number;
  /** Members at that moment. */
  readonly memberCount: number;
  /** Until the last of these has heard the event. */
  readonly membersHeardMs: number;
  /** Until the last veteran knows that one of them leaves. */
  readonly leaveHeardMs: number;
}

function storm(swim: NonNullable<ClusterSetup["swim"]>): Storm {
  const heardAtMs = new Map<string, number>();
  const cluster = new Cluster({
    seed: 31,
    memberCount: 16,
    network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 } },
    swim,
    onEvent: (name, event, nowMs) => void (event.kind === "user" && heardAtMs.set(name, nowMs)),
  }).form();
  const { simulation } = cluster;
  const veterans = cluster.names.filter((name) => name !== "m4");
  const joined = new Set<string>();
  for (let index = 0; index < newcomers; index += 1) {
    const seed = veterans[index % veterans.length] ?? "m0";
    simulation.after((index / newcomers) * STORM_MS, () => arrive(cluster, index, seed, joined));
  }
  simulation.runFor(STORM_MS / 2);
  const toldAtMs = simulation.nowMs;
  const members = [...veterans, ...joined];
  const queuedIntents = veterans
    .map((name) => cluster.core(name).queueDepth("intent"))
    .reduce((sum, depth) => sum + depth);
  cluster.call("m3", (core, nowMs) =>
    core.userEvent("urgent", undefined, { coalesce: false }, nowMs),
  );
  cluster.call("m4", (core, nowMs) => core.leave(nowMs, () => undefined));
  const leaveHeardMs = simulation.runUntil(
    () => veterans.every((by) => ["leaving", "left"].includes(cluster.status(by, "m4") ?? "")),
    { withinMs: 20_000 },
  );
  simulation.runFor(2 * STORM_MS);
  return {
    queuedIntents,
    memberCount: members.length,
    membersHeardMs: Math.max(...members.map((name) => heardAtMs.get(name) ?? Infinity)) - toldAtMs,
    leaveHeardMs,
  };
}

function arrive(cluster: Cluster, index: number, seed: string, joined: Set<string>): void {
  const name = `new-${index}`;
  cluster.add(name);
  const { endpoint } = cluster.core(seed).localMember;
  cluster.call(name, (core, nowMs) =>
    core.join([{ endpoint, text: seed }], { ignoreOldEvents: true }, nowMs, () => joined.add(name)),
  );
}

describe("a storm of joins", () => {
  it.each([true, false])(
    "silences neither user events nor a leave: all hear within two seconds (eager gossip: %s)",
    (eagerGossip) => {
      const told = storm({ eagerGossip });

      expect(told.memberCount).toBeGreaterThan(16 + newcomers / 3);
      expect(told.queuedIntents).toBeGreaterThan(0);
      expect(told.membersHeardMs).toBeLessThanOrEqual(2_000);
      expect(told.leaveHeardMs).toBeLessThanOrEqual(2_000);
    },
  );

  it.each([31, 32, 33])(
    "leaves out no newcomer that wants old events: two seconds after it is in, it has them (seed %i)",
    (seed) => {
      const heardAtMs = new Map<string, number>();
      const cluster = new Cluster({
        seed,
        memberCount: 16,
        network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 20 } },
        onEvent: (name, event, nowMs) => void (event.kind === "user" && heardAtMs.set(name, nowMs)),
      }).form();
      const { simulation } = cluster;
      const joinedAtMs = new Map<string, number>();
      for (let index = 0; index < newcomers; index += 1) {
        simulation.after((index / newcomers) * STORM_MS, () => {
          const name = `new-${index}`;
          cluster.add(name);
          const { endpoint } = cluster.core(`m${index % 16}`).localMember;
          cluster.call(name, (core, nowMs) =>
            core.join([{ endpoint, text: "m" }], { ignoreOldEvents: false }, nowMs, () =>
              joinedAtMs.set(name, simulation.nowMs),
            ),
          );
        });
      }
      simulation.runFor(STORM_MS / 2);
      const toldAtMs = simulation.nowMs;
      cluster.call("m3", (core, nowMs) =>
        core.userEvent("urgent", undefined, { coalesce: false }, nowMs),
      );
      simulation.runFor(3 * STORM_MS);

      const lateMs = cluster.names.map(
        (name) => (heardAtMs.get(name) ?? Infinity) - Math.max(toldAtMs, joinedAtMs.get(name) ?? 0),
      );
      expect(joinedAtMs.size).toBe(newcomers);
      expect(Math.max(...lateMs)).toBeLessThanOrEqual(2_000);
    },
  );
});
