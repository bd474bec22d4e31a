/** Suspicions that ended well, members that come back, and what both are told and tell. */
import { describe, expect, it } from "vitest";
import { aliveOf, endpoint, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";

/** A member that knows a, b and c, and believes a suspicion of a. Least wait 4 s, longest 24 s. */
function suspecting(settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore({ probeIntervalMs: 0, ...settings });
  core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);
  core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
  return core;
}

/** How long after now a suspect is declared dead, to a tenth of a second. */
function deadAfterMs(core: LoneCore): number {
  const startMs = core.nowMs;
  while (core.swim.member("a")?.state === "suspect") core.advance(100);
  return core.nowMs - startMs;
}

describe("a suspicion that was refuted", () => {
  it("leaves no trace: the next one starts anew, with its own accuser and its own time", () => {
    const whole = deadAfterMs(suspecting());
    const core = suspecting();
    core.advance(3_000);
    core.receive(aliveOf("a", 2, { incarnation: 2 }));

    core.receive({ kind: "suspect", incarnation: 2, node: "a", from: "c" });

    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.eventNames().slice(-3)).toEqual([
      "member-suspected a",
      "suspicion-refuted a",
      "member-suspected a",
    ]);
    expect(core.events.at(-1)).toMatchObject({ accuser: "c" });
    expect(deadAfterMs(core)).toBe(whole);
  });

  it("does not kill later", () => {
    const core = suspecting();
    core.receive(aliveOf("a", 2, { incarnation: 2 }));

    core.advance(600_000);

    expect(core.swim.member("a")?.state).toBe("alive");
    expect(core.reportsOf("suspicion-timed-out")).toEqual([]);
  });

  it("is not one any more once the suspect was declared dead, or removed", () => {
    const core = suspecting();
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "b" });
    core.receive(aliveOf("a", 2, { incarnation: 2 }));

    core.receive({ kind: "suspect", incarnation: 2, node: "a", from: "b" });

    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.eventNames().slice(-3)).toEqual([
      "member-left a",
      "member-joined a",
      "member-suspected a",
    ]);
  });
});

describe("a suspicion of a member that does not probe", () => {
  it("is told to the suspect once a second before its death, if nobody confirms", () => {
    const core = suspecting();
    const accusedAtMs: number[] = [];
    const startMs = core.nowMs;
    while (core.swim.member("a")?.state === "suspect") {
      core.advance(100);
      for (const { messages, target } of core.takeSent()) {
        const isAccusation = messages[0]?.kind === "suspect" && target.address === "10.0.0.2";
        if (isAccusation) accusedAtMs.push(core.nowMs - startMs);
      }
    }

    expect(accusedAtMs.length).toBeGreaterThan(4);
    const steps = accusedAtMs.slice(1).map((atMs, index) => atMs - (accusedAtMs[index] ?? 0));
    expect(new Set(steps)).toEqual(new Set([1_000]));
    // The first time by an exchange of state as well, which is no join.
    const dialled = core.dialled().filter(({ target }) => target.address === "10.0.0.2");
    expect(dialled.length).toBe(1);
    expect(core.reportsOf("push-pull-started")).toMatchObject([{ name: "a", isJoin: false }]);
  });
});

describe("what a claim changes", () => {
  it("is told as an update alone where nobody was suspected", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.receive(aliveOf("a", 2, { incarnation: 2, meta: Uint8Array.of(1) }));
    core.receive(aliveOf("a", 2, { incarnation: 3, meta: Uint8Array.of(1) }));

    expect(core.eventNames().slice(1)).toEqual(["member-joined a", "member-updated a"]);
    expect(core.swim.member("a")?.incarnation).toBe(3);
  });

  it("is told as a refutation and as an update where it is both", () => {
    const core = suspecting();

    core.receive(aliveOf("a", 2, { incarnation: 2, meta: Uint8Array.of(1) }));

    expect(core.eventNames().slice(-2)).toEqual(["suspicion-refuted a", "member-updated a"]);
  });

  it("is told on with the versions that are known, where a known member brings none", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    core.receive(aliveOf("a", 2, { incarnation: 2, versions: new Uint8Array(0) }));
    core.takeSent();

    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(core.takeMessages()).toContainEqual(aliveOf("a", 2, { incarnation: 2 }));
  });
});

describe("a restarted member (behaviour specification §19.2)", () => {
  const restarted = aliveOf("a", 2, { incarnation: 1 });

  function reminderFor(from: string): unknown {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));
    core.receive({ kind: "dead", incarnation: 5, node: "a", from });
    core.takeSent();
    core.receive(restarted);
    return core.takeSent();
  }

  it("that left hears its own farewell, which it can refute as well as a death", () => {
    expect(reminderFor("a")).toMatchObject([
      {
        target: endpoint(2),
        messages: [{ kind: "dead", incarnation: 5, node: "a", from: "a" }],
      },
    ]);
  });

  it("that died hears so from us, whoever found it", () => {
    expect(reminderFor("b")).toMatchObject([
      {
        target: endpoint(2),
        messages: [{ kind: "dead", incarnation: 5, node: "a", from: "self" }],
      },
    ]);
  });

  it("that is held for alive is told nothing", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));
    core.takeSent();

    core.receive(restarted);

    expect(core.takeSent()).toEqual([]);
  });
});
