/** What others say in our name, and what comes of it while we are there and while we leave. */
import { describe, expect, it } from "vitest";
import { aliveOf, endpoint, LoneCore } from "./support/lone-core.ts";

/** A core that has said farewell. */
function leaving(): LoneCore {
  const core = new LoneCore();
  core.receive(aliveOf("a", 2));
  core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));
  return core;
}

describe("a claim in our own name (behaviour specification §3.1, §3.4)", () => {
  it("that repeats our announcement is neither refuted nor a conflict", () => {
    const core = new LoneCore();

    core.receive(aliveOf("self", 1));

    expect(core.swim.localMember.incarnation).toBe(1);
    expect(core.reportsOf("refuting")).toEqual([]);
    expect(core.reportsOf("name-conflict")).toEqual([]);
  });

  it.each([
    ["other metadata", { meta: Uint8Array.of(9) }],
    ["other versions", { versions: Uint8Array.of(1, 5, 3, 0, 0, 0) }],
    ["both", { meta: Uint8Array.of(9), versions: Uint8Array.of(1, 5, 3, 0, 0, 0) }],
  ])("at our incarnation with %s is refuted", (_what, more) => {
    const core = new LoneCore();

    core.receive(aliveOf("self", 1, more));

    expect(core.swim.localMember.incarnation).toBe(2);
    expect(core.reportsOf("refuting")).toEqual([
      { kind: "refuting", claim: "alive", from: "", incarnation: 2 },
    ]);
  });

  it("below our incarnation is old news, whatever it says", () => {
    const core = new LoneCore();
    core.receive({ kind: "suspect", incarnation: 6, node: "self", from: "b" });
    core.takeSent();

    core.receive(aliveOf("self", 1, { incarnation: 6, meta: Uint8Array.of(9) }));

    expect(core.swim.localMember.incarnation).toBe(7);
    expect(core.reportsOf("refuting").length).toBe(1);
    expect(core.takeSent()).toEqual([]);
  });

  it("that we are dead is answered to the accuser, and reported with its name", () => {
    const core = new LoneCore();
    core.receive(aliveOf("b", 2));
    core.takeSent();

    core.receive({ kind: "dead", incarnation: 1, node: "self", from: "b" });

    expect(core.reportsOf("refuting")).toEqual([
      { kind: "refuting", claim: "dead", from: "b", incarnation: 2 },
    ]);
    expect(core.takeSent()).toMatchObject([
      { target: endpoint(2), messages: [{ kind: "alive", node: "self", incarnation: 2 }] },
    ]);
  });
});

describe("a member that leaves (behaviour specification §3.6)", () => {
  it("does not come back by what others still tell of it", () => {
    const core = leaving();

    core.receive(aliveOf("self", 1, { incarnation: 7 }));
    core.receive({ kind: "suspect", incarnation: 7, node: "self", from: "a" });

    expect(core.swim.localMember).toMatchObject({ state: "left", incarnation: 1 });
    expect(core.reportsOf("refuting")).toEqual([]);
    expect(core.reportsOf("name-conflict")).toEqual([]);
  });

  it("goes on hearing about the others", () => {
    const core = leaving();

    core.receive([aliveOf("a", 2, { incarnation: 2 }), aliveOf("b", 3)]);

    expect(core.swim.member("a")?.incarnation).toBe(2);
    expect(core.swim.member("b")?.state).toBe("alive");
  });

  it("says farewell with the incarnation it has reached", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), { kind: "suspect", incarnation: 6, node: "self", from: "x" }]);
    core.takeSent();

    core.call(() => core.swim.leave({ timeoutMs: 0 }, core.nowMs, () => {}));
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    expect(core.takeMessages()).toContainEqual({
      kind: "dead",
      incarnation: 7,
      node: "self",
      from: "self",
    });
  });

  it("keeps new metadata for its return, and has nobody to wait for", () => {
    const core = leaving();
    const outcomes: unknown[] = [];
    const meta = Uint8Array.of(5);

    core.call(() => {
      core.swim.updateMeta(meta, { timeoutMs: 0 }, core.nowMs, (outcome) => outcomes.push(outcome));
    });
    const stateThen = core.swim.localMember.state;
    core.call(() => core.swim.join([], core.nowMs, () => {}));

    expect(outcomes).toEqual([{ timedOut: false }]);
    expect(stateThen).toBe("left");
    expect(core.swim.localMember).toMatchObject({ state: "alive", meta });
  });

  it("is back with a greater incarnation once it joins again", () => {
    const core = leaving();

    core.call(() => core.swim.join([], core.nowMs, () => {}));

    expect(core.swim.isLeaving).toBe(false);
    expect(core.swim.localMember).toMatchObject({ state: "alive", incarnation: 2 });
    expect(core.eventNames().at(-1)).toBe("member-joined self");
  });
});
