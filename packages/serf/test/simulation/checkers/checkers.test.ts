/** Checkers have teeth: each is shown the fault it is there for. */
import type { Checker, Step } from "@x/simulator";
import type { RecoveredState, Serf } from "@x/serf";
import { Keyring } from "@x/swim";
import { describe, expect, it } from "vitest";
import { member, memberEvent, userEvent } from "../../support/members.ts";
import { clocksNeverGoBack } from "./clocks-never-go-back.ts";
import { CoalescersLoseNothing } from "./coalescers-lose-nothing.ts";
import { DeliveredOnce } from "./delivered-once.ts";
import { LeftIsNotFailed } from "./left-is-not-failed.ts";
import { keyRingDifferences } from "./key-rings-agree.ts";
import { limitsHold } from "./limits-hold.ts";
import { snapshotDifferences } from "./snapshot-replays-to-the-same.ts";
import { timersAreKept } from "./timers-are-kept.ts";

/** A core that answers what it is told to answer. */
class LyingCore {
  state = "alive";
  lamportTimes = { member: 5n, event: 5n, query: 5n };
  depth = 0;
  deadlineMs = 0;
  readonly options = { maxQueueDepth: 4, swim: { probeIntervalMs: 100 } };

  queueDepth(): number {
    return this.depth;
  }
  nextDeadlineMs(): number {
    return this.deadlineMs;
  }
  members(): readonly unknown[] {
    return [member("m1")];
  }
}

function show(checker: Checker<Serf>, core: LyingCore): string | undefined {
  const step = { name: "m0", core: core as unknown as Serf, cause: "timeout", nowMs: 0 };
  return checker.observe(step as Step<Serf>);
}

const REMEMBERED: RecoveredState = {
  alive: new Map([["m1", "127.0.0.1:7946"]]),
  failed: new Map(),
  lamportTime: 4n,
  eventLamportTime: 3n,
  queryLamportTime: 0n,
};

function differences(recovered: Partial<RecoveredState>): readonly string[] {
  const core = new LyingCore() as unknown as Serf;
  return snapshotDifferences(core, { ...REMEMBERED, ...recovered }, 5n);
}

describe("checkers", () => {
  it("see rings of different keys, or of another primary", () => {
    const [one, two] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
    const ring = (keys: readonly Uint8Array[]): Keyring => Keyring.create(keys, keys[0]);
    const beside = (other: Keyring): readonly string[] =>
      keyRingDifferences(
        new Map([
          ["m0", ring([one, two])],
          ["m1", other],
        ]),
      );

    expect(beside(ring([one, two]))).toEqual([]);
    expect(beside(ring([two, one]))).toEqual([
      "m1 holds key 2 (primary), key 1, m0 key 1 (primary), key 2",
    ]);
    expect(beside(ring([one]))).toHaveLength(1);
  });

  it.each(["member", "event", "query"] as const)("see the %s clock go back", (clock) => {
    const checker = clocksNeverGoBack();
    const core = new LyingCore();
    expect(show(checker, core)).toBeUndefined();
    core.lamportTimes = { ...core.lamportTimes, [clock]: 4n };

    expect(show(checker, core)).toBe(`${clock} clock of m0 went from 5 to 4`);
  });

  it("see an event delivered twice, and not two of one name", () => {
    const checker = new DeliveredOnce();
    for (const time of [1n, 2n]) checker.hear("m0", userEvent("deploy", time));
    checker.hear("m1", userEvent("deploy", 1n));
    expect(checker.observe()).toBeUndefined();
    checker.hear("m0", userEvent("deploy", 2n));

    expect(checker.observe()).toMatch("deploy  at 2");
    expect(checker.deliveryCount).toBe(3);
  });

  it("see a departed member reported failed, unless it came back", () => {
    const checker = new LeftIsNotFailed();
    for (const kind of ["member-leave", "member-join", "member-failed", "member-leave"] as const) {
      checker.hear("m0", memberEvent(kind, member("m1")));
    }
    expect(checker.observe()).toBeUndefined();
    checker.hear("m0", memberEvent("member-failed", member("m1")));

    expect(checker.observe()).toBe("m0 was told that m1 failed, after it had left");
    expect(checker.departureCount).toBe(2);
  });

  it("see a queue above its limit", () => {
    const core = new LyingCore();
    core.depth = 5;

    expect(show(limitsHold(), core)).toMatch("queue of m0 holds 5");
  });

  it("see a core that does not want to be woken", () => {
    const core = new LyingCore();
    core.deadlineMs = Infinity;

    expect(
      show(
        timersAreKept(() => false),
        core,
      ),
    ).toMatch("wants to be woken");
    core.state = "shutdown";
    expect(
      show(
        timersAreKept(() => false),
        core,
      ),
    ).toBeUndefined();
  });

  it("see what a coalescer lost or invented, and not what it may leave out", () => {
    const checker = new CoalescersLoseNothing();
    checker.happened("m0", memberEvent("member-join", member("m1")));
    checker.happened("m0", memberEvent("member-failed", member("m1")));
    checker.happened("m0", userEvent("deploy", 1n));
    checker.happened("m0", userEvent("deploy", 2n));
    checker.happened("m0", userEvent("page", 3n, { coalesce: false }));
    expect(checker.missing("m0")).toHaveLength(3);

    checker.hear("m0", memberEvent("member-failed", member("m1")));
    checker.hear("m0", userEvent("deploy", 2n));
    checker.hear("m0", userEvent("page", 3n, { coalesce: false }));
    expect(checker.missing("m0")).toEqual([]);

    checker.hear("m0", userEvent("rumour", 4n));
    expect(checker.missing("m0")).toEqual(["invented rumour at 4 ()"]);
  });

  it("see tags that were never told", () => {
    const checker = new CoalescersLoseNothing();
    const [old, fresh] = [member("m1", { tags: { v: "1" } }), member("m1", { tags: { v: "2" } })];
    for (const learn of [checker.happened.bind(checker), checker.hear.bind(checker)]) {
      learn("m0", memberEvent("member-join", old));
    }
    checker.happened("m0", memberEvent("member-update", fresh));

    expect(checker.missing("m0")).toEqual([
      'm1: member-join [["v","2"]], told member-join [["v","1"]]',
    ]);
  });

  it("see what a snapshot does not remember, and what it makes up", () => {
    expect(differences({})).toEqual([]);
    expect(differences({ alive: new Map() })).toHaveLength(1);
    expect(differences({ lamportTime: 3n })).toEqual(["member clock 5, remembered 3"]);
    expect(differences({ eventLamportTime: 5n })).toEqual(["event clock 5, remembered 5"]);
  });
});
