import { describe, expect, it } from "vitest";
import type { PushPullNode } from "@x/swim/wire";
import { startJoin, state } from "./support/exchanges.ts";
import {
  aliveOf,
  endpoint,
  entryOf,
  LoneCore,
  type LoneCoreSettings,
} from "./support/lone-core.ts";
import { coresOfOnePool } from "./support/shared-pool.ts";

describe("an accepted push/pull (behaviour specification §8)", () => {
  it("is answered with the table as it was before, and merged", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 3 }));

    const { id, reply } = core.dialWith(state([entryOf("b", 3)]));

    expect(reply).toMatchObject({ kind: "push-pull", isJoin: false });
    const nodes = reply?.kind === "push-pull" ? reply.nodes : [];
    expect(nodes.map(({ name, incarnation }) => `${name} ${incarnation}`)).toEqual([
      "self 1",
      "a 3",
    ]);
    expect(core.swim.member("b")?.state).toBe("alive");
    expect(core.hasClosed(id)).toBe(true);
  });

  it("repeats the join flag and carries both states of the layer above", () => {
    const merged: unknown[] = [];
    const core = new LoneCore({
      delegate: {
        localState: (isJoin) => Uint8Array.of(isJoin ? 1 : 0),
        mergeRemoteState: (bytes, isJoin) => void merged.push([...bytes, isJoin]),
      },
    });

    const { reply } = core.dialWith(state([], { isJoin: true, userState: Uint8Array.of(7) }));
    core.dialWith(state([]));

    expect(reply).toMatchObject({ isJoin: true, userState: Uint8Array.of(1) });
    expect(merged).toEqual([[7, true]]);
  });

  it("takes remote deaths for suspicions of our own, departures for departures (§3.5)", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);

    core.dialWith(
      state([
        entryOf("a", 2, { state: 1 }),
        entryOf("b", 3, { state: 2 }),
        entryOf("c", 4, { state: 3 }),
        entryOf("d", 5, { incarnation: 2 }),
      ]),
    );

    const states = ["a", "b", "c", "d"].map((name) => core.swim.member(name)?.state);
    expect(states).toEqual(["suspect", "suspect", "left", "alive"]);
    expect(core.swim.member("d")?.incarnation).toBe(2);
    const accusers = core.events.flatMap((event) =>
      event.kind === "member-suspected" ? [event.accuser] : [],
    );
    expect(accusers).toEqual(["self", "self"]);
  });

  it("lets a new member join with exactly one event, and refutes what is said of us", () => {
    const core = new LoneCore();

    core.dialWith(state([entryOf("a", 2), entryOf("self", 1, { state: 2, incarnation: 4 })]));

    expect(core.eventNames().slice(1)).toEqual(["member-joined a"]);
    expect(core.swim.localMember.incarnation).toBe(5);
  });

  it("is merged in slices, without losing an entry", () => {
    const core = new LoneCore({ mergeSliceLimit: 10 });
    const nodes = Array.from({ length: 45 }, (_, index) =>
      entryOf(`m${index}`, 2, { port: 1_000 + index }),
    );

    core.dialWith(state(nodes));
    const afterOne = core.swim.memberCount;
    core.advance(0);

    expect(afterOne).toBeLessThan(46);
    expect(core.swim.memberCount).toBe(46);
    expect(core.reportsOf("push-pull-merged")).toMatchObject([{ memberCount: 45 }]);
  });

  it("of a large cluster is asked for and answered apart from collecting the state", () => {
    const core = new LoneCore();
    const nodes = Array.from({ length: 2_001 }, (_, index) =>
      entryOf(`m${index}`, 2, { port: 1_000 + index }),
    );
    core.dialWith(state(nodes));
    core.advance(0);

    const { id, reply } = core.dialWith(state([]));
    const { streamId } = startJoin(core);
    core.opened(streamId);
    const askedAtOnce = core.written(streamId, "acceptor");
    const isClosedEarly = core.hasClosed(id);
    core.advance(0);

    expect([reply, askedAtOnce, isClosedEarly]).toEqual([undefined, undefined, false]);
    expect(core.written(id, "dialler")).toMatchObject({ kind: "push-pull" });
    expect(core.hasClosed(id)).toBe(true);
    const asked = core.written(streamId, "acceptor");
    expect(asked?.kind === "push-pull" ? asked.nodes.length : 0).toBe(2_002);
  });

  it("of a large cluster in one process is answered at once: it is collected encoded", () => {
    const { core, others } = coresOfOnePool();
    const nodes = Array.from({ length: 2_001 }, (_, index) =>
      entryOf(`m${index}`, 2, { port: 1_000 + index }),
    );
    for (const each of [core, ...others]) {
      each.dialWith(state(nodes));
      each.advance(0);
    }

    const replies = [core, ...others].map((each) => each.dialWith(state([])).reply);

    const counts = replies.map((reply) => (reply?.kind === "push-pull" ? reply.nodes.length : 0));
    expect(counts).toEqual([2_002, 2_002, 2_002]);
  });

  it("is closed unread when too many are being merged", () => {
    const core = new LoneCore({ mergeSliceLimit: 2, pushPullServeLimit: 1 });
    const nodes = [2, 3, 4, 5, 6].map((number) => entryOf(`m${number}`, number));
    const first = core.dialWith(state(nodes));
    while (core.written(first.id, "dialler") === undefined) {
      core.call(() => core.swim.handleTimeout(core.nowMs));
    }

    const second = core.dialWith(state([entryOf("d", 9)]));

    expect(core.hasClosed(first.id) && core.hasClosed(second.id)).toBe(true);
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "limit-reached" }]);
    expect(second.reply).toBeUndefined();
    core.advance(0);
    expect(core.swim.memberCount).toBe(6);
  });
});

describe("a push/pull that strangers make large or wrong", () => {
  it("is closed unread when the members that wait would be more than one message may hold", () => {
    const core = new LoneCore({ mergeSliceLimit: 2, wireLimits: { pushPullNodes: 6 } });
    const nodes = [2, 3, 4, 5, 6].map((number) => entryOf(`m${number}`, number));
    const first = core.dialWith(state(nodes));
    while (core.written(first.id, "dialler") === undefined) {
      core.call(() => core.swim.handleTimeout(core.nowMs));
    }

    const refused = core.dialWith(state([entryOf("d", 9), entryOf("e", 8)]));

    expect(refused.reply).toBeUndefined();
    expect(core.reportsOf("stream-rejected")).toMatchObject([{ code: "limit-reached" }]);
    core.advance(0);
    expect(core.dialWith(state([entryOf("d", 9), entryOf("e", 8)])).reply).toBeDefined();
  });

  it("is merged without its impossible members, and says how many they were", () => {
    const core = new LoneCore();

    core.dialWith(state([entryOf("a", 2), entryOf("", 3), entryOf("c", 4, { state: 9 })]));

    expect(core.swim.memberCount).toBe(2);
    expect(core.reportsOf("members-refused")).toEqual([
      { kind: "members-refused", endpoint: endpoint(9), count: 2 },
    ]);
  });
});

describe("the versions of a push/pull (behaviour specification §12)", () => {
  const versions = (...numbers: number[]): Uint8Array => Uint8Array.from(numbers);

  it.each([
    ["the same", [1, 5, 2, 0, 0, 0], true],
    ["a wider range", [1, 9, 2, 0, 3, 0], true],
    ["a protocol we do not understand", [6, 9, 6, 0, 0, 0], false],
    ["a range in which ours does not lie", [3, 5, 3, 0, 0, 0], false],
    ["a delegate protocol we do not understand", [1, 5, 2, 1, 3, 2], false],
  ])("with %s", (_what, numbers, isAgreed) => {
    const core = new LoneCore();

    const { reply } = core.dialWith(state([entryOf("a", 2, { versions: versions(...numbers) })]));

    expect(reply?.kind).toBe(isAgreed ? "push-pull" : "error");
    expect(core.swim.member("a")?.state).toBe(isAgreed ? "alive" : undefined);
    expect(core.reportsOf("version-mismatch").length).toBe(isAgreed ? 0 : 1);
  });

  it.each([
    ["both of our protocols", [2, 2, 2, 0, 0, 0], true],
    ["a delegate protocol above what we understand", [1, 5, 2, 0, 5, 1], false],
    ["a delegate protocol we do not speak", [1, 5, 2, 1, 1, 1], false],
    ["a protocol above its own range", [1, 3, 4, 0, 0, 0], false],
  ])("with %s", (_what, numbers, isAgreed) => {
    const core = new LoneCore();

    core.dialWith(state([entryOf("a", 2, { versions: versions(...numbers) })]));

    expect(core.swim.member("a")?.state).toBe(isAgreed ? "alive" : undefined);
  });

  it.each([
    ["that is ours", [1, 5, 2, 0, 4, 3], true],
    ["at our least", [1, 5, 2, 0, 4, 2], true],
    ["at our greatest", [1, 5, 2, 0, 9, 4], true],
    ["below our least", [1, 5, 2, 0, 4, 1], false],
    ["above our greatest", [1, 5, 2, 0, 9, 5], false],
    ["that is ours, of a member that would not understand it", [1, 5, 2, 4, 5, 4], false],
    ["at our least, of a member that understands no more", [1, 5, 2, 0, 2, 2], false],
  ])("with a delegate protocol %s", (_what, numbers, isAgreed) => {
    const core = new LoneCore({
      delegateProtocolMin: 2,
      delegateProtocolMax: 4,
      delegateProtocolVersion: 3,
    });

    const { reply } = core.dialWith(state([entryOf("a", 2, { versions: versions(...numbers) })]));

    expect(reply?.kind).toBe(isAgreed ? "push-pull" : "error");
  });

  it("are measured by those we know to be alive, and by nobody else", () => {
    const known = aliveOf("known", 3, { versions: versions(1, 3, 2, 0, 0, 0) });
    const newcomer = state([entryOf("a", 2, { versions: versions(1, 5, 4, 0, 0, 0) })]);
    const meets = (isDead: boolean): string | undefined => {
      const core = new LoneCore();
      core.receive(known);
      if (isDead) core.receive({ kind: "dead", incarnation: 1, node: "known", from: "b" });
      return core.dialWith(newcomer).reply?.kind;
    };

    expect([meets(false), meets(true)]).toEqual(["error", "push-pull"]);
  });

  it("name the member of ours that does not fit, if it is alive", () => {
    const core = new LoneCore({ protocolVersion: 3 });
    const ours = versions(1, 5, 2, 0, 0, 0);
    core.receive([aliveOf("dead", 3, { versions: ours })]);
    core.receive({ kind: "dead", incarnation: 1, node: "dead", from: "x" });
    core.receive([aliveOf("fits", 4, { versions: versions(1, 5, 4, 0, 0, 0) })]);
    core.receive([aliveOf("b", 5, { versions: ours })]);

    core.dialWith(state([entryOf("a", 2, { versions: versions(3, 5, 3, 0, 0, 0) })]));

    expect(core.reportsOf("version-mismatch")).toMatchObject([{ scope: "exchange", name: "b" }]);
  });

  it("may clash between two others: also then everything is refused", () => {
    const core = new LoneCore();
    const nodes = [
      entryOf("a", 2, { versions: versions(1, 3, 2, 0, 0, 0) }),
      entryOf("b", 3, { versions: versions(1, 5, 4, 0, 0, 0) }),
    ];

    const { reply } = core.dialWith(state(nodes));

    expect(reply?.kind).toBe("error");
    expect(core.swim.memberCount).toBe(1);
  });

  it.each([
    ["of a dead member that fits nobody", { state: 2, versions: versions(7, 7, 7, 0, 0, 0) }],
    ["without versions", { versions: new Uint8Array(0) }],
  ])("leave out a single record %s (§19.9)", (_what, more) => {
    const core = new LoneCore();

    const { reply } = core.dialWith(state([entryOf("bad", 2, more), entryOf("good", 3)]));

    expect(reply?.kind).toBe("push-pull");
    expect(core.swim.allMembers().map(({ name }) => name)).toEqual(["self", "good"]);
    expect(core.reportsOf("version-mismatch")).toMatchObject([{ scope: "record", name: "bad" }]);
  });
});

describe("the veto on a merge", () => {
  const vetoing: LoneCoreSettings = {
    delegate: {
      vetoMerge: (members) => (members.some(({ name }) => name === "bad") ? "no" : undefined),
    },
  };

  it("is told to the joiner, and nothing is merged (behaviour specification §19.8)", () => {
    const core = new LoneCore(vetoing);

    const { reply } = core.dialWith(state([entryOf("bad", 2)], { isJoin: true }));

    expect(reply).toEqual({ kind: "error", error: "no" });
    expect(core.swim.memberCount).toBe(1);
  });

  it("is asked on a join only", () => {
    const core = new LoneCore(vetoing);

    core.dialWith(state([entryOf("bad", 2)]));

    expect(core.swim.memberCount).toBe(2);
  });

  it("fails the join on our side too", () => {
    const core = new LoneCore(vetoing);
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);

    core.answer(streamId, state([entryOf("bad", 2)], { isJoin: true }));

    expect(outcome()).toMatchObject({ joinedCount: 0, failures: [{ message: "no" }] });
    expect(core.swim.memberCount).toBe(1);
  });
});

describe("a join (behaviour specification §9)", () => {
  it("sends our state, takes theirs and counts", () => {
    const core = new LoneCore();
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);
    expect(core.written(streamId, "acceptor")).toMatchObject({
      isJoin: true,
      nodes: [{ name: "self" }],
    });

    core.answer(streamId, state([entryOf("a", 2)], { isJoin: true }));

    expect(outcome()).toEqual({ joinedCount: 1, failures: [] });
    expect(core.swim.memberCount).toBe(2);
    expect(core.reportsOf("push-pull-started")).toMatchObject([
      { name: "", endpoint: endpoint(2), isJoin: true },
    ]);
  });

  it("is followed by one more exchange within two seconds in a cluster above 32, since others arrive at the same time", () => {
    const exchangesAfter = (entryCount: number, ...pausesMs: readonly number[]): number[] => {
      const core = new LoneCore({ pushPullIntervalMs: 3_600_000 });
      const { streamId } = startJoin(core);
      core.opened(streamId);
      const nodes = Array.from({ length: entryCount }, (_, index) =>
        entryOf(`m${index}`, 2, { port: 1 + index }),
      );
      core.answer(streamId, state(nodes, { isJoin: true }));
      return pausesMs.map((pauseMs) => {
        core.advance(pauseMs);
        return core.reportsOf("push-pull-started").length;
      });
    };

    expect(exchangesAfter(32, 999, 1_002, 60_000)).toEqual([1, 2, 2]);
    expect(exchangesAfter(31, 999, 1_002, 60_000)).toEqual([1, 1, 1]);
  });

  it("is followed by looks that show our own record only, as long as they find strangers", () => {
    const core = new LoneCore({ pushPullIntervalMs: 3_600_000 });
    const entries = (count: number): PushPullNode[] =>
      Array.from({ length: count }, (_, index) => entryOf(`m${index}`, 2, { port: 1 + index }));
    const { streamId } = startJoin(core);
    core.opened(streamId);
    core.answer(streamId, state(entries(40), { isJoin: true }));
    const shown: number[] = [];
    const look = (count: number): void => {
      core.advance(2_000);
      const dialled = core.dialled().at(-1)?.streamId ?? 0;
      core.opened(dialled);
      const written = core.written(dialled, "acceptor");
      if (written?.kind === "push-pull") shown.push(written.nodes.length);
      core.answer(dialled, state(entries(count)));
    };

    look(41);
    look(41);
    core.advance(10_000);

    expect(core.swim.memberCount).toBe(42);
    expect(shown).toEqual([1, 1]);
    expect(core.reportsOf("push-pull-started").length).toBe(3);
  });

  it("does not tell a large cluster what the cluster knows, unless we knew somebody before", () => {
    const depthAfter = (entryCount: number, knowsSomebody: boolean): number => {
      const core = new LoneCore();
      if (knowsSomebody) core.receive(aliveOf("z", 200));
      const before = core.swim.broadcastQueueDepth;
      const { streamId } = startJoin(core);
      core.opened(streamId);
      const nodes = Array.from({ length: entryCount }, (_, index) =>
        entryOf(`m${index}`, 2, { port: 1 + index }),
      );
      core.answer(streamId, state(nodes, { isJoin: true }));
      return core.swim.broadcastQueueDepth - before;
    };

    expect([depthAfter(64, false), depthAfter(65, false), depthAfter(65, true)]).toEqual([
      64, 0, 65,
    ]);
  });

  it("fails when nobody answers within the stream timeout", () => {
    const core = new LoneCore({ streamTimeoutMs: 700 });
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);

    core.advance(699);
    expect(outcome()).toBeUndefined();
    core.advance(1);

    expect(outcome()).toMatchObject({
      joinedCount: 0,
      failures: [{ message: "no answer in time" }],
    });
    expect(core.hasClosed(streamId)).toBe(true);
  });

  it("fails with what the other side says", () => {
    const core = new LoneCore();
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);

    core.answer(streamId, { kind: "error", error: "go away" });

    expect(outcome()).toMatchObject({ failures: [{ message: "go away" }] });
  });

  it("fails when the connection is refused, or closed without an answer", () => {
    const core = new LoneCore();
    const refused = startJoin(core);
    const failure = { code: "refused", message: "connection refused" } as const;
    core.call(() =>
      core.swim.handleStream({ kind: "failed", streamId: refused.streamId, failure }, core.nowMs),
    );
    const closed = startJoin(core);
    core.opened(closed.streamId);
    core.call(() =>
      core.swim.handleStream({ kind: "ended", streamId: closed.streamId }, core.nowMs),
    );

    expect(refused.outcome()).toMatchObject({ failures: [{ message: "connection refused" }] });
    expect(closed.outcome()).toMatchObject({ joinedCount: 0 });
    expect(core.reportsOf("push-pull-failed").map(({ code }) => code)).toEqual([
      "refused",
      "closed",
    ]);
  });

  it("contacts all, a bounded number at a time", () => {
    const core = new LoneCore({ joinParallelism: 2 });
    const targets = [2, 3, 4].map((number) => ({ endpoint: endpoint(number), text: `${number}` }));
    let joinedCount = -1;
    core.call(() =>
      core.swim.join(targets, core.nowMs, (outcome) => {
        ({ joinedCount } = outcome);
      }),
    );
    expect(core.dialled().length).toBe(2);

    for (let index = 0; index < 3; index += 1) {
      const streamId = core.dialled()[index]?.streamId ?? -1;
      core.opened(streamId);
      core.answer(streamId, state([]));
    }

    expect(core.dialled().length).toBe(3);
    expect(joinedCount).toBe(3);
  });

  it("tells failures in the order of the addresses, whichever fails first", () => {
    const core = new LoneCore();
    const targets = [2, 3, 4].map((number) => ({ endpoint: endpoint(number), text: `${number}` }));
    let failed: readonly string[] = [];
    core.call(() =>
      core.swim.join(targets, core.nowMs, ({ failures }) => {
        failed = failures.map(({ target }) => target.text);
      }),
    );
    const failure = { code: "refused", message: "connection refused" } as const;

    for (const { streamId } of core.dialled().toReversed()) {
      core.call(() => core.swim.handleStream({ kind: "failed", streamId, failure }, core.nowMs));
    }

    expect(failed).toEqual(["2", "3", "4"]);
  });

  it("wants names when names are required", () => {
    const core = new LoneCore({ requireNames: true });

    const { outcome } = startJoin(core);

    expect(outcome()).toMatchObject({ joinedCount: 0 });
    expect(core.dialled()).toEqual([]);
    expect(core.reportsOf("push-pull-failed")).toMatchObject([{ code: "name-required" }]);
  });

  it("of nobody settles at once", () => {
    const core = new LoneCore();
    let joinedCount = -1;

    core.call(() => core.swim.join([], core.nowMs, (outcome) => ({ joinedCount } = outcome)));

    expect(joinedCount).toBe(0);
  });
});

describe("a state that tells what we know", () => {
  it("is passed over without a trace, and counted", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    const before = core.events.length;

    core.dialWith(state([entryOf("a", 2), entryOf("b", 3), entryOf("c", 4)]));

    expect(core.reportsOf("push-pull-merged")).toMatchObject([{ memberCount: 3 }]);
    expect(core.eventNames().slice(before)).toEqual(["member-joined c"]);
  });

  it.each([
    ["a greater incarnation", { incarnation: 2, meta: Uint8Array.of(1) }, "member-updated a"],
    ["a state that is not alive", { state: 1 }, "member-suspected a"],
    ["a departure", { state: 3 }, "member-left a"],
  ])("is not passed over for %s", (_what, more, event) => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);

    core.dialWith(state([entryOf("a", 2, more), entryOf("b", 3)]));

    expect(core.eventNames().at(-1)).toBe(event);
  });

  it("is not passed over for another address: somebody else has the name", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.dialWith(state([entryOf("a", 3)]));

    expect(core.reportsOf("name-conflict")).toMatchObject([{ name: "a" }]);
  });

  it("is shown in full to whoever may veto a join", () => {
    const shown: number[] = [];
    const vetoMerge = (members: readonly unknown[]): undefined => void shown.push(members.length);
    const core = new LoneCore({ delegate: { vetoMerge } });
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);

    core.dialWith(state([entryOf("a", 2), entryOf("b", 3)], { isJoin: true }));

    expect(shown).toEqual([2]);
  });
});

describe("regular exchanges", () => {
  it("pick an alive member, else a suspect, and stretch with the cluster", () => {
    const core = new LoneCore({ pushPullIntervalMs: 1_000, streamTimeoutMs: 100 });
    core.advance(5_000);
    expect(core.dialled()).toEqual([]);

    core.receive(aliveOf("a", 2));
    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
    core.advance(2_000);
    expect(core.dialled().map(({ target }) => target)).toContainEqual(endpoint(2));

    const before = core.dialled().length;
    for (let number = 3; number < 70; number += 1) core.receive(aliveOf(`m${number}`, number));
    core.advance(30_000);
    expect(core.dialled().length - before).toBeLessThanOrEqual(11);
  });
});
