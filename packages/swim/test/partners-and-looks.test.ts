/** With whom states are exchanged, when, how a newcomer looks again, and what is refused. */
import { describe, expect, it } from "vitest";
import { scaledPushPullMs } from "../src/push-pull.ts";
import { seededRandom } from "./support/cluster.ts";
import { asked, entries, joined, startJoin, state } from "./support/exchanges.ts";
import { aliveOf, endpoint, entryOf, LoneCore } from "./support/lone-core.ts";

const HOUR_MS = 3_600_000;

describe("scaledPushPullMs", () => {
  it("is the plain interval up to 32 members, then one more with each doubling", () => {
    const scaled = [1, 31, 32, 33, 64, 65, 128, 129].map((count) => scaledPushPullMs(10, count));

    expect(scaled).toEqual([10, 10, 10, 20, 20, 30, 30, 40]);
  });
});

describe("a regular exchange (behaviour specification §8)", () => {
  /** Who is asked in fifty exchanges. */
  function askedBy(core: LoneCore): string[] {
    core.advance(60_000);
    const targets = core.dialled().map(({ target }) => target.address);
    expect(targets.length === 0 || targets.length > 50).toBe(true);
    return [...new Set(targets)].sort();
  }
  const QUICK = { pushPullIntervalMs: 1_000, streamTimeoutMs: 10, gossipToTheDeadMs: HOUR_MS };
  const lost = [
    { kind: "suspect", incarnation: 1, node: "suspect", from: "x" },
    { kind: "dead", incarnation: 1, node: "dead", from: "x" },
    { kind: "dead", incarnation: 1, node: "left", from: "left" },
  ] as const;
  // Long enough that the suspect stays one.
  const PATIENT = { ...QUICK, suspicionMultiplier: 1_000 };

  it("is held with the living, while there are any", () => {
    const core = new LoneCore(PATIENT);
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);
    core.receive([aliveOf("suspect", 4), aliveOf("dead", 5), aliveOf("left", 6)]);
    core.receive(lost);

    expect(askedBy(core)).toEqual(["10.0.0.2", "10.0.0.3"]);
  });

  it("is held with a suspect where nobody else lives", () => {
    const core = new LoneCore(PATIENT);
    core.receive([aliveOf("suspect", 4), aliveOf("dead", 5), aliveOf("left", 6)]);
    core.receive(lost);

    expect(askedBy(core)).toEqual(["10.0.0.4"]);
  });

  it("is held neither with the dead nor with those who left, nor with oneself", () => {
    const core = new LoneCore(PATIENT);
    core.receive([aliveOf("dead", 5), aliveOf("left", 6)]);
    core.receive(lost.slice(1));

    expect(askedBy(core)).toEqual([]);
  });

  it("is held with anybody, whether they were there before us or not", () => {
    const core = joined(40, { pushPullIntervalMs: 1_000, streamTimeoutMs: 10 });
    core.advance(5_000);
    const looked = core.dialled().length;

    core.advance(60_000);

    const exchanges = core.dialled().slice(looked);
    expect(exchanges.length).toBe(30);
    expect(exchanges.filter(({ target }) => target.port > 30).length).toBeGreaterThan(3);
  });

  it("shows everything one knows, and is not followed by a look whomever it finds", () => {
    // With eager rounds so much news at once would be followed by a look.
    const core = new LoneCore({ pushPullIntervalMs: 60_000, eagerGossip: false });
    core.dialWith(state(entries(40)));
    while (core.dialled().length === 0) core.advance(1_000);
    const { message, streamId } = asked(core);

    core.answer(streamId, state(entries(45)));
    core.advance(10_000);

    expect(message.isJoin).toBe(false);
    expect(message.nodes.length).toBe(41);
    expect(core.swim.memberCount).toBe(46);
    expect(core.dialled().length).toBe(1);
  });
});

describe("the look of a newcomer", () => {
  it("is not made where regular exchanges come sooner anyway", () => {
    const core = joined(40, { pushPullIntervalMs: 500, environment: { random: () => 0.5 } });

    core.advance(250);
    const { message } = asked(core);

    expect(message.nodes.length).toBe(41);
  });

  it("is made where it comes before the next regular exchange: two waits of 0.8 s", () => {
    const toldIn = (pushPullIntervalMs: number): number => {
      const core = joined(40, { pushPullIntervalMs, environment: { random: () => 0.999 } });
      core.advance(2_000);
      return asked(core).message.nodes.length;
    };

    // Above 32 members the interval is twice as long; a look tells of oneself only.
    expect([toldIn(800), toldIn(801)]).toEqual([41, 1]);
  });

  it("is not followed by another one for news of members it knows", () => {
    const core = joined(40, { pushPullIntervalMs: HOUR_MS });
    core.advance(2_000);
    const { streamId } = asked(core);

    core.answer(streamId, state([entryOf("m1", 2, { port: 2, incarnation: 2 })]));
    core.advance(10_000);

    expect(core.swim.member("m1")?.incarnation).toBe(2);
    expect(core.dialled().length).toBe(2);
  });

  /** Numbers of the members that are looked at, by newcomers with different luck. */
  function lookedAt(prepare: (core: LoneCore) => void): number[] {
    const numbers: number[] = [];
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = seededRandom(seed);
      const core = joined(40, { pushPullIntervalMs: HOUR_MS, environment: { random } });
      prepare(core);
      core.advance(2_000);
      expect(core.dialled().length).toBeGreaterThan(1);
      numbers.push((core.dialled().at(-1)?.target.port ?? 0) - 1);
    }
    return numbers;
  }

  it("goes to one of the three quarters who were there first: the others may lack the same", () => {
    const numbers = lookedAt(() => {});

    expect(Math.max(...numbers)).toBeLessThanOrEqual(28);
    expect(new Set(numbers).size).toBeGreaterThan(10);
  });

  it("goes to them the next time too, however many it has found meanwhile", () => {
    const numbers = lookedAt((core) => {
      core.advance(2_000);
      const { streamId } = asked(core);
      core.answer(streamId, state(entries(80)));
    });

    expect(Math.max(...numbers)).toBeLessThanOrEqual(28);
  });

  it("goes to whoever lives if those are gone", () => {
    const numbers = lookedAt((core) => {
      for (let number = 0; number <= 28; number += 1) {
        core.receive({ kind: "dead", incarnation: 1, node: `m${number}`, from: "m39" });
      }
    });

    expect(Math.min(...numbers)).toBeGreaterThan(28);
  });

  /** Hears news of five members every so often for a while. */
  function busyFor(core: LoneCore, durationMs: number, everyMs: number): void {
    const endMs = core.nowMs + durationMs;
    while (core.nowMs < endMs) {
      const incarnation = core.nowMs;
      const news = [1, 2, 3, 4, 5].map((port) => aliveOf(`busy${port}`, 3, { port, incarnation }));
      core.receive(news);
      core.advance(Math.min(everyMs, endMs - core.nowMs));
    }
  }
  const BUSY = {
    pushPullIntervalMs: HOUR_MS,
    gossipIntervalMs: 60_000,
    eagerGossip: true,
    compress: false,
  } as const;

  /** How long after many began to come a member looks that knew so many once it had joined. */
  function looksAfterMs(joinedSize: number, busyMs: number): number {
    const core = joinedSize === 0 ? new LoneCore(BUSY) : joined(joinedSize - 1, BUSY);
    core.dialWith(state(entries(80 - joinedSize, 100)));
    core.advance(100_000);
    const dialledBefore = core.dialled().length;
    const startMs = core.nowMs;
    core.receive([1, 2, 3, 4, 5].map((port) => aliveOf(`busy${port}`, 3, { port })));
    busyFor(core, busyMs, 50);
    while (core.dialled().length === dialledBefore) core.advance(1);
    return core.nowMs - startMs;
  }

  it("comes the earlier the older the member: 0.8 s after the beginning for the first, 1.6 s for the last", () => {
    const [first, early, last] = [0, 9, 80].map((size) => looksAfterMs(size, 50));

    expect(first).toBe(800);
    expect(early).toBeGreaterThan(1_150);
    expect(early).toBeLessThan(1_300);
    expect(last).toBeGreaterThan(1_550);
    expect(last).toBeLessThanOrEqual(1_600);
  });

  it("comes between 300 and 700 ms after the last of many, however long they came", () => {
    for (const joinedSize of [0, 9, 80]) {
      const afterCalmMs = looksAfterMs(joinedSize, 3_000) - 2_950;

      expect(afterCalmMs).toBeGreaterThanOrEqual(300);
      expect(afterCalmMs).toBeLessThanOrEqual(700);
    }
  });

  it("waits while many come, and takes place within a second after 300 ms of calm", () => {
    const core = joined(80, BUSY);
    const looks = (): number => core.dialled().length - 1;

    // It was due after 1.6 s at the latest; the last news comes after 1.85 s.
    busyFor(core, 1_900, 50);
    core.advance(249);
    expect(looks()).toBe(0);
    core.advance(1_000);

    expect(looks()).toBe(1);
    expect(asked(core).message.nodes.map(({ name }) => name)).toEqual(["self"]);
  });

  it("waits no longer than half a minute, however many come", () => {
    const core = joined(80, { ...BUSY, retransmitMultiplier: 1 });

    busyFor(core, 29_500, 250);
    expect(core.dialled().length).toBe(1);
    busyFor(core, 1_000, 250);

    expect(core.dialled().length).toBe(2);
  });

  it("is made by everybody where many join at once, once that is over", () => {
    const core = new LoneCore(BUSY);
    core.dialWith(state(entries(80)));
    core.advance(1_000);

    busyFor(core, 200, 50);
    core.advance(2_500);

    expect(core.dialled().length).toBe(1);
    expect(asked(core).message.nodes.length).toBe(1);
  });

  it("is made where more than 32 are members: in smaller clusters gossip reaches everybody", () => {
    const looksAmong = (memberCount: number): number => {
      const core = new LoneCore(BUSY);
      core.dialWith(state(entries(memberCount - 1)));
      core.advance(5_000);
      return core.dialled().length;
    };

    expect([looksAmong(32), looksAmong(33)]).toEqual([0, 1]);
  });

  it("is made by those who were few when it began, too: a cluster that grows past 32 meanwhile", () => {
    const core = new LoneCore(BUSY);
    core.dialWith(state(entries(20)));

    core.dialWith(state(entries(11, 20)));
    core.advance(100);
    expect(core.swim.memberCount).toBe(32);
    core.receive(aliveOf("last", 3, { port: 99 }));
    core.advance(5_000);

    expect(core.dialled().length).toBe(1);
  });

  it("does not put off an exchange that is due anyway", () => {
    const core = new LoneCore({ ...BUSY, pushPullIntervalMs: 1_000, streamTimeoutMs: 100 });
    core.dialWith(state(entries(80)));

    busyFor(core, 10_000, 250);

    // Three seconds each: 82 members and more stretch the interval by three.
    expect(core.dialled().length).toBeGreaterThanOrEqual(3);
  });
});

describe("a join that fails", () => {
  it("says so when the answer is no state", () => {
    const core = new LoneCore();
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);

    const payload = new Uint8Array(0);
    core.answer(streamId, { kind: "ack", sequenceNumber: 1, payload });

    expect(outcome()).toMatchObject({
      joinedCount: 0,
      failures: [{ message: "the reply is no push/pull" }],
    });
    expect(core.reportsOf("push-pull-failed")).toMatchObject([
      { name: "", endpoint: endpoint(2), code: "malformed" },
    ]);
  });

  it("says so when the versions do not fit, and names the member", () => {
    const core = new LoneCore();
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);
    const versions = Uint8Array.of(6, 9, 6, 0, 0, 0);

    core.answer(streamId, state([entryOf("a", 2, { versions })], { isJoin: true }));

    expect(outcome()).toMatchObject({ joinedCount: 0 });
    expect(core.reportsOf("version-mismatch")).toMatchObject([
      { endpoint: endpoint(2), name: "a", scope: "exchange" },
    ]);
    expect(core.reportsOf("push-pull-failed")).toMatchObject([{ code: "version-mismatch" }]);
  });

  it("says so when the layer above vetoes it, and why", () => {
    const core = new LoneCore({ delegate: { vetoMerge: () => "not them" } });
    const { outcome, streamId } = startJoin(core);
    core.opened(streamId);

    core.answer(streamId, state([entryOf("a", 2)], { isJoin: true }));

    expect(outcome()).toMatchObject({ failures: [{ message: "not them" }] });
    expect(core.reportsOf("push-pull-failed")).toMatchObject([{ code: "merge-vetoed" }]);
    expect(core.reportsOf("merge-vetoed")).toEqual([
      { kind: "merge-vetoed", endpoint: endpoint(2), reason: "not them" },
    ]);
  });

  it("needs no name where one is given", () => {
    const core = new LoneCore({ requireNames: true });
    const target = { endpoint: endpoint(2), text: "a/10.0.0.2", name: "a" };

    core.call(() => core.swim.join([target], core.nowMs, () => {}));

    expect(core.dialled().length).toBe(1);
    expect(core.reportsOf("push-pull-failed")).toEqual([]);
  });
});

describe("the veto on a merge", () => {
  it("is shown each member with its state and the port it can be reached at", () => {
    const shown: string[] = [];
    const core = new LoneCore({
      bindPort: 9_000,
      delegate: {
        vetoMerge: (members) => {
          for (const { endpoint: at, name, state: is } of members) {
            shown.push(`${name} ${is} ${at.port}`);
          }
          return undefined;
        },
      },
    });
    const nodes = [0, 1, 2, 3].map((number) => entryOf(`m${number}`, 2, { state: number }));

    core.dialWith(state([...nodes, entryOf("m4", 2, { port: 0 })], { isJoin: true }));

    expect(shown).toEqual([
      "m0 alive 7946",
      "m1 suspect 7946",
      "m2 dead 7946",
      "m3 left 7946",
      "m4 alive 9000",
    ]);
  });
});

describe("a state that arrives while another is merged", () => {
  it("is taken in up to exactly as many members as one message may hold", () => {
    const core = new LoneCore({ mergeSliceLimit: 2, wireLimits: { pushPullNodes: 6 } });
    const first = core.dialWith(
      state([2, 3, 4, 5, 6].map((number) => entryOf(`m${number}`, number))),
    );
    while (core.written(first.id, "dialler") === undefined) {
      core.call(() => core.swim.handleTimeout(core.nowMs));
    }

    const { reply } = core.dialWith(state([entryOf("d", 9)]));
    core.advance(0);

    expect(reply?.kind).toBe("push-pull");
    expect(core.reportsOf("stream-rejected")).toEqual([]);
    expect(core.swim.memberCount).toBe(7);
  });
});
