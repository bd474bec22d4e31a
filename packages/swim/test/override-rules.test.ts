import { describe, expect, it } from "vitest";
import type { MemberState } from "../src/member.ts";
import {
  judgeAlive,
  judgeDead,
  judgeSuspect,
  type AliveCircumstances,
  type AliveVerdict,
  type DeadVerdict,
  type SuspectVerdict,
} from "../src/override-rules.ts";

/** What is known has incarnation 5; claims come with 4 (older), 5 (equal) and 6 (newer). */
const KNOWN = 5;
type ByIncarnation<Verdict> = readonly [older: Verdict, equal: Verdict, newer: Verdict];

function alive(
  state: MemberState,
  circumstances: Partial<AliveCircumstances> = {},
): AliveVerdict[] {
  return [4, 5, 6].map((incarnation) =>
    judgeAlive(
      { state, incarnation: KNOWN },
      {
        incarnation,
        isSelf: false,
        isBootstrap: false,
        isSameDescription: true,
        isSameAddress: true,
        isReclaimable: false,
        ...circumstances,
      },
    ),
  );
}

function suspect(state: MemberState, isSelf = false): SuspectVerdict[] {
  return [4, 5, 6].map((incarnation) =>
    judgeSuspect(
      { state, incarnation: KNOWN },
      { incarnation, isSelf, isSuspicionRunning: state === "suspect" },
    ),
  );
}

function dead(
  state: MemberState,
  circumstances: { isOwnWord?: boolean; isSelf?: boolean; isLeaving?: boolean } = {},
): DeadVerdict[] {
  return [4, 5, 6].map((incarnation) =>
    judgeDead(
      { state, incarnation: KNOWN },
      { incarnation, isSelf: false, isLeaving: false, isOwnWord: false, ...circumstances },
    ),
  );
}

describe("judgeAlive (behaviour specification §3.4)", () => {
  it.each<[MemberState, ByIncarnation<AliveVerdict>]>([
    ["alive", ["stale", "stale", "accept"]],
    ["suspect", ["stale", "stale", "accept"]],
    ["dead", ["stale", "stale", "accept"]],
    ["left", ["stale", "stale", "accept"]],
  ])("beats %s only with a greater incarnation", (state, verdicts) => {
    expect(alive(state)).toEqual(verdicts);
  });

  it.each<[MemberState, ByIncarnation<AliveVerdict>]>([
    ["alive", ["conflict", "conflict", "conflict"]],
    ["suspect", ["conflict", "conflict", "conflict"]],
    ["dead", ["conflict", "conflict", "conflict"]],
    ["left", ["accept", "accept", "accept"]],
  ])("from another address meets %s", (state, verdicts) => {
    expect(alive(state, { isSameAddress: false })).toEqual(verdicts);
  });

  it("from another address takes over a name that has been dead for long enough, at any incarnation", () => {
    const moved = { isSameAddress: false, isReclaimable: true };
    expect(alive("dead", moved)).toEqual(["accept", "accept", "accept"]);
    expect(alive("suspect", moved)).toEqual(["conflict", "conflict", "conflict"]);
  });

  it("about ourselves is an echo, or refuted", () => {
    expect(alive("alive", { isSelf: true })).toEqual(["stale", "echo", "refute"]);
    expect(alive("alive", { isSelf: true, isSameDescription: false })).toEqual([
      "stale",
      "refute",
      "refute",
    ]);
    expect(alive("alive", { isSelf: true, isSameAddress: false })).toEqual([
      "conflict",
      "conflict",
      "conflict",
    ]);
  });

  it("is accepted as our own announcement", () => {
    expect(alive("alive", { isSelf: true, isBootstrap: true })).toEqual([
      "stale",
      "accept",
      "accept",
    ]);
  });
});

describe("judgeSuspect (behaviour specification §3.4)", () => {
  it.each<[MemberState, ByIncarnation<SuspectVerdict>]>([
    ["alive", ["stale", "accept", "accept"]],
    ["suspect", ["stale", "confirm", "confirm"]],
    ["dead", ["stale", "stale", "stale"]],
    ["left", ["stale", "stale", "stale"]],
  ])("meets %s", (state, verdicts) => {
    expect(suspect(state)).toEqual(verdicts);
  });

  it("about ourselves is refuted", () => {
    expect(suspect("alive", true)).toEqual(["stale", "refute", "refute"]);
  });

  it("about an unknown member is ignored", () => {
    const claim = { incarnation: 9, isSelf: false, isSuspicionRunning: false };
    expect(judgeSuspect(undefined, claim)).toBe("stale");
  });
});

describe("judgeDead (behaviour specification §3.4)", () => {
  it.each<[MemberState, ByIncarnation<DeadVerdict>]>([
    ["alive", ["stale", "dead", "dead"]],
    ["suspect", ["stale", "dead", "dead"]],
    ["dead", ["stale", "stale", "stale"]],
    ["left", ["stale", "stale", "stale"]],
  ])("meets %s", (state, verdicts) => {
    expect(dead(state)).toEqual(verdicts);
  });

  it.each<[MemberState, ByIncarnation<DeadVerdict>]>([
    ["alive", ["stale", "left", "left"]],
    ["suspect", ["stale", "left", "left"]],
    ["dead", ["stale", "stale", "stale"]],
    ["left", ["stale", "stale", "stale"]],
  ])("in its own word meets %s", (state, verdicts) => {
    expect(dead(state, { isOwnWord: true })).toEqual(verdicts);
  });

  it("about ourselves is refuted, unless we are leaving", () => {
    expect(dead("alive", { isSelf: true })).toEqual(["stale", "refute", "refute"]);
    expect(dead("alive", { isSelf: true, isLeaving: true, isOwnWord: true })).toEqual([
      "stale",
      "left",
      "left",
    ]);
  });

  it("about an unknown member is ignored", () => {
    const claim = { incarnation: 9, isSelf: false, isLeaving: false, isOwnWord: true };
    expect(judgeDead(undefined, claim)).toBe("stale");
  });
});
