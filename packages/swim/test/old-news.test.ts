/** What a newcomer tells on of what it has learned by joining, and what the others know already. */
import { WireState, type PushPullNode } from "@x/swim/wire";
import { describe, expect, it } from "vitest";
import {
  answerJoin,
  asked,
  entries,
  joined,
  state,
  stepUntilAnswered,
} from "./support/exchanges.ts";
import { aliveOf, entryOf, LoneCore } from "./support/lone-core.ts";
import { drainRumours } from "./support/rumours.ts";

const HOUR_MS = 3_600_000;
const WITH_GOSSIP = { gossipIntervalMs: 60_000, eagerGossip: false } as const;

function receiveSuspect(core: LoneCore, node: string): void {
  core.receive(aliveOf(node, 2, { port: 6 }));
  core.receive({ kind: "suspect", incarnation: 2, node, from: "m6" });
}

describe("what a newcomer tells on", () => {
  it("is none of what its look finds, if that is much: the others know it", () => {
    const depthAfterLook = (strangers: number): number => {
      const core = joined(40, { ...WITH_GOSSIP, pushPullIntervalMs: HOUR_MS });
      core.advance(2_000);
      const { streamId } = asked(core);
      const before = core.swim.broadcastQueueDepth;
      core.answer(streamId, state(entries(40 + strangers)));
      expect(core.swim.memberCount).toBe(41 + strangers);
      return core.swim.broadcastQueueDepth - before;
    };

    expect([depthAfterLook(64), depthAfterLook(65)]).toEqual([64, 0]);
  });

  it("is but itself while it is alone, even if the other side began: there is nobody else to tell", () => {
    const depthAfterRequest = (strangers: number): number => {
      const core = new LoneCore(WITH_GOSSIP);
      core.dialWith(state(entries(strangers)));
      expect(core.swim.memberCount).toBe(1 + strangers);
      return core.swim.broadcastQueueDepth;
    };

    expect([depthAfterRequest(64), depthAfterRequest(65)]).toEqual([1 + 64, 1]);
  });

  it.each<[string, (core: LoneCore) => void]>([
    ["alive", (core) => core.receive(aliveOf("m5", 2, { port: 6 }))],
    ["alive, at another address", (core) => core.receive(aliveOf("m5", 1, { port: 5 }))],
    ["a suspect", (core) => receiveSuspect(core, "m5")],
  ])("is none of what its join finds if all it heard of before is in there: %s", (_what, hear) => {
    const core = new LoneCore(WITH_GOSSIP);
    hear(core);
    drainRumours(core);

    answerJoin(core, entries(80));

    expect(core.swim.memberCount).toBe(81);
    expect(core.swim.broadcastQueueDepth).toBe(0);
  });

  it.each<[string, (core: LoneCore) => void, PushPullNode[]]>([
    ["it knows somebody else", (core) => core.receive(aliveOf("z", 1)), entries(80)],
    [
      "it knows somebody else, though it is itself in there",
      (core) => core.receive(aliveOf("z", 3)),
      [...entries(80), entryOf("self", 1)],
    ],
    [
      "who it knows is dead in there",
      (core) => core.receive(aliveOf("m5", 2, { port: 6 })),
      entries(80).map((entry) =>
        entry.name === "m5" ? { ...entry, state: WireState.dead } : entry,
      ),
    ],
  ])("is all that its join finds if %s", (_what, hear, nodes) => {
    const core = new LoneCore(WITH_GOSSIP);
    hear(core);
    drainRumours(core);

    answerJoin(core, nodes);

    expect(core.swim.broadcastQueueDepth).toBeGreaterThanOrEqual(79);
  });

  it("counts nobody twice: whom it holds for dead need not be in there", () => {
    const core = new LoneCore(WITH_GOSSIP);
    core.receive([aliveOf("m5", 2, { port: 6 }), aliveOf("z", 1)]);
    core.receive({ kind: "dead", incarnation: 1, node: "z", from: "m5" });
    drainRumours(core);

    answerJoin(core, entries(80));

    expect(core.swim.broadcastQueueDepth).toBe(0);
  });

  it("is all that others bring when it knows somebody", () => {
    const core = new LoneCore(WITH_GOSSIP);
    core.receive(aliveOf("m0", 1));

    core.dialWith(state(entries(80, 1_000)));

    expect(core.swim.broadcastQueueDepth).toBe(2 + 80);
  });

  it("is all that others bring when it knows somebody, even if they know that one too", () => {
    const core = new LoneCore(WITH_GOSSIP);
    core.receive(aliveOf("m0", 2, { port: 1 }));

    core.dialWith(state(entries(80)));

    expect(core.swim.broadcastQueueDepth).toBe(1 + 80);
  });

  /** Whether a member that was learned by joining is told on after one hears of it again. */
  function isToldOn(hearAgain: (core: LoneCore) => void): boolean {
    const core = joined(80, WITH_GOSSIP);
    core.takeSent();
    hearAgain(core);
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
    return core.takeMessages().some((message) => "node" in message && message.node === "m5");
  }
  const rumour = aliveOf("m5", 2, { port: 6 });

  it("is what it hears again within 300 ms: that is on its way round, and it stands in that way", () => {
    expect(isToldOn(() => {})).toBe(false);
    expect(isToldOn((core) => core.receive(rumour))).toBe(true);
    expect(
      isToldOn((core) => {
        core.advance(300);
        core.receive(rumour);
      }),
    ).toBe(true);
    expect(
      isToldOn((core) => {
        core.advance(301);
        core.receive(rumour);
      }),
    ).toBe(false);
  });

  it("is not what an exchange repeats, since an exchange is no rumour", () => {
    expect(
      isToldOn((core) => {
        const other = { port: 6, versions: Uint8Array.of(1, 5, 3, 0, 0, 0) };
        core.dialWith(state([entryOf("m5", 2, other)]));
      }),
    ).toBe(false);
  });

  it.each([
    ["at a former incarnation", { incarnation: 1 }],
    ["without versions", { versions: new Uint8Array(0) }],
  ])("is not what it hears again %s", (_what, more) => {
    const core = new LoneCore(WITH_GOSSIP);
    const known = entries(80).map((entry) => ({ ...entry, incarnation: 2 }));
    answerJoin(core, known);
    drainRumours(core);

    core.receive({ ...rumour, incarnation: 2, ...more });

    expect(core.swim.broadcastQueueDepth).toBe(0);
  });

  it("is not that a suspect is alive at the incarnation it is suspected at", () => {
    const core = joined(80, WITH_GOSSIP);
    core.receive({ kind: "suspect", incarnation: 1, node: "m5", from: "m6" });
    drainRumours(core);

    core.receive(rumour);

    expect(core.swim.member("m5")?.state).toBe("suspect");
    expect(core.swim.broadcastQueueDepth).toBe(0);
  });

  it("is told once: heard a third time it is not queued anew", () => {
    const core = joined(80, WITH_GOSSIP);
    core.receive(rumour);
    drainRumours(core);

    core.receive([rumour, rumour]);

    expect(core.swim.broadcastQueueDepth).toBe(0);
  });
});

describe("states that wait for each other", () => {
  const SLICED = { ...WITH_GOSSIP, pushPullIntervalMs: HOUR_MS, mergeSliceLimit: 10 } as const;

  /** A newcomer whose look is answered while it merges what somebody else has sent. */
  function mergesTwo(core: LoneCore, foundByLook: number): void {
    core.advance(2_000);
    const { streamId } = asked(core);
    const { id } = core.dialWith(state(entries(300, 1_000)));
    stepUntilAnswered(core, id);
    // Long enough that both wait at the same time.
    core.answer(streamId, state(entries(foundByLook, 2_000)));
    core.advance(0);
  }

  it("are each judged for themselves: what a look finds is old, what others send is news", () => {
    const core = joined(40, SLICED);
    core.advance(1_000);
    drainRumours(core);
    const memberCount = core.swim.memberCount;

    mergesTwo(core, 70);

    expect(core.swim.memberCount - memberCount).toBe(300 + 70);
    expect(core.swim.broadcastQueueDepth).toBe(300);
  });

  it("are news both where neither is much", () => {
    const core = joined(40, SLICED);
    core.advance(1_000);
    drainRumours(core);

    mergesTwo(core, 60);

    expect(core.swim.broadcastQueueDepth).toBe(300 + 60);
  });

  it("are merged in the order they came, so many members at a stretch", () => {
    const core = new LoneCore({ mergeSliceLimit: 10 });
    const steps: number[] = [];
    const step = (): void => {
      core.call(() => core.swim.handleTimeout(core.nowMs));
      steps.push(core.swim.memberCount - 1);
    };

    const { id } = core.dialWith(state(entries(25)));
    stepUntilAnswered(core, id);
    steps.push(core.swim.memberCount - 1);
    step();
    core.dialWith(state(entries(10, 100)));
    step();
    step();
    step();

    expect(steps).toEqual([0, 10, 20, 25, 35]);
    expect(core.swim.nextDeadlineMs()).toBeGreaterThan(core.nowMs);
    expect(core.reportsOf("push-pull-merged").map((report) => report.memberCount)).toEqual([
      25, 10,
    ]);
  });

  it("are merged at once where they are not more than a slice", () => {
    const core = new LoneCore({ mergeSliceLimit: 10 });

    core.dialWith(state(entries(10)));

    expect(core.swim.memberCount).toBe(11);
    expect(core.swim.nextDeadlineMs()).toBeGreaterThan(core.nowMs);
  });
});
