/** Eager rounds: when they come, what they take along, and how they change when there is much. */
import { describe, expect, it } from "vitest";
import { encodeMessage } from "@x/swim/wire";
import { aliveOf, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";
import {
  calmCore,
  drainRumours,
  EAGER,
  fillTable,
  namesIn,
  news,
  toldCounts,
} from "./support/rumours.ts";

/** A core in a cluster of so many others that has heard ten pieces of news every five milliseconds. */
function busyCore(memberCount: number, settings: LoneCoreSettings = {}): LoneCore {
  const core = calmCore(memberCount, { ...EAGER, ...settings });
  for (let wave = 0; wave < 5; wave += 1) {
    news(core, 2 + wave * 10, 10);
    core.advance(5);
  }
  core.advance(200);
  core.takeSent();
  return core;
}

describe("an eager round", () => {
  it("is not tried again and again while there is nobody to tell", () => {
    const core = new LoneCore(EAGER);

    core.advance(10);

    expect(core.swim.nextDeadlineMs() - core.nowMs).toBeGreaterThan(1_000);
    expect(core.swim.broadcastQueueDepth).toBe(1);
  });

  it("comes within five milliseconds for news of others, however much we say of ourselves", () => {
    const core = calmCore(20, EAGER);
    for (let count = 0; count < 20; count += 1) {
      const meta = Uint8Array.of(count);
      core.call(() => core.swim.updateMeta(meta, { timeoutMs: 1 }, core.nowMs, () => {}));
      core.advance(5);
    }
    core.takeSent();

    news(core, 2, 1);
    core.advance(5);

    expect(toldCounts(core).get("m2")).toBe(5);
  });

  it("takes along what was told before and has transmissions left", () => {
    const core = calmCore(110, EAGER);
    news(core, 2, 1);
    core.advance(0);
    core.takeSent();

    news(core, 3, 1);
    core.advance(5);

    // Ring steps of 111 members; of twelve transmissions the first news has five left.
    expect(toldCounts(core)).toEqual(
      new Map([
        ["m3", 7],
        ["m2", 5],
      ]),
    );
  });

  it("is followed by others while something was never told, as its rate allows", () => {
    const core = calmCore(20, { ...EAGER, eagerGossipPerSecond: 5 });
    // Two of these fill a packet.
    news(core, 2, 20, new Uint8Array(500));

    core.advance(0);
    expect(toldCounts(core).size).toBe(10);
    core.advance(1_100);

    expect(toldCounts(core).size).toBe(10);
  });

  it("waits for its rate, and then leaves without a regular round", () => {
    const core = calmCore(20, { ...EAGER, eagerGossipPerSecond: 5 });
    news(core, 2, 1);
    core.advance(0);
    expect(core.takeSent().length).toBe(5);

    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "stranger" });
    core.advance(199);
    expect(core.takeSent()).toEqual([]);
    core.advance(6);

    expect(namesIn(core.takeMessages())).toContain("self");
  });

  it("spends its rate on the living first, and the dead have what is left", () => {
    const core = new LoneCore({ ...EAGER, eagerGossipPerSecond: 5, gossipToTheDeadMs: 60_000 });
    fillTable(core, 20);
    for (let number = 2; number < 12; number += 1) {
      core.receive({ kind: "dead", incarnation: 1, node: `m${number}`, from: "m20" });
    }
    drainRumours(core);
    core.advance(5_000);
    drainRumours(core);

    news(core, 20, 1);
    core.advance(0);

    // Four steps of a ring of eleven.
    const isDead = core.takeSent().map(({ target }) => Number(target.address.split(".")[3]) < 12);
    expect(isDead).toEqual([false, false, false, false, true]);
  });
});

describe("a member whose rounds begin late", () => {
  /** Ten pieces of news, and the round for them so many milliseconds after it was due. */
  function roundAfter(lateMs: number): LoneCore {
    const core = calmCore(20, { ...EAGER, compress: true });
    news(core, 2, 10, new Uint8Array(60));
    core.nowMs += lateMs;
    core.call(() => core.swim.handleTimeout(core.nowMs));
    return core;
  }

  /** Of the first packet. */
  const bytesOf = (core: LoneCore): number => core.takeSent()[0]?.bytes.length ?? 0;

  it("does not compress what it sends, until it has caught up", () => {
    const onTime = bytesOf(roundAfter(10));
    const late = roundAfter(11);
    expect(bytesOf(late)).toBeGreaterThan(2 * onTime);

    drainRumours(late);
    late.advance(1_000);
    news(late, 2, 10, new Uint8Array(60));
    late.advance(5);
    const again = bytesOf(late);
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(1.1 * onTime);
  });

  it("tells two members along the ring, and leaves the rest of the transmissions to the rounds", () => {
    // Five steps of a ring of 21.
    expect(roundAfter(10).takeSent()).toHaveLength(5);
    const late = roundAfter(11);
    expect(late.takeSent()).toHaveLength(2);
    // Of the eight there are.
    for (let pings = 0; pings < 6; pings += 1) {
      late.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
      expect(toldCounts(late).size).toBe(10);
    }
    expect(late.swim.broadcastQueueDepth).toBe(0);
  });

  it("tells a claim of its own to all along the ring", () => {
    const core = calmCore(20, { ...EAGER, compress: true });
    news(core, 2, 10);
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "m2" });
    core.takeSent();
    core.nowMs += 11;
    core.call(() => core.swim.handleTimeout(core.nowMs));

    expect(core.takeSent()).toHaveLength(5);
  });

  it("waits longer for more news, since every packet costs time", () => {
    for (const [lateMs, waitMs] of [
      [10, 80],
      [11, 200],
    ] as const) {
      const core = roundAfter(lateMs);
      core.takeSent();
      news(core, 12, 1);
      core.advance(waitMs - 1);
      expect(core.takeSent()).toEqual([]);
      core.advance(1);
      expect(core.takeSent().length).toBeGreaterThan(0);
    }
  });
});

describe("a claim of our own while news of others waits for more", () => {
  /** A core whose next round is 80 ms away, with a refutation to tell. */
  function refuting(): LoneCore {
    const core = calmCore(20, EAGER);
    news(core, 2, 10);
    core.advance(0);
    news(core, 12, 1);
    core.advance(1);
    core.takeSent();
    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "stranger" });
    return core;
  }

  it("does not wait, and takes the others along", () => {
    const core = refuting();

    core.advance(4);

    const told = toldCounts(core);
    expect([told.get("self"), told.get("m12")]).toEqual([5, 5]);
  });

  it("is not put off by further news", () => {
    const core = refuting();

    news(core, 13, 1);
    core.advance(4);

    expect(toldCounts(core).get("self")).toBe(5);
  });

  it("would have waited if it were news of somebody else", () => {
    const core = calmCore(20, EAGER);
    news(core, 2, 10);
    core.advance(0);
    core.takeSent();
    news(core, 12, 1);

    core.advance(79);
    expect(core.takeSent()).toEqual([]);
    core.advance(1);

    expect(toldCounts(core).get("m12")).toBe(5);
  });
});

describe("a cluster in which much happens", () => {
  it("is one of more than 128: in a smaller one answers carry what is new", () => {
    const isInAnswer = (memberCount: number): boolean => {
      const core = busyCore(memberCount);
      news(core, 2, 5);
      core.takeSent();
      core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
      return namesIn(core.takeMessages()).includes("m3");
    };

    expect(isInAnswer(127)).toBe(true);
    expect(isInAnswer(128)).toBe(false);
  });

  it("does not keep the layer above waiting for news of members", () => {
    let waiting = 1;
    const core = busyCore(140, {
      delegate: {
        takeBroadcasts: () => (waiting-- > 0 ? [Uint8Array.of(7)] : []),
        hasBroadcasts: () => waiting > 0,
      },
    });
    drainRumours(core);
    waiting = 1;

    core.call(() => core.swim.requestGossip(core.nowMs));
    core.advance(5);

    expect(core.takeMessages()).toContainEqual({ kind: "user", payload: Uint8Array.of(7) });
  });

  it("leaves the layer above its share of each packet, within the budget", () => {
    const limits: number[] = [];
    let isAsked = false;
    const core = busyCore(140, {
      userBroadcastShare: 0.25,
      delegate: {
        takeBroadcasts: (overheadBytes, limitBytes) => {
          if (!isAsked) return [];
          limits.push(limitBytes);
          return [new Uint8Array(limitBytes - overheadBytes)];
        },
        hasBroadcasts: () => isAsked,
      },
    });
    isAsked = true;
    // Whoever was silent has no share of the next three packets.
    for (let count = 0; count < 4; count += 1) {
      core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
    }
    core.takeSent();
    limits.length = 0;

    news(core, 2, 60);
    core.advance(5);

    const sent = core.takeSent();
    expect(sent.length).toBeGreaterThanOrEqual(12);
    expect(new Set(sent.map(({ bytes }) => bytes.length))).toEqual(new Set([1_400]));
    expect(Math.min(...limits)).toBeGreaterThanOrEqual(Math.floor(1_393 * 0.25));
    for (const { messages } of sent) {
      expect(messages.filter(({ kind }) => kind === "user").length).toBe(1);
      expect(namesIn(messages).length).toBe(messages.length - 1);
    }
  });

  it("never asks the layer above for less than one byte", () => {
    const limits: number[] = [];
    const core = busyCore(140, {
      userBroadcastShare: 0,
      delegate: {
        takeBroadcasts: (_overheadBytes, limitBytes) => {
          limits.push(limitBytes);
          return [];
        },
        hasBroadcasts: () => false,
      },
    });
    limits.length = 0;

    for (let metaBytes = 0; metaBytes < 80; metaBytes += 1) {
      news(core, 2, 12, new Uint8Array(metaBytes));
      core.advance(80);
    }

    expect(Math.min(...limits)).toBeLessThan(40);
    expect(Math.min(...limits)).toBeGreaterThan(3);
  });

  it("does not make us send above the rate", () => {
    const core = busyCore(140, { eagerGossipPerSecond: 20 });
    core.advance(5_000);
    drainRumours(core);

    for (let round = 0; round < 10; round += 1) {
      news(core, 2, 40);
      core.advance(80);
    }

    // Twenty at once, and one every fifty milliseconds.
    const sentCount = core.takeSent().length;
    expect(sentCount).toBeGreaterThan(30);
    expect(sentCount).toBeLessThanOrEqual(20 + 16);
  });

  it("tells a member no more in a round than eight packets hold, whoever told what meanwhile", () => {
    const core = busyCore(140);
    const meta = new Uint8Array(500);
    news(core, 2, 40, meta);
    news(core, 2, 20, meta);

    core.advance(5);

    const counts = new Map<string, number>();
    for (const { messages, target } of core.takeSent()) {
      const count = namesIn(messages).length;
      counts.set(target.address, (counts.get(target.address) ?? 0) + count);
    }
    // Of messages of 560 bytes and two of overhead 19 are below 8 · 1,393.
    expect([...counts.values()]).toEqual([19, 19, 19, 19, 19, 19]);
  });

  it("counts claims of our own among what a member is told in a round", () => {
    const newsCount = (isAccused: boolean): number => {
      const core = busyCore(140);
      const claim = { incarnation: core.nowMs };
      // Twenty of these are what eight packets hold, but for four bytes.
      const bareBytes = encodeMessage(aliveOf("m10", 10, claim)).length;
      const meta = new Uint8Array(555 - bareBytes - 2);
      expect(encodeMessage(aliveOf("m10", 10, { ...claim, meta })).length).toBe(555);
      if (isAccused) {
        core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "stranger" });
      }
      news(core, 10, 40, meta);
      core.advance(5);
      const told = namesIn(core.takeMessages()).filter((name) => name !== "self");
      return told.length / 6;
    };

    expect([newsCount(false), newsCount(true)]).toEqual([20, 19]);
  });

  it("lets a regular round bring the eager one forward, which then is all that is new", () => {
    const core = busyCore(140, { gossipIntervalMs: 30 });
    news(core, 2, 10);
    while (!namesIn(core.takeMessages()).includes("m2")) core.advance(1);

    news(core, 20, 6);
    let waitedMs = 0;
    while ((toldCounts(core).get("m20") ?? 0) < 6) {
      core.advance(1);
      waitedMs += 1;
    }

    expect(waitedMs).toBeLessThanOrEqual(31);
  });

  it("has regular rounds of as many targets as ever once nothing is new", () => {
    const core = busyCore(140, { gossipIntervalMs: 100, retransmitMultiplier: 20 });
    news(core, 2, 10);
    core.advance(100);
    core.takeSent();

    core.advance(1_000);

    expect(core.takeSent().length).toBe(10 * 3);
  });

  it("counts what others told as told, and tells it the next two in the ring", () => {
    const core = busyCore(140, { gossipIntervalMs: 200, retransmitMultiplier: 20 });
    news(core, 2, 20);
    news(core, 2, 1);
    core.advance(30_000);

    const told = toldCounts(core);
    // Sixty transmissions each: 45 are spared once; of the others the ring takes two, not six.
    expect([told.get("m2"), told.get("m3")]).toEqual([15, 60]);
  });
});
