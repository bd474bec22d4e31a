import { describe, expect, it } from "vitest";
import { aliveOf, endpoint, LoneCore } from "./support/lone-core.ts";
import { drainRumours, fillTable } from "./support/rumours.ts";

const GOSSIP = { gossipIntervalMs: 200, gossipFanout: 3, eagerGossip: false } as const;

describe("gossip (behaviour specification §7)", () => {
  it("tells a few members per round, once the first interval is over", () => {
    const core = new LoneCore(GOSSIP);
    fillTable(core, 10);
    core.takeSent();

    core.advance(200);

    const targets = core.takeSent().map(({ target }) => target.address);
    expect(targets.length).toBe(3);
    expect(new Set(targets).size).toBe(3);
    expect(targets).not.toContain("10.0.0.1");
  });

  it("ends after the retransmit limit", () => {
    const core = new LoneCore(GOSSIP);
    fillTable(core, 5);

    core.advance(30_000);
    core.takeSent();
    core.advance(10_000);

    expect(core.swim.broadcastQueueDepth).toBe(0);
    expect(core.takeSent()).toEqual([]);
  });

  it("is told as often as ever in a large cluster, however often it is heard again", () => {
    const count = (isHeardAgain: boolean): number => {
      const core = new LoneCore(GOSSIP);
      fillTable(core, 100);
      drainRumours(core);
      core.receive(aliveOf("m5", 5, { incarnation: 2 }));
      for (let round = 0; round < 20; round += 1) {
        core.advance(200);
        if (isHeardAgain) core.receive(aliveOf("m5", 5, { incarnation: 2 }));
      }
      return core.takeMessages().filter((message) => message.kind === "alive").length;
    };

    // 4 · ⌈log10(102)⌉ hand-outs.
    expect(count(false)).toBe(12);
    expect(count(true)).toBe(12);
  });

  it("keeps its rumours while there is nobody to tell", () => {
    const core = new LoneCore(GOSSIP);

    core.advance(10_000);

    expect(core.swim.broadcastQueueDepth).toBe(1);
  });

  it("reaches the dead within the window and not after it, the left never", () => {
    const core = new LoneCore({ ...GOSSIP, gossipToTheDeadMs: 1_000 });
    core.receive([aliveOf("dead", 2), aliveOf("left", 3)]);
    core.receive({ kind: "dead", incarnation: 1, node: "dead", from: "x" });
    core.receive({ kind: "dead", incarnation: 1, node: "left", from: "left" });
    core.takeSent();

    core.advance(900);
    const targets = new Set(core.takeSent().map(({ target }) => target.address));
    core.call(() => core.swim.updateMeta(Uint8Array.of(1), { timeoutMs: 1 }, core.nowMs, () => {}));
    core.advance(101);
    core.takeSent();
    core.advance(5_000);

    expect([...targets]).toEqual(["10.0.0.2"]);
    expect(core.takeSent()).toEqual([]);
  });

  it("does not count what the dead are told", () => {
    const core = new LoneCore({ ...GOSSIP, retransmitMultiplier: 1 });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.advance(5_000);
    core.takeSent();

    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "a" });
    core.advance(5_000);

    const targets = core.takeSent().map(({ target }) => target.address);
    expect(targets).toContain("10.0.0.2");
  });

  it("fills packets up to the budget and never beyond", () => {
    const core = new LoneCore({ ...GOSSIP, datagramBytes: 1_400, compress: false });
    fillTable(core, 60);
    core.takeSent();

    core.advance(200);

    const sizes = core.takeSent().map(({ bytes }) => bytes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_400);
    expect(Math.min(...sizes)).toBeGreaterThan(1_200);
  });

  it("adds a checksum for members that check it", () => {
    const old = Uint8Array.of(1, 4, 2, 0, 0, 0);
    const core = new LoneCore({ ...GOSSIP, compress: false });
    core.receive([aliveOf("new", 2), aliveOf("old", 3, { versions: old })]);
    core.takeSent();

    core.advance(200);

    const firstBytes = core.takeSent().map(({ bytes, target }) => [target.address, bytes[0]]);
    expect(Object.fromEntries(firstBytes)).toMatchObject({ "10.0.0.2": 12, "10.0.0.3": 7 });
  });
});

describe("piggybacking", () => {
  it("puts the answer first and rumours behind it", () => {
    const core = new LoneCore();

    core.receive({ kind: "ping", sequenceNumber: 77, node: "self" });

    expect(core.takeMessages()).toMatchObject([
      { kind: "ack", sequenceNumber: 77 },
      { kind: "alive", node: "self" },
    ]);
  });

  it("puts our own claims before the news of others", () => {
    const core = new LoneCore();
    fillTable(core, 60);
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "m2" });
    core.takeSent();

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(core.takeMessages()[1]).toMatchObject({ kind: "alive", node: "self", incarnation: 2 });
  });

  it("splits more parts than a compound can count into several packets", () => {
    const delegate = {
      takeBroadcasts: () => Array.from({ length: 600 }, () => new Uint8Array(0)),
    };
    const core = new LoneCore({ delegate, datagramBytes: 8_000 });

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    const packets = core.takeSent();
    expect(packets.map(({ messages }) => messages.length)).toEqual([255, 255, 92]);
    expect(packets[0]?.messages[0]).toMatchObject({ kind: "ack" });
  });
});

describe("the broadcasts of the layer above", () => {
  it("have a share of each packet during churn (behaviour specification §19.16)", () => {
    let asked = 0;
    const delegate = {
      takeBroadcasts: (overheadBytes: number, limitBytes: number) => {
        asked += 1;
        return limitBytes >= 100 + overheadBytes ? [new Uint8Array(100).fill(asked)] : [];
      },
    };
    const core = new LoneCore({ delegate, compress: false });
    fillTable(core, 100);
    core.takeSent();

    const withUserData = Array.from({ length: 8 }, () => {
      core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
      return core.takeMessages().some(({ kind }) => kind === "user");
    });

    expect(withUserData).not.toContain(false);
  });

  it("leave the whole room to news that fits into no less", () => {
    const delegate = {
      takeBroadcasts: (overheadBytes: number, limitBytes: number) =>
        limitBytes >= 100 + overheadBytes ? [new Uint8Array(100)] : [],
    };
    const core = new LoneCore({ delegate, userBroadcastShare: 0.5, compress: false });
    const large = aliveOf("x".repeat(255), 2, { meta: new Uint8Array(512).fill(1) });
    core.receive(large);
    core.takeSent();

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(core.takeMessages()).toContainEqual(large);
  });

  it("leave the room to membership news while they are silent", () => {
    const core = new LoneCore({
      delegate: { takeBroadcasts: () => [] },
      compress: false,
      eagerGossip: false,
    });
    fillTable(core, 100);
    core.takeSent();

    const sizes = Array.from({ length: 4 }, () => {
      core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
      return core.takeSent()[0]?.bytes.length ?? 0;
    });

    expect(sizes.filter((size) => size > 1_250).length).toBe(3);
  });

  it("are dropped and reported beyond what was offered", () => {
    const delegate = { takeBroadcasts: () => [new Uint8Array(10), new Uint8Array(3_000)] };
    const core = new LoneCore({ delegate });

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(core.takeMessages().filter(({ kind }) => kind === "user").length).toBe(1);
    expect(core.reportsOf("broadcast-too-large")).toMatchObject([{ bytes: 3_000 }]);
  });
});

describe("the rumour queue", () => {
  it("stays within its limit and says so", () => {
    const core = new LoneCore({ broadcastQueueLimit: 16 });

    fillTable(core, 30);

    expect(core.swim.broadcastQueueDepth).toBe(17);
    expect(core.reportsOf("broadcast-queue-full").length).toBe(14);
  });
});

describe("eager gossip", () => {
  const EAGER = { ...GOSSIP, eagerGossip: true } as const;

  it("sends news at once instead of at the next round", () => {
    const core = new LoneCore(EAGER);
    fillTable(core, 5);
    core.advance(10_000);
    drainRumours(core);

    core.receive(aliveOf("news", 20));
    core.advance(0);

    const packets = core.takeSent();
    expect(packets.length).toBe(3);
    expect(packets[0]?.messages).toMatchObject([{ kind: "alive", node: "news" }]);
  });

  it("tells everything that came together in one packet", () => {
    const core = new LoneCore(EAGER);
    fillTable(core, 5);
    core.advance(10_000);
    drainRumours(core);

    core.receive([aliveOf("x", 20), aliveOf("y", 21)]);
    core.advance(0);

    expect(core.takeSent()[0]?.messages.length).toBe(2);
  });

  it("sends no more in total than the rounds alone would", () => {
    const count = (eagerGossip: boolean): number => {
      const core = new LoneCore({ ...GOSSIP, eagerGossip });
      fillTable(core, 20);
      core.advance(60_000);
      drainRumours(core);
      core.receive(aliveOf("news", 200));
      core.advance(60_000);
      return core.takeMessages().length;
    };

    expect(count(true)).toBe(count(false));
  });

  it("tells those held for dead as often as the rounds would have, and not for ever", () => {
    const core = new LoneCore({ ...EAGER, gossipIntervalMs: 600_000, gossipToTheDeadMs: 20_000 });
    fillTable(core, 20);
    core.advance(1_000);
    for (const number of [2, 3, 4, 5]) {
      core.receive({ kind: "dead", incarnation: 1, node: `m${number}`, from: "m9" });
    }
    core.advance(1_000);
    drainRumours(core);
    const told = (): { readonly live: number; readonly dead: number } => {
      const counts = { live: 0, dead: 0 };
      for (let news = 0; news < 100; news += 1) {
        core.receive(aliveOf("news", 200, { incarnation: core.nowMs }));
        // More often would be churn, and the rounds fewer.
        core.advance(150);
        for (const { target } of core.takeSent()) {
          const number = Number(target.address.split(".")[3]);
          counts[number >= 2 && number <= 5 ? "dead" : "live"] += 1;
        }
      }
      return counts;
    };

    const soon = told();
    core.advance(20_000);
    const late = told();

    // Five steps of a ring of 18 each time; four dead among 18 living.
    expect(soon.live).toBe(500);
    expect(soon.dead / soon.live).toBeGreaterThan(0.8 * (4 / 18));
    expect(soon.dead / soon.live).toBeLessThan(1.2 * (4 / 18));
    expect(late).toEqual({ live: 500, dead: 0 });
  });

  it("stays under its rate, and leaves the rest to the rounds", () => {
    const core = new LoneCore({ ...EAGER, eagerGossipPerSecond: 5, gossipIntervalMs: 60_000 });
    fillTable(core, 5);
    core.takeSent();

    for (let number = 0; number < 50; number += 1) {
      core.receive(aliveOf(`x${number}`, 20 + number));
      core.advance(6);
    }

    // Five at once, and one or two more in the 300 ms that have passed.
    expect(core.takeSent().length).toBe(6);
  });

  it("waits a moment between rounds, so that what comes in between leaves together", () => {
    const core = new LoneCore({ ...EAGER, gossipIntervalMs: 60_000 });
    fillTable(core, 5);
    core.advance(1_000);
    drainRumours(core);

    core.receive(aliveOf("x", 20));
    core.advance(0);
    const first = core.takeSent();
    core.receive(aliveOf("y", 21));
    core.advance(1);
    core.receive(aliveOf("z", 22));
    core.advance(3);
    const meanwhile = core.takeSent();
    core.advance(1);

    expect(first.length).toBe(3);
    expect(meanwhile).toEqual([]);
    expect(core.takeSent()[0]?.messages.length).toBeGreaterThanOrEqual(2);
  });

  it("sends as many packets as what is new fills, up to eight per target", () => {
    let waiting = 40;
    const core = new LoneCore({
      ...EAGER,
      gossipIntervalMs: 60_000,
      delegate: {
        takeBroadcasts: (_overhead, limitBytes) => {
          const count = Math.min(waiting, Math.floor(limitBytes / 500));
          waiting -= count;
          return Array.from({ length: count }, () => new Uint8Array(400));
        },
        hasFreshBroadcasts: () => waiting > 0,
      },
    });
    fillTable(core, 1);
    core.advance(1_000);
    drainRumours(core);
    waiting = 40;

    core.call(() => core.swim.requestGossip(core.nowMs));
    core.advance(0);

    expect(core.takeSent().length).toBe(8);
    core.advance(6);
    expect(core.takeSent().length).toBeGreaterThan(0);
  });

  it("gathers news while many members come, and lets a single piece pass at once", () => {
    const core = new LoneCore({ ...EAGER, gossipIntervalMs: 60_000 });
    fillTable(core, 5);
    core.advance(10_000);
    drainRumours(core);
    const packetsAfter = (count: number): number => {
      core.takeSent();
      for (let number = 0; number < count; number += 1) {
        core.receive(aliveOf(`x${number}`, 20 + number, { incarnation: core.nowMs }));
        core.advance(20);
      }
      return core.takeSent().length;
    };

    const alone = packetsAfter(1);
    core.advance(5_000);
    const many = packetsAfter(40);

    expect(alone).toBeGreaterThan(0);
    // At 50 a second there is a round for every fourth, with at most six targets.
    expect(many).toBeGreaterThan(0);
    expect(many).toBeLessThan((40 / 4 + 7) * 6);

    core.advance(5_000);

    expect(packetsAfter(1)).toBeGreaterThan(0);
  });

  it("waits for a round where the layer above can wait", () => {
    let waiting = 0;
    const core = new LoneCore({
      ...EAGER,
      delegate: {
        takeBroadcasts: () => (waiting-- > 0 ? [Uint8Array.of(1)] : []),
        hasBroadcasts: () => waiting > 0,
      },
    });
    fillTable(core, 5);
    core.advance(10_000);
    core.takeSent();
    waiting = 1;

    core.call(() => core.swim.requestGossip(core.nowMs, true));
    core.advance(0);

    expect(core.takeMessages().filter(({ kind }) => kind === "user")).toEqual([]);

    core.advance(200);

    expect(core.takeMessages().some(({ kind }) => kind === "user")).toBe(true);
  });

  it("is asked for by the layer above", () => {
    const core = new LoneCore({
      ...EAGER,
      delegate: { takeBroadcasts: () => [Uint8Array.of(1)] },
    });
    fillTable(core, 5);
    core.advance(10_000);
    core.takeSent();

    core.call(() => core.swim.requestGossip(core.nowMs));
    core.advance(0);

    expect(core.takeMessages().some(({ kind }) => kind === "user")).toBe(true);
    expect(endpoint(2).port).toBe(7_946);
  });
});

describe("gossip in a mass join", () => {
  const EAGER = {
    ...GOSSIP,
    gossipIntervalMs: 60_000,
    eagerGossip: true,
    compress: false,
  } as const;

  /** A member of a cluster of 100 that hears of ten more every five milliseconds. */
  function busyCore(): LoneCore {
    const core = new LoneCore(EAGER);
    fillTable(core, 100);
    core.advance(10_000);
    drainRumours(core);
    for (let wave = 0; wave < 5; wave += 1) {
      for (let number = 0; number < 10; number += 1) core.receive(newcomer(wave * 10 + number));
      core.advance(5);
    }
    core.advance(200);
    core.takeSent();
    return core;
  }
  const newcomer = (number: number): ReturnType<typeof aliveOf> =>
    aliveOf(`new${number}`, 2, { port: 1_000 + number });

  /** To how many members each newcomer is told in the next round. */
  function toldIn(core: LoneCore, durationMs: number): Map<string, number> {
    core.advance(durationMs);
    const told = new Map<string, number>();
    for (const message of core.takeMessages()) {
      if (message.kind !== "alive") continue;
      told.set(message.node, (told.get(message.node) ?? 0) + 1);
    }
    return told;
  }

  it("keeps rounds apart, and tells six members what nobody else told, two what others told", () => {
    const core = busyCore();
    const fresh = Array.from({ length: 12 }, (_, index) => newcomer(100 + index));
    core.receive(newcomer(99));
    expect(toldIn(core, 0).get("new99")).toBe(6);
    core.receive(fresh);
    core.receive(fresh.slice(0, 3));

    expect(toldIn(core, 4).size).toBe(0);
    const told = toldIn(core, 80);
    expect([told.get("new100"), told.get("new102"), told.get("new103")]).toEqual([2, 2, 6]);
  });

  it("tells a refutation of our own at once", () => {
    const core = busyCore();
    core.receive(Array.from({ length: 12 }, (_, index) => newcomer(100 + index)));
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "m2" });

    expect(toldIn(core, 10).get("self")).toBeGreaterThanOrEqual(6);
  });

  it("leaves to the ring what is new, and fills answers with what was told before", () => {
    const core = busyCore();
    core.receive(Array.from({ length: 12 }, (_, index) => newcomer(100 + index)));
    core.takeSent();

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(
      core
        .takeMessages()
        .filter((message) => message.kind === "alive" && message.node === "new100"),
    ).toEqual([]);
  });
});

describe("news heard again from others", () => {
  /** Times a newcomer is told in all, if we hear of it again so often after the first round. */
  function toldAfter(memberCount: number, repetitions: number): number {
    const core = new LoneCore({ ...GOSSIP, eagerGossip: true });
    fillTable(core, memberCount);
    core.advance(60_000);
    drainRumours(core);
    core.receive(aliveOf("news", 200));
    core.advance(1);
    for (let count = 0; count < repetitions; count += 1) core.receive(aliveOf("news", 200));
    core.advance(60_000);
    return core
      .takeMessages()
      .filter((message) => message.kind === "alive" && message.node === "news").length;
  }

  it("is told less in a cluster above 64, after it went round the ring", () => {
    expect(toldAfter(80, 0)).toBe(8);
    expect(toldAfter(80, 1)).toBe(7);
    expect(toldAfter(150, 0)).toBe(12);
    expect(toldAfter(150, 2)).toBe(8);
  });

  it("is told in full in a small cluster, where few could tell it", () => {
    expect(toldAfter(20, 5)).toBe(toldAfter(20, 0));
  });
});
