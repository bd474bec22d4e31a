import { describe, expect, it } from "vitest";
import { Cluster } from "./support/cluster.ts";
import { aliveOf, endpoint, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";

describe("leaving (behaviour specification §3.6, §10)", () => {
  it("lists one member at the leaver and at its peer, which holds it as left", () => {
    const cluster = new Cluster();
    const [first, second] = [cluster.add("a"), cluster.add("b")];
    cluster.join(second, first);
    cluster.runFor(2_000);
    let outcome: unknown;

    cluster.call(second, () =>
      second.swim.leave({ timeoutMs: 5_000 }, cluster.nowMs, (settled) => {
        outcome = settled;
      }),
    );
    cluster.runUntil(() => outcome !== undefined, 6_000);

    expect(outcome).toEqual({ timedOut: false });
    expect([first.swim.memberCount, second.swim.memberCount]).toEqual([1, 1]);
    expect(first.swim.member("b")?.state).toBe("left");
    expect(first.events.at(-1)).toMatchObject({ kind: "member-left", member: { state: "left" } });
    expect(second.swim.isLeaving).toBe(true);
  });

  it("goes out at once along the ring, before all other news (§19.6)", () => {
    const core = new LoneCore({ eagerGossip: true, gossipIntervalMs: 60_000, gossipFanout: 3 });
    for (let number = 2; number < 8; number += 1) core.receive(aliveOf(`m${number}`, number));
    core.advance(100);
    core.takeSent();

    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));
    core.advance(0);

    const sent = core.takeSent();
    expect(sent.length).toBe(3);
    expect(sent[0]?.messages[0]).toMatchObject({
      kind: "dead",
      node: "self",
      from: "self",
      incarnation: 1,
    });
  });

  it("settles at once when alone, and a second time", () => {
    const core = new LoneCore();
    const outcomes: unknown[] = [];
    const leave = (): void =>
      core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, (it) => outcomes.push(it)));

    leave();
    leave();

    expect(outcomes).toEqual([{ timedOut: false }, { timedOut: false }]);
    expect(core.eventNames().at(-1)).toBe("member-left self");
  });

  it("gives up waiting after its time", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    let outcome: unknown;
    core.call(() => core.swim.leave({ timeoutMs: 700 }, core.nowMs, (it) => (outcome = it)));

    core.advance(699);
    expect(outcome).toBeUndefined();
    core.advance(1);

    expect(outcome).toEqual({ timedOut: true });
  });

  it("is not undone by claims about us, and goes on answering", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));
    core.takeSent();

    core.receive([aliveOf("self", 1, { incarnation: 9 })]);
    core.receive({ kind: "dead", incarnation: 9, node: "self", from: "a" });
    core.receive({ kind: "ping", sequenceNumber: 3, node: "self" });

    expect(core.swim.localMember.state).toBe("left");
    expect(core.takeMessages()[0]).toMatchObject({ kind: "ack", sequenceNumber: 3 });
  });

  it("ends with the next join, at a fresh incarnation (§19.5)", () => {
    const cluster = new Cluster();
    const [first, second] = [cluster.add("a"), cluster.add("b")];
    cluster.join(second, first);
    cluster.runFor(2_000);
    cluster.call(second, () => second.swim.leave({ timeoutMs: 0 }, cluster.nowMs, () => {}));
    cluster.runFor(3_000);
    expect(first.swim.memberCount).toBe(1);

    cluster.join(second, first);
    cluster.runFor(1_000);

    expect(second.swim.isLeaving).toBe(false);
    expect(first.swim.member("b")).toMatchObject({ state: "alive", incarnation: 2 });
  });
});

describe("new metadata", () => {
  it("reaches the others and settles when told", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(3);
    cluster.joinAll();
    cluster.runFor(2_000);
    const [first] = members;
    let outcome: unknown;
    if (first === undefined) throw new Error("no first member");

    cluster.call(first, () =>
      first.swim.updateMeta(Uint8Array.of(7), { timeoutMs: 2_000 }, cluster.nowMs, (it) => {
        outcome = it;
      }),
    );
    cluster.runFor(2_000);

    expect(outcome).toEqual({ timedOut: false });
    for (const { swim } of members) expect(swim.member("m0")?.meta).toEqual(Uint8Array.of(7));
    expect(first.events.at(-1)).toMatchObject({ kind: "member-updated" });
  });

  it("is at most 512 bytes", () => {
    const core = new LoneCore();
    const update = (bytes: number) => () =>
      core.swim.updateMeta(new Uint8Array(bytes), { timeoutMs: 0 }, core.nowMs, () => {});

    expect(update(512)).not.toThrow();
    expect(update(513)).toThrow(RangeError);
  });

  it("set while leaving is kept for the next join", () => {
    const core = new LoneCore();
    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));

    core.call(() => core.swim.updateMeta(Uint8Array.of(3), { timeoutMs: 0 }, core.nowMs, () => {}));
    expect(core.swim.localMember.state).toBe("left");

    core.call(() => core.swim.join([], core.nowMs, () => {}));
    expect(core.swim.localMember).toMatchObject({ state: "alive", incarnation: 2 });
    expect(core.swim.localMember.meta).toEqual(Uint8Array.of(3));
  });
});

describe("coming back", () => {
  it("after a crash, at the same address: refutes its own death and is alive everywhere (§3.6)", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(4);
    cluster.joinAll();
    cluster.runFor(3_000);
    const victim = cluster.get("m3");
    cluster.kill(victim);
    const others = members.slice(0, 3);
    cluster.runUntil(() => others.every(({ swim }) => swim.memberCount === 3), 60_000);
    expect(others.map(({ swim }) => swim.memberCount)).toEqual([3, 3, 3]);

    const returned = cluster.add("m3", { advertiseEndpoint: victim.endpoint });
    cluster.join(returned, cluster.get("m0"));
    cluster.runUntil(() => others.every(({ swim }) => swim.memberCount === 4), 20_000);

    expect(others.map(({ swim }) => swim.member("m3")?.state)).toEqual(["alive", "alive", "alive"]);
    expect(others.map(({ swim }) => (swim.member("m3")?.incarnation ?? 0) > 1)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("of two halves that have forgotten each other: lost members are tried again (§19.3)", () => {
    const cluster = new Cluster();
    const members = cluster.addMany(4, { gossipToTheDeadMs: 5_000, lostMemberRetryMs: 5_000 });
    cluster.joinAll();
    cluster.runFor(3_000);
    const isLeft = (address: string): boolean =>
      members.slice(0, 2).some(({ endpoint: { address: own } }) => own === address);

    cluster.isBlocked = (from, to) => isLeft(from.address) !== isLeft(to.address);
    cluster.runFor(120_000);
    expect(members.map(({ swim }) => swim.estimatedSize)).toEqual([2, 2, 2, 2]);
    cluster.isBlocked = () => false;
    cluster.runUntil(() => members.every(({ swim }) => swim.memberCount === 4), 400_000);

    expect(members.map(({ swim }) => swim.memberCount)).toEqual([4, 4, 4, 4]);
  });
});

describe("the wait of a farewell", () => {
  function leaving(core: LoneCore, timeoutMs: number): boolean[] {
    const outcomes: boolean[] = [];
    core.call(() =>
      core.swim.leave({ timeoutMs }, core.nowMs, ({ timedOut }) => outcomes.push(timedOut)),
    );
    return outcomes;
  }

  it("is none for a member alone, and is over once", () => {
    const core = new LoneCore();
    const outcomes = leaving(core, 500);
    expect(outcomes).toEqual([false]);

    core.advance(1_000);

    expect(outcomes).toEqual([false]);
  });

  it("lasts as long as it takes without a timeout, and no longer than one, once", () => {
    const [patient, hasty] = [0, 500].map((timeoutMs) => {
      const core = new LoneCore();
      core.receive(aliveOf("a", 2));
      return { core, outcomes: leaving(core, timeoutMs) };
    });
    if (patient === undefined || hasty === undefined) throw new Error("nobody leaves");

    hasty.core.advance(499);
    expect(hasty.outcomes).toEqual([]);
    hasty.core.advance(1);
    hasty.core.call(() => hasty.core.swim.shutdown(hasty.core.nowMs));
    patient.core.advance(600_000);

    expect(hasty.outcomes).toEqual([true]);
    expect(patient.outcomes).toEqual([]);
    expect(leaving(patient.core, 500)).toEqual([false]);
  });
});

describe("reaping (behaviour specification §5.2, §19.20)", () => {
  it.each([0, 1_000])("happens by time, with a probe interval of %i ms", (probeIntervalMs) => {
    const core = new LoneCore({ probeIntervalMs, gossipToTheDeadMs: 5_000, lostMemberLimit: 0 });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "x" });
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "b" });

    core.advance(5_000);
    expect(core.swim.estimatedSize).toBe(3);
    core.advance(1_500);

    expect(core.swim.estimatedSize).toBe(1);
    expect(
      core
        .reportsOf("member-reaped")
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["a", "b"]);
  });

  it("looks four times per window, and takes who has been gone for longer than it", () => {
    const core = new LoneCore({ gossipToTheDeadMs: 30_000, environment: { random: () => 0.5 } });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.advance(3_749);
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "x" });
    core.advance(1);
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "x" });

    core.advance(29_999);
    const sizes = [core.swim.estimatedSize];
    core.advance(1);
    sizes.push(core.swim.estimatedSize);
    core.advance(7_499);
    sizes.push(core.swim.estimatedSize);
    core.advance(1);
    sizes.push(core.swim.estimatedSize);

    expect(sizes).toEqual([3, 2, 2, 1]);
  });

  it("never takes ourselves", () => {
    const core = new LoneCore({ gossipToTheDeadMs: 1_000 });
    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));

    core.advance(60_000);

    expect(core.swim.localMember.state).toBe("left");
  });

  it("remembers a bounded number of lost members, with growing pauses between tries", () => {
    const core = new LoneCore({
      gossipToTheDeadMs: 1_000,
      lostMemberLimit: 2,
      lostMemberRetryMs: 1_000,
      streamTimeoutMs: 100,
    });
    for (let number = 2; number < 7; number += 1) {
      core.receive(aliveOf(`m${number}`, number));
      core.receive({ kind: "dead", incarnation: 1, node: `m${number}`, from: "x" });
    }

    core.advance(60_000);
    const tried = core.reportsOf("lost-member-tried").length;
    core.advance(60_000);

    const names = new Set(core.reportsOf("lost-member-tried").map(({ name }) => name));
    expect(names.size).toBe(2);
    expect(tried).toBeGreaterThanOrEqual(8);
    expect(tried).toBeLessThanOrEqual(12);
    expect(core.reportsOf("lost-member-tried").length - tried).toBeLessThanOrEqual(3);
  });
});

describe("a lost member (behaviour specification §19.3)", () => {
  /** Two that are gone, one by a failure and one by its own word, at 10.0.0.2 and 10.0.0.3. */
  function lost(settings: LoneCoreSettings = {}): LoneCore {
    const core = new LoneCore({
      gossipToTheDeadMs: 1_000,
      lostMemberRetryMs: 10_000,
      streamTimeoutMs: 100,
      ...settings,
    });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "x" });
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "b" });
    core.advance(3_000);
    expect(core.reportsOf("member-reaped").length).toBe(2);
    return core;
  }

  function tried(core: LoneCore): readonly string[] {
    return core.reportsOf("lost-member-tried").map(({ name }) => name);
  }

  it("is tried after a while, unless it had left or nobody is to be", () => {
    const core = lost();
    core.advance(5_000);
    expect(tried(core)).toEqual([]);
    core.advance(10_000);

    expect(tried(core)).toEqual(["a"]);
    for (const settings of [{ lostMemberLimit: 0 }, { lostMemberRetryMs: 0 }]) {
      const other = lost(settings);
      other.advance(100_000);
      expect(tried(other)).toEqual([]);
    }
  });

  it("is forgotten once somebody answers there, who is asked for no join", () => {
    const core = lost({ streamTimeoutMs: 10_000 });
    core.advance(15_000);
    const streamId = core.dialled().at(-1)?.streamId ?? -1;
    core.opened(streamId);
    expect(core.written(streamId, "acceptor")).toMatchObject({ kind: "push-pull", isJoin: false });

    core.answer(streamId, {
      kind: "push-pull",
      isJoin: false,
      nodes: [],
      userState: new Uint8Array(0),
    });
    core.advance(600_000);

    expect(tried(core)).toEqual(["a"]);
  });

  it("is not tried once it is back", () => {
    const core = lost();
    core.receive(aliveOf("a", 2, { incarnation: 2 }));

    core.advance(100_000);

    expect(tried(core)).toEqual([]);
  });
});

describe("shutting down", () => {
  it("closes every stream, settles what is pending, and asks for nothing more", () => {
    const core = new LoneCore({ gossipIntervalMs: 100 });
    core.receive(aliveOf("a", 2));
    const inbound = core.accept();
    const settled: string[] = [];
    core.call(() =>
      core.swim.join([{ endpoint: endpoint(2), text: "x" }], core.nowMs, () =>
        settled.push("join"),
      ),
    );
    core.call(() =>
      core.swim.ping({ name: "a", endpoint: endpoint(2) }, core.nowMs, () => settled.push("ping")),
    );
    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => settled.push("leave")));

    core.call(() => core.swim.shutdown(core.nowMs));

    expect(settled.toSorted()).toEqual(["join", "leave", "ping"]);
    expect(core.hasClosed(inbound) && core.hasClosed(core.dialled()[0]?.streamId ?? -1)).toBe(true);
    expect(core.swim.nextDeadlineMs()).toBe(Infinity);
    core.takeSent();
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
    expect(core.takeSent()).toEqual([]);
  });

  it("refuses what is asked of it afterwards, and before its start", () => {
    const core = new LoneCore();
    expect(() => core.swim.start(core.nowMs)).toThrow(
      expect.objectContaining({ code: "not-started" }),
    );
    core.call(() => core.swim.shutdown(core.nowMs));
    core.call(() => core.swim.shutdown(core.nowMs));

    expect(() => core.swim.join([], core.nowMs, () => {})).toThrow(
      expect.objectContaining({ code: "shut-down" }),
    );
  });
});

describe("the hand-off (behaviour specification §14)", () => {
  it("refuses what arrives when a queue is full, and says so", () => {
    const core = new LoneCore({ inboundQueueLimit: 3 });
    const claims = Array.from({ length: 5 }, (_, index) => aliveOf(`m${index}`, 2 + index));

    core.receive(claims);

    expect(core.swim.memberCount).toBe(4);
    expect(core.reportsOf("inbound-queue-full")).toMatchObject([
      { messageKind: "alive" },
      { messageKind: "alive" },
    ]);
  });

  it("is worked off in slices, so that a burst cannot hold up an answer", () => {
    const core = new LoneCore();
    const burst = Array.from({ length: 600 }, () => ({
      kind: "user" as const,
      payload: new Uint8Array(1),
    }));

    for (let start = 0; start < 600; start += 200) core.receive(burst.slice(start, start + 200));

    expect(core.events.filter(({ kind }) => kind === "user-message").length).toBe(600);
  });

  it("lets a hook call back in", () => {
    const core: LoneCore = new LoneCore({
      delegate: {
        handleMemberEvent: (event, nowMs) => {
          if (event.kind !== "member-joined" || event.member.name !== "a") return;
          const { endpoint: target } = event.member;
          core.swim.sendBestEffort({ endpoint: target }, Uint8Array.of(1), nowMs);
          expect(core.swim.member("a")).toBe(event.member);
        },
      },
    });

    core.receive(aliveOf("a", 2));

    expect(core.takeSent()).toMatchObject([{ target: endpoint(2) }]);
  });
});
