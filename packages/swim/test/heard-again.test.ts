/** What it is worth to hear from others what one still tells. */
import { describe, expect, it } from "vitest";
import { MemberRecordPool } from "@x/swim";
import { aliveOf, LoneCore } from "./support/lone-core.ts";
import { calmCore, EAGER, namesIn, toldCounts } from "./support/rumours.ts";

describe("news heard again", () => {
  /** Times a piece of news is told in all if it is heard so often after its first round. */
  function toldAfter(memberCount: number, repetitions: number, settings = {}): number {
    const core = calmCore(memberCount, { ...EAGER, gossipIntervalMs: 200, ...settings });
    core.receive(aliveOf("m5", 5, { incarnation: 2 }));
    core.advance(0);
    for (let count = 0; count < repetitions; count += 1) {
      core.receive(aliveOf("m5", 5, { incarnation: 2 }));
    }
    core.advance(30_000);
    return toldCounts(core).get("m5") ?? 0;
  }

  it("counts from 65 members on", () => {
    expect([toldAfter(63, 0), toldAfter(63, 3)]).toEqual([8, 8]);
    expect([toldAfter(64, 0), toldAfter(64, 3)]).toEqual([8, 7]);
  });

  it("counts after its first round only, whether or not it was heard again before", () => {
    const core = calmCore(80, { ...EAGER, gossipIntervalMs: 200 });
    const claim = aliveOf("m5", 5, { incarnation: 2 });
    core.receive([claim, claim, claim]);
    core.advance(0);
    const first = toldCounts(core).get("m5");

    core.receive(claim);
    core.advance(30_000);

    // Eight transmissions, seven of them along the ring.
    expect([first, toldCounts(core).get("m5")]).toEqual([7, undefined]);
  });

  it("counts only if it is what we tell: not of a former incarnation, nor against a suspicion", () => {
    const core = calmCore(80, { ...EAGER, gossipIntervalMs: 200 });
    const former = aliveOf("m5", 5);
    core.receive(aliveOf("m5", 5, { incarnation: 2 }));
    core.receive({ kind: "suspect", incarnation: 1, node: "m6", from: "m7" });
    core.advance(0);
    core.receive([former, aliveOf("m6", 6), former, aliveOf("m6", 6)]);
    core.advance(30_000);

    const messages = core.takeMessages();
    const suspicions = messages.filter((message) => message.kind === "suspect");
    expect(namesIn(messages).filter((name) => name === "m5").length).toBe(8);
    expect(suspicions.length).toBe(8);
  });

  it("counts from others of the process as from anybody, and only if it is what we tell", () => {
    /** As above, with an incarnation another core tells in this process. */
    const toldAfterHearing = (incarnation: number): number => {
      const environment = { records: new MemberRecordPool() };
      const other = new LoneCore({ name: "other", environment });
      const settings = { ...EAGER, gossipIntervalMs: 200, retransmitMultiplier: 20, environment };
      const core = calmCore(80, settings);
      core.receive(aliveOf("m5", 5, { incarnation: 2 }));
      core.advance(0);
      const claim = aliveOf("m5", 5, { incarnation });
      other.receive(claim);
      core.receive([claim, { kind: "user", payload: Uint8Array.of(1) }]);
      core.advance(30_000);
      return toldCounts(core).get("m5") ?? 0;
    };

    expect([1, 2].map(toldAfterHearing)).toEqual([40, 10]);
  });

  it("spares three quarters of the transmissions each time", () => {
    const often = { retransmitMultiplier: 20 };

    // Of forty transmissions seven go round the ring; thirty are spared.
    expect([0, 1, 2].map((count) => toldAfter(80, count, often))).toEqual([40, 10, 7]);
  });
});
