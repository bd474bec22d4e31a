/** When regular rounds take place, and what the dead are told in them. */
import { describe, expect, it } from "vitest";
import type { SwimDelegate } from "@x/swim";
import { seededRandom } from "./support/cluster.ts";
import { aliveOf, LoneCore } from "./support/lone-core.ts";
import { calmCore, drainRumours, fillTable, namesIn, news } from "./support/rumours.ts";

const ROUNDS = { gossipIntervalMs: 200, gossipFanout: 3, eagerGossip: false } as const;

/** Whether the core wants to be woken within an interval. */
function isAwake(core: LoneCore): boolean {
  return core.swim.nextDeadlineMs() - core.nowMs <= 200;
}

describe("regular rounds", () => {
  const take = (): Uint8Array[] => [];
  it.each<[string, SwimDelegate, boolean]>([
    ["pause while nothing waits", {}, false],
    [
      "go on for a layer above that cannot say whether it has something",
      { takeBroadcasts: take },
      true,
    ],
    [
      "go on while the layer above has something",
      { takeBroadcasts: take, hasBroadcasts: () => true },
      true,
    ],
    [
      "pause while the layer above has nothing either",
      { takeBroadcasts: take, hasBroadcasts: () => false },
      false,
    ],
  ])("%s", (_what, delegate, goesOn) => {
    const core = calmCore(5, { ...ROUNDS, delegate });

    core.receive(aliveOf("m2", 2, { incarnation: 2 }));
    expect(isAwake(core)).toBe(true);
    drainRumours(core);
    core.advance(1_000);

    expect(isAwake(core)).toBe(goesOn);
  });

  it.each([false, true])("do not exist where nobody is to be told (eager: %s)", (eagerGossip) => {
    const core = new LoneCore({ ...ROUNDS, eagerGossip, gossipFanout: 0 });
    fillTable(core, 5);

    expect(isAwake(core)).toBe(false);
    core.advance(10_000);

    expect(core.takeSent()).toEqual([]);
    expect(core.swim.broadcastQueueDepth).toBe(6);
  });

  it("and answers carry what is new where nothing else does, however much that is", () => {
    const core = calmCore(140, ROUNDS);
    news(core, 2, 10);

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(namesIn(core.takeMessages())).toContain("m3");
  });
});

describe("the dead in a regular round", () => {
  /** A core that knows one living and one dead member. @returns what each hears of the death. */
  function toldOfDeath(seed: number, retransmitMultiplier: number): readonly number[] {
    const random = seededRandom(seed);
    const environment = { random };
    const core = calmCore(2, { ...ROUNDS, retransmitMultiplier, environment });
    core.receive({ kind: "dead", incarnation: 1, node: "m2", from: "m3" });
    core.advance(5_000);
    const sent = core.takeSent();
    return [2, 3].map(
      (number) => sent.filter(({ target }) => target.address === `10.0.0.${number}`).length,
    );
  }

  it("hear what a living one is told, and never in its place", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      // One hand-out: the living member has it, whoever was chosen first.
      expect(toldOfDeath(seed, 1)).toEqual([1, 1]);
      // Two: both go to the living one, and the dead one hears the same.
      expect(toldOfDeath(seed, 2)).toEqual([2, 2]);
    }
  });
});
