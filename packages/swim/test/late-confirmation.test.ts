import { describe, expect, it } from "vitest";
import { aliveOf, endpoint, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";

/**
 * A member that knows a, b, c and d and hears that b suspects a. Two could confirm: of the waits of
 * 24 s, 11.381 s and 4 s the first is under way. It accuses nobody itself.
 */
function told(settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore({ probeIntervalMs: 0, ...settings });
  core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);
  accuse(core, "b");
  core.takeSent();
  return core;
}

function accuse(core: LoneCore, from: string): void {
  core.receive({ kind: "suspect", incarnation: 1, node: "a", from });
}

/** What is held of the suspect just before so many milliseconds have passed, and then. */
function statesAround(core: LoneCore, durationMs: number): readonly (string | undefined)[] {
  core.advance(durationMs - 1);
  const before = core.swim.member("a")?.state;
  core.advance(1);
  return [before, core.swim.member("a")?.state];
}

/** Lets time pass in which everybody answers our pings. */
function passAnswered(core: LoneCore, durationMs: number): void {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
    for (const { messages, target } of core.takeSent()) {
      const [first] = messages;
      if (first?.kind !== "ping") continue;
      const { sequenceNumber } = first;
      core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, target);
    }
    core.advance(100);
  }
}

describe("a confirmation that comes when its wait is over already", () => {
  it("is told to the suspect, which has a second to answer", () => {
    const core = told();
    core.advance(20_000);

    accuse(core, "c");
    core.advance(0);

    const [packet, ...others] = core.takeSent();
    expect(packet?.target).toEqual(endpoint(2));
    expect(packet?.messages).toMatchObject([{ kind: "suspect", node: "a", from: "self" }]);
    expect(others).toEqual([]);
    expect(statesAround(core, 1_000)).toEqual(["suspect", "dead"]);
  });

  it("is told in one packet, not over a stream, even if it comes in the very moment of the end", () => {
    const core = told();
    core.advance(11_381);

    accuse(core, "c");
    core.advance(0);

    expect(core.takeMessages()).toMatchObject([{ kind: "suspect", node: "a", from: "self" }]);
    expect(core.dialled()).toEqual([]);
    expect(statesAround(core, 1_000)).toEqual(["suspect", "dead"]);
  });

  it("leaves a probe interval where there is one", () => {
    const core = told({ probeIntervalMs: 2_000, checkSuspects: false });
    passAnswered(core, 40_000);

    accuse(core, "c");

    expect(statesAround(core, 2_000)).toEqual(["suspect", "dead"]);
  });

  it("kills nobody whose refutation follows it", () => {
    const core = told();
    core.advance(20_000);

    accuse(core, "c");
    core.advance(5);
    core.receive(aliveOf("a", 2, { incarnation: 2 }));
    core.advance(60_000);

    expect(core.eventNames()).not.toContain("member-left a");
    expect(core.swim.member("a")?.state).toBe("alive");
  });

  it("leaves that time once: no further accuser prolongs it", () => {
    const core = told();
    core.advance(20_000);
    accuse(core, "c");
    core.advance(500);

    accuse(core, "d");

    expect(statesAround(core, 500)).toEqual(["suspect", "dead"]);
  });

  it("ends the looks of a member that was alone with its suspicion", () => {
    const core = told();
    core.advance(26_500);
    core.takeSent();

    accuse(core, "c");

    expect(statesAround(core, 1_000)).toEqual(["suspect", "dead"]);
    expect(core.takeMessages().filter(({ kind }) => kind === "suspect")).toHaveLength(1);
  });
});

describe("a confirmation in time", () => {
  it.each([
    ["one", ["c"], 11_381],
    ["as many as are wanted", ["c", "d"], 4_000],
  ])("shortens the wait (%s), and the suspect is not told beside", (_title, accusers, endMs) => {
    const core = told();
    core.advance(100);
    for (const accuser of accusers) accuse(core, accuser);

    expect(statesAround(core, endMs - 100)).toEqual(["suspect", "dead"]);
    expect(core.takeMessages()).toEqual([]);
  });

  it("less than a second before the end leaves a whole one", () => {
    const core = told();
    core.advance(3_500);
    accuse(core, "c");
    accuse(core, "d");

    expect(statesAround(core, 1_000)).toEqual(["suspect", "dead"]);
    expect(core.takeMessages()).toEqual([]);
  });

  it("changes nothing where the wait is fixed, as in SWIM", () => {
    const core = told({ suspicionMaxTimeoutMultiplier: 1 });
    core.advance(3_900);
    accuse(core, "c");

    expect(statesAround(core, 100)).toEqual(["suspect", "dead"]);
  });
});
