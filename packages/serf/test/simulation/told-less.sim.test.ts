import { describe, expect, it } from "vitest";
import { simulateCluster, type WatchedCluster } from "../support/simulate-cluster.ts";

const MEMBER_COUNT = 16;
const EVENT_COUNT = 10;
/** From one event to the next: all of its copies are sent within. */
const GAP_MS = 2_000;
const advertiseEndpoint = { address: "10.0.0.1", port: 7_946 };

interface Setup {
  readonly seed: number;
  readonly lossRatio: number;
  /** Whether a member, by number, sends news at once and spares what it hears again. */
  readonly isEager: (member: number) => boolean;
}

interface Told {
  /** Datagrams that events cost, by member and event. */
  readonly datagrams: number;
  /** Of all deliveries that should be, how many were not after two seconds. */
  readonly missing: number;
}

function formed({ seed, isEager, lossRatio }: Setup): WatchedCluster {
  const cluster = simulateCluster({
    seed,
    memberCount: MEMBER_COUNT,
    network: { latency: { kind: "uniform", minMs: 0.2, maxMs: 2 } },
    // The address is replaced by the cluster's own.
    optionsOf: (name) => ({
      swim: { advertiseEndpoint, eagerGossip: isEager(Number(name.slice(1))) },
    }),
  }).form();
  // Until nothing of the joins is told any more.
  cluster.runFor(10_000);
  for (const from of cluster.names) {
    const to = cluster.names.filter((name) => name !== from);
    if (lossRatio > 0) cluster.impair({ from: [from], to, lossRatio });
  }
  return cluster;
}

function tell(setup: Setup): Told {
  const cluster = formed(setup);
  const sent = (): number => cluster.simulation.traffic().datagramsSent;
  const idleFrom = sent();
  cluster.runFor(EVENT_COUNT * GAP_MS);
  const idle = sent() - idleFrom;
  const talkFrom = sent();
  let missing = 0;
  for (let index = 0; index < EVENT_COUNT; index += 1) {
    cluster.call(cluster.names[(index * 7) % MEMBER_COUNT] ?? "m0", (core, nowMs) =>
      core.userEvent(`event-${index}`, new Uint8Array(32), { coalesce: false }, nowMs),
    );
    cluster.runFor(GAP_MS);
    for (const name of cluster.names) {
      if (cluster.userEvents(name).length <= index) missing += 1;
    }
  }
  return { datagrams: (sent() - talkFrom - idle) / MEMBER_COUNT / EVENT_COUNT, missing };
}

function told(setup: Omit<Setup, "seed">): Told {
  const runs = [1, 2, 3].map((seed) => tell({ ...setup, seed }));
  return {
    datagrams: runs.reduce((sum, { datagrams }) => sum + datagrams, 0) / runs.length,
    missing: runs.reduce((sum, run) => sum + run.missing, 0),
  };
}

const all = (): boolean => true;
const none = (): boolean => false;
const everyOther = (member: number): boolean => member % 2 === 0;

describe("an event that members hear again from others", () => {
  it("costs a quarter less than random rounds, and reaches everybody", () => {
    const random = told({ isEager: none, lossRatio: 0 });
    const eager = told({ isEager: all, lossRatio: 0 });

    expect(eager.datagrams).toBeLessThan(0.75 * random.datagrams);
    expect(eager.missing + random.missing).toBe(0);
  });

  it.each([
    ["all members", all],
    ["every other member", everyOther],
  ])("reaches as many as random rounds where a tenth is lost: %s", (_who, isEager) => {
    const random = told({ isEager: none, lossRatio: 0.1 });
    const eager = told({ isEager, lossRatio: 0.1 });

    // Of 480 deliveries; what is missing is found again by the next push/pull.
    expect(eager.missing).toBeLessThanOrEqual(random.missing + 1);
  });
});
