import { describe, expect, it } from "vitest";
import { Keyring, type SwimOptionsInput } from "@x/swim";
import { nodeAead } from "../src/node/aes-gcm.ts";
import { Cluster, type ClusterMember } from "./support/cluster.ts";

type Settings = Partial<SwimOptionsInput>;

const KEY = Uint8Array.from({ length: 16 }, (_, index) => index);
const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, index) => 100 + index);

function pair(first: Settings, second: Settings): [Cluster, ClusterMember, ClusterMember] {
  const cluster = new Cluster({ environment: { aead: nodeAead } });
  return [cluster, cluster.add("a", first), cluster.add("b", second)];
}

function keyring(...keys: Uint8Array[]): Settings {
  return { keyring: Keyring.create(keys, keys[0]) };
}

/** Whether two members come to see each other. */
function meet(
  first: Settings,
  second: Settings,
): { joined: boolean; seen: number[]; cluster: Cluster } {
  const [cluster, a, b] = pair(
    { ...first, streamTimeoutMs: 500 },
    { ...second, streamTimeoutMs: 500 },
  );
  const joined = cluster.join(b, a) === 1;
  cluster.runFor(1_000);
  return { joined, seen: [a.swim.memberCount, b.swim.memberCount], cluster };
}

describe("joining (behaviour specification §18)", () => {
  it.each([
    [2, 1],
    [2, 3],
    [3, 2],
    [3, 1],
    [5, 5],
  ])("works between members that speak protocol %i and %i", (first, second) => {
    const { joined, seen } = meet({ protocolVersion: first }, { protocolVersion: second });

    expect([joined, ...seen]).toEqual([true, 2, 2]);
  });

  it("works over IPv6", () => {
    const { joined, seen } = meet(
      { advertiseEndpoint: { address: "fd00::1", port: 7_946 } },
      { advertiseEndpoint: { address: "fd00::2", port: 7_946 } },
    );

    expect([joined, ...seen]).toEqual([true, 2, 2]);
  });

  it("lets a rogue outside the allowed networks see others, but not be seen", () => {
    const { seen } = meet(
      { allowedNetworks: ["127.0.0.0/24"] },
      { advertiseEndpoint: { address: "127.0.9.9", port: 7_946 } },
    );

    expect(seen).toEqual([1, 2]);
  });

  it("fails on an alive veto only in the table: the join itself succeeds", () => {
    const cluster = new Cluster();
    const delegate = {
      vetoAlive: ({ name }: { name: string }) => (name === "b" ? "no" : undefined),
    };
    const [first, second] = [cluster.add("a", { delegate }), cluster.add("b")];

    expect(cluster.join(second, first)).toBe(1);
    expect(first.swim.memberCount).toBe(1);
  });

  it("carries 256 user broadcasts and both user states", () => {
    const received = new Set<number>();
    const states: number[] = [];
    const cluster = new Cluster();
    const waiting = Array.from({ length: 256 }, (_, index) => Uint8Array.of(index));
    const first = cluster.add("a", {
      delegate: {
        localState: () => Uint8Array.of(1),
        mergeRemoteState: (state) => void states.push(state[0] ?? -1),
        takeBroadcasts: (overheadBytes, limitBytes) =>
          waiting.splice(0, Math.floor(limitBytes / (1 + overheadBytes))),
      },
    });
    const second = cluster.add("b", {
      delegate: {
        localState: () => Uint8Array.of(2),
        mergeRemoteState: (state) => void states.push(state[0] ?? -1),
        handleUserMessage: ([value]) => void received.add(value ?? -1),
      },
    });

    cluster.join(second, first);
    cluster.runFor(5_000);

    expect(received.size).toBe(256);
    expect([...new Set(states)].sort()).toEqual([1, 2]);
  });
});

describe("labels (behaviour specification §13)", () => {
  it.each<[string, Settings, Settings, boolean]>([
    ["equal labels", { label: "blue" }, { label: "blue" }, true],
    ["a missing label", { label: "blue" }, {}, false],
    ["another label", { label: "blue" }, { label: "red" }, false],
    [
      "equal labels and a key",
      { label: "blue", ...keyring(KEY) },
      { label: "blue", ...keyring(KEY) },
      true,
    ],
    [
      "another label and the same key",
      { label: "blue", ...keyring(KEY) },
      { label: "red", ...keyring(KEY) },
      false,
    ],
  ])("with %s", (_what, first, second, meets) => {
    const { joined, seen } = meet(first, second);

    expect([joined, ...seen]).toEqual(meets ? [true, 2, 2] : [false, 1, 1]);
  });
});

describe("encryption", () => {
  it.each<[string, Settings, Settings, boolean]>([
    ["the same key", keyring(KEY), keyring(KEY), true],
    ["the other's primary as second key", keyring(KEY, OTHER_KEY), keyring(OTHER_KEY, KEY), true],
    ["another key", keyring(KEY), keyring(OTHER_KEY), false],
    ["no key on one side", keyring(KEY), {}, false],
    [
      "the padded format of protocol 1",
      { ...keyring(KEY), protocolVersion: 1 },
      keyring(KEY),
      true,
    ],
  ])("with %s", (_what, first, second, meets) => {
    const { joined, seen } = meet(first, second);

    expect([joined, ...seen]).toEqual(meets ? [true, 2, 2] : [false, 1, 1]);
  });

  it("is rolled out in three steps without losing a member (behaviour specification §18)", () => {
    const cluster = new Cluster({ environment: { aead: nodeAead } });
    const steps: Settings[] = [
      {},
      { ...keyring(KEY), verifyIncoming: false, verifyOutgoing: false },
      { ...keyring(KEY), verifyIncoming: false },
      keyring(KEY),
    ];
    const members = cluster.addMany(3, steps[0]);
    cluster.joinAll();
    cluster.runFor(2_000);

    for (const step of steps.slice(1)) {
      for (const { name, endpoint } of members) {
        cluster.kill(cluster.get(name));
        const restarted = cluster.add(name, { ...step, advertiseEndpoint: endpoint });
        const [other] = [...cluster.members.values()].filter((member) => member.name !== name);
        if (other !== undefined) expect(cluster.join(restarted, other)).toBe(1);
        cluster.runFor(8_000);
        const counts = [...cluster.members.values()].map(({ swim }) => swim.memberCount);
        expect(counts).toEqual([3, 3, 3]);
      }
    }
  });

  it("needs a way to encrypt", () => {
    const cluster = new Cluster();

    expect(() => cluster.add("a", keyring(KEY))).toThrow(TypeError);
  });
});

describe("a cluster", () => {
  it("finds a member whose UDP is blocked alive by TCP, and says that UDP is broken", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(3);
    cluster.joinAll();
    cluster.runFor(2_000);
    const victim = cluster.get("m2").endpoint.address;

    cluster.isBlocked = (from, to, kind) =>
      kind === "datagram" && (from.address === victim || to.address === victim);
    cluster.runFor(30_000);

    expect(members.map(({ swim }) => swim.memberCount)).toEqual([3, 3, 3]);
    const reports = members.flatMap((member) => member.reports);
    expect(reports.some(({ kind }) => kind === "udp-unreachable")).toBe(true);
  });

  it("keeps a member that only one other cannot reach: relays vouch for it", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(5, { disableStreamPings: true });
    cluster.joinAll();
    cluster.runFor(2_000);
    const [first, second] = [
      cluster.get("m0").endpoint.address,
      cluster.get("m1").endpoint.address,
    ];

    cluster.isBlocked = (from, to) =>
      [from.address, to.address].includes(first) && [from.address, to.address].includes(second);
    cluster.runFor(60_000);

    expect(members.map(({ swim }) => swim.memberCount)).toEqual([5, 5, 5, 5, 5]);
  });

  it("sends the same bytes at the same times from the same seed", () => {
    const run = (seed: number): string => {
      const cluster = new Cluster({ seed });
      cluster.addMany(6);
      cluster.joinAll();
      cluster.runFor(5_000);
      cluster.kill(cluster.get("m4"));
      cluster.runFor(20_000);
      return [...cluster.members.values()]
        .map(({ events, reports, sentDatagramCount }) =>
          JSON.stringify([sentDatagramCount, reports, events.map(({ kind }) => kind)]),
        )
        .join("\n");
    };

    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
  });

  it("converges with eager gossip as well, sooner than without", () => {
    const spreadMs = (eagerGossip: boolean): number => {
      const cluster = new Cluster({ seed: 3 });
      const members = cluster.addMany(16, { eagerGossip });
      cluster.joinAll();
      cluster.runFor(10_000);
      const first = cluster.get("m0");
      const startMs = cluster.nowMs;
      cluster.call(first, () =>
        first.swim.updateMeta(Uint8Array.of(9), { timeoutMs: 0 }, cluster.nowMs, () => {}),
      );
      cluster.runUntil(() => members.every(({ swim }) => swim.member("m0")?.meta[0] === 9), 30_000);
      return cluster.nowMs - startMs;
    };

    const [eager, plain] = [spreadMs(true), spreadMs(false)];
    expect(eager).toBeLessThan(plain / 5);
  });
});
