/** What a newcomer tells on of what it has learned by joining, and what the others know already. */
import { describe, expect, it } from "vitest";
import { asked, entries, joined, state } from "./support/exchanges.ts";
import { aliveOf, entryOf, LoneCore } from "./support/lone-core.ts";

const HOUR_MS = 3_600_000;

describe("what a newcomer tells on", () => {
  const WITH_GOSSIP = { gossipIntervalMs: 60_000, eagerGossip: false } as const;

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

  it("is all that others bring: whoever is asked, even if alone, is no newcomer", () => {
    const core = new LoneCore(WITH_GOSSIP);

    core.dialWith(state(entries(80)));

    expect(core.swim.broadcastQueueDepth).toBe(81);
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

  it("is told once: heard a third time it is not queued anew", () => {
    const core = joined(80, WITH_GOSSIP);
    core.receive(rumour);
    const before = core.swim.broadcastQueueDepth;

    core.receive([rumour, rumour]);

    expect(core.swim.broadcastQueueDepth).toBe(before);
  });
});
