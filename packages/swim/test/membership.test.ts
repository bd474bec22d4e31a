import { describe, expect, it } from "vitest";
import { addressBytes } from "@x/swim/wire";
import { aliveOf, endpoint, LoneCore, VERSIONS } from "./support/lone-core.ts";

const META = Uint8Array.of(1, 2, 3);

/** What the core would tell, one entry per rumour. */
function rumours(core: LoneCore): readonly string[] {
  // An ack carries everything that waits; the first message is the ack itself.
  core.takeSent();
  core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });
  return core
    .takeMessages()
    .slice(1)
    .map((message) =>
      "node" in message ? `${message.kind} ${message.node} ${claimNumber(message)}` : message.kind,
    );
}

function claimNumber(message: object): number {
  return "incarnation" in message ? Number(message.incarnation) : -1;
}

describe("an alive claim (behaviour specification §3.1, §18)", () => {
  it("lets a new member join, with one event and one rumour", () => {
    const core = new LoneCore();
    rumours(core);

    core.receive(aliveOf("a", 2));

    expect(core.swim.member("a")).toMatchObject({ state: "alive", incarnation: 1 });
    expect(core.swim.member("a")?.endpoint).toEqual(endpoint(2));
    expect(core.eventNames()).toEqual(["member-joined self", "member-joined a"]);
    expect(rumours(core)).toContain("alive a 1");
    expect(core.swim.memberCount).toBe(2);
  });

  it("at an old incarnation does not clear a suspicion, at a newer one does, without a join", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 3 }));
    core.receive({ kind: "suspect", incarnation: 3, node: "a", from: "b" });

    core.receive(aliveOf("a", 2, { incarnation: 3 }));
    expect(core.swim.member("a")?.state).toBe("suspect");

    core.receive(aliveOf("a", 2, { incarnation: 4 }));
    expect(core.swim.member("a")).toMatchObject({ state: "alive", incarnation: 4 });
    expect(core.eventNames().slice(1)).toEqual([
      "member-joined a",
      "member-suspected a",
      "suspicion-refuted a",
    ]);
  });

  it("with other metadata is an update, told with the member before", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.receive(aliveOf("a", 2, { incarnation: 2, meta: META }));

    const event = core.events.at(-1);
    expect(event).toMatchObject({ kind: "member-updated" });
    expect(event?.kind === "member-updated" && event.member.meta).toEqual(META);
    expect(event?.kind === "member-updated" && event.previous.meta).toEqual(new Uint8Array(0));
  });

  it("about ourselves is refuted, and our metadata stays", () => {
    const core = new LoneCore({ meta: META });
    rumours(core);

    core.receive(aliveOf("self", 1, { incarnation: 7, meta: Uint8Array.of(9) }));

    expect(core.swim.localMember).toMatchObject({ incarnation: 8, state: "alive" });
    expect(core.swim.localMember.meta).toEqual(META);
    expect(core.swim.healthScore).toBe(1);
    expect(rumours(core)).toEqual(["alive self 8"]);
  });

  it("of our own that comes back is ignored", () => {
    const core = new LoneCore();

    core.receive(aliveOf("self", 1));

    expect(core.swim.localMember.incarnation).toBe(1);
    expect(core.swim.healthScore).toBe(0);
  });

  it("from another address is a conflict, told to the hook, not told on", () => {
    const conflicts: string[] = [];
    const core = new LoneCore({
      delegate: {
        handleConflict: (existing, other) =>
          conflicts.push(`${existing.endpoint.address} ${other.endpoint.address}`),
      },
    });
    core.receive(aliveOf("a", 2));
    for (let told = 0; told < 10; told += 1) rumours(core);

    core.receive(aliveOf("a", 3, { incarnation: 9 }));

    expect(core.swim.member("a")?.endpoint).toEqual(endpoint(2));
    expect(conflicts).toEqual(["10.0.0.2 10.0.0.3"]);
    expect(core.reportsOf("name-conflict")).toMatchObject([{ name: "a", other: endpoint(3) }]);
    expect(rumours(core)).toEqual([]);
  });

  it("from another address takes the name over once its member has left", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));
    core.receive({ kind: "dead", incarnation: 5, node: "a", from: "a" });

    core.receive(aliveOf("a", 3, { incarnation: 1 }));

    expect(core.swim.member("a")).toMatchObject({ state: "alive", incarnation: 1 });
    expect(core.swim.member("a")?.endpoint).toEqual(endpoint(3));
    expect(core.reportsOf("address-changed")).toMatchObject([{ name: "a", current: endpoint(3) }]);
    expect(core.eventNames().at(-1)).toBe("member-joined a");
  });

  it("from another address takes a dead member's name only after the reclaim time", () => {
    const core = new LoneCore({ deadReclaimMs: 1_000 });
    core.receive(aliveOf("a", 2));
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "b" });

    core.advance(1_000);
    core.receive(aliveOf("a", 3));
    expect(core.swim.member("a")?.state).toBe("dead");

    core.advance(1);
    core.receive(aliveOf("a", 3));
    expect(core.swim.member("a")?.state).toBe("alive");
  });

  it("in the IPv4-mapped form of the same address is no conflict", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    const mapped = addressBytes("::ffff:10.0.0.2");

    core.receive(aliveOf("a", 2, { incarnation: 2, address: mapped }));

    expect(core.swim.member("a")).toMatchObject({ incarnation: 2, endpoint: endpoint(2) });
    expect(core.swim.member("a")?.addressBytes).toEqual(mapped);
    expect(core.reportsOf("name-conflict")).toEqual([]);
  });

  it("keeps the versions of a known member when it brings none, and tells it on with them", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.receive(aliveOf("a", 2, { incarnation: 2, versions: new Uint8Array(0) }));

    expect(core.swim.member("a")).toMatchObject({ incarnation: 2 });
    expect(core.swim.member("a")?.versions).toMatchObject({ protocolMin: 1, protocolMax: 5 });
  });

  it.each([
    ["incarnation-jump", { incarnation: 0xffff_ffff }],
    ["missing-versions", { versions: new Uint8Array(0) }],
    ["invalid-name", { node: "x".repeat(256) }],
  ] as const)("is refused: %s", (reason, more) => {
    const core = new LoneCore();

    core.receive(aliveOf("a", 2, more));

    expect(core.swim.estimatedSize).toBe(1);
    expect(core.reportsOf("claim-refused")).toMatchObject([{ reason }]);
  });

  it("with incarnation 0 does not even leave the codec", () => {
    const core = new LoneCore();

    core.receive(aliveOf("a", 2, { incarnation: 0 }));

    expect(core.swim.estimatedSize).toBe(1);
    expect(core.reportsOf("packet-rejected")).toMatchObject([{ code: "invalid-field" }]);
  });

  it("is ignored when the layer above vetoes it", () => {
    const core = new LoneCore({
      delegate: { vetoAlive: (member) => (member.name === "a" ? "not wanted" : undefined) },
    });

    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);

    expect(core.swim.members().map(({ name }) => name)).toEqual(["self", "b"]);
    expect(core.reportsOf("claim-refused")).toMatchObject([{ reason: "vetoed" }]);
  });

  it("is refused once the table is full", () => {
    const core = new LoneCore({ memberLimit: 3 });

    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4)]);

    expect(core.swim.estimatedSize).toBe(3);
    expect(core.reportsOf("claim-refused")).toMatchObject([{ name: "c", reason: "table-full" }]);
  });

  it("is judged by the network of its sender, of a new member and of a new address", () => {
    const core = new LoneCore({ allowedNetworks: ["10.0.0.0/29"] });

    core.receive(aliveOf("a", 2), endpoint(200));
    core.receive(aliveOf("b", 200), endpoint(3));
    core.receive(aliveOf("c", 4), endpoint(3));

    expect(core.swim.members().map(({ name }) => name)).toEqual(["self", "c"]);
    expect(core.reportsOf("packet-rejected")).toMatchObject([{ code: "not-allowed" }]);
    expect(core.reportsOf("claim-refused")).toMatchObject([{ reason: "network-not-allowed" }]);
  });

  it("with port 0 means our own bind port, and is told on with it", () => {
    const core = new LoneCore({ bindPort: 9_000 });

    core.receive(aliveOf("a", 2, { port: 0 }));

    expect(core.swim.member("a")?.endpoint).toEqual({ address: "10.0.0.2", port: 9_000 });
  });

  it("reminds a restarted member of what is held against it (behaviour specification §19.2)", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));
    core.receive({ kind: "dead", incarnation: 5, node: "a", from: "b" });
    core.takeSent();

    core.receive(aliveOf("a", 2, { incarnation: 1 }));

    expect(core.takeSent()).toMatchObject([
      {
        target: endpoint(2),
        messages: [{ kind: "dead", incarnation: 5, node: "a", from: "self" }],
      },
    ]);
  });

  it("reminds at a bounded rate", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));
    core.receive({ kind: "dead", incarnation: 5, node: "a", from: "b" });
    core.takeSent();

    for (let count = 0; count < 100; count += 1) core.receive(aliveOf("a", 2));

    expect(core.takeSent().length).toBe(20);
  });
});

describe("a suspect claim (behaviour specification §3.2, §18)", () => {
  it("about an unknown member is ignored", () => {
    const core = new LoneCore();

    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });

    expect(core.swim.estimatedSize).toBe(1);
  });

  it("is told on once, and death follows when nobody refutes", () => {
    const core = new LoneCore({ probeIntervalMs: 1_000, gossipToTheDeadMs: 60_000 });
    core.receive(aliveOf("a", 2));
    rumours(core);

    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(rumours(core)).toContain("suspect a 1");

    core.advance(4_100);
    expect(core.swim.member("a")?.state).toBe("dead");
    expect(core.reportsOf("suspicion-timed-out")).toEqual([
      { kind: "suspicion-timed-out", name: "a", confirmationCount: 0 },
    ]);
    expect(rumours(core)).toContain("dead a 1");
  });

  it.each([
    ["nobody confirms is told to the suspect for a while before its death", {}, 32_000, 8, 1],
    ["has to end in time where it cannot be confirmed", { suspicionMultiplier: 2 }, 2_000, 0, 0],
    ["ends at its least time when that is all", { suspicionMaxTimeoutMultiplier: 1 }, 4_000, 0, 0],
  ])("%s", (_title, options, deadMs, accusationCount, exchangeCount) => {
    // Four others: two could confirm. Unconfirmed it lasts six times the least wait of 4 s.
    const core = new LoneCore({ probeIntervalMs: 1_000, disableStreamPings: true, ...options });
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);
    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
    const startMs = core.nowMs;
    let accusations = 0;
    while (core.swim.member("a")?.state === "suspect") {
      for (const { messages, target } of core.takeSent()) {
        const [first] = messages;
        if (first?.kind === "suspect" && target.address === "10.0.0.2") accusations += 1;
        if (first?.kind !== "ping") continue;
        const { sequenceNumber } = first;
        core.receive({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }, target);
      }
      core.advance(100);
    }

    const dialled = core.dialled().filter(({ target }) => target.address === "10.0.0.2");
    expect(core.nowMs - startMs).toBe(deadMs);
    expect(accusations).toBe(accusationCount);
    expect(dialled).toHaveLength(exchangeCount);
  });

  it("that repeats is neither told on nor extends the time", () => {
    const core = new LoneCore({ probeIntervalMs: 1_000, disableStreamPings: true });
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4), aliveOf("d", 5)]);
    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
    const events = core.eventNames().length;
    for (let told = 0; told < 10; told += 1) rumours(core);

    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });

    expect(rumours(core)).toEqual([]);
    expect(core.eventNames().length).toBe(events);
  });

  it("of another accuser is told on with that accuser, and shortens the time", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), aliveOf("b", 3), aliveOf("c", 4)]);
    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "b" });
    core.takeSent();

    core.receive({ kind: "suspect", incarnation: 1, node: "a", from: "c" });
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    const accusations = core.takeMessages().filter(({ kind }) => kind === "suspect");
    expect(accusations).toEqual([{ kind: "suspect", incarnation: 1, node: "a", from: "c" }]);
  });

  it("at an older incarnation is ignored", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { incarnation: 5 }));

    core.receive({ kind: "suspect", incarnation: 4, node: "a", from: "b" });

    expect(core.swim.member("a")?.state).toBe("alive");
  });

  it("about ourselves is answered to the accuser directly, if we know it and it has not left", () => {
    const core = new LoneCore({ gossipIntervalMs: 0 });
    core.receive([aliveOf("b", 2), aliveOf("c", 3), aliveOf("d", 4)]);
    core.receive({ kind: "dead", incarnation: 1, node: "c", from: "b" });
    core.receive({ kind: "dead", incarnation: 1, node: "d", from: "d" });
    core.takeSent();

    for (const [index, from] of ["b", "c", "d", "stranger", "self"].entries()) {
      core.receive({ kind: "suspect", incarnation: index + 1, node: "self", from });
    }

    const answers = core.takeSent();
    // Whoever accuses us from behind a slow network may be held for dead, and must hear it.
    expect(answers.map(({ target }) => target)).toEqual([endpoint(2), endpoint(3)]);
    expect(answers.flatMap(({ messages }) => messages)).toMatchObject([
      { kind: "alive", node: "self", incarnation: 2 },
      { kind: "alive", node: "self", incarnation: 3 },
    ]);
  });

  it("about ourselves makes one refutation and costs health", () => {
    const core = new LoneCore();
    rumours(core);

    core.receive({ kind: "suspect", incarnation: 1, node: "self", from: "b" });

    expect(core.swim.localMember).toMatchObject({ state: "alive", incarnation: 2 });
    expect(core.swim.healthScore).toBe(1);
    expect(core.reportsOf("refuting")).toEqual([
      { kind: "refuting", claim: "suspect", from: "b", incarnation: 2 },
    ]);
    expect(rumours(core)).toEqual(["alive self 2"]);
  });

  it("far above the known incarnation is refused", () => {
    const core = new LoneCore({ incarnationJumpLimit: 100 });
    core.receive(aliveOf("a", 2, { incarnation: 5 }));

    core.receive({ kind: "suspect", incarnation: 106, node: "a", from: "b" });
    expect(core.swim.member("a")?.state).toBe("alive");

    core.receive({ kind: "suspect", incarnation: 105, node: "a", from: "b" });
    expect(core.swim.member("a")?.state).toBe("suspect");
    expect(core.reportsOf("claim-refused")).toMatchObject([{ reason: "incarnation-jump" }]);
  });

  it("with the last incarnation does not exhaust ours (behaviour specification §19.1)", () => {
    const core = new LoneCore();

    core.receive({ kind: "suspect", incarnation: 0xffff_ffff, node: "self", from: "evil" });

    expect(core.swim.localMember).toMatchObject({ state: "alive", incarnation: 1 });
  });
});

describe("a dead claim (behaviour specification §3.3, §18)", () => {
  it("about an unknown member is ignored", () => {
    const core = new LoneCore();

    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "b" });

    expect(core.swim.estimatedSize).toBe(1);
    expect(rumours(core)).toEqual(["alive self 1"]);
  });

  it("tells a failure from a departure, and is told on with its accuser", () => {
    const core = new LoneCore();
    core.receive([aliveOf("a", 2), aliveOf("b", 3)]);

    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "c" });
    core.receive({ kind: "dead", incarnation: 1, node: "b", from: "b" });

    expect([core.swim.member("a")?.state, core.swim.member("b")?.state]).toEqual(["dead", "left"]);
    expect(core.eventNames().slice(-2)).toEqual(["member-left a", "member-left b"]);
    expect(core.events.slice(-2)).toMatchObject([
      { member: { state: "dead" } },
      { member: { state: "left" } },
    ]);
    expect(core.swim.memberCount).toBe(1);
    expect(core.swim.estimatedSize).toBe(3);
  });

  it("that repeats is silent", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));
    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "c" });
    const count = core.events.length;

    core.receive({ kind: "dead", incarnation: 1, node: "a", from: "a" });

    expect(core.swim.member("a")?.state).toBe("dead");
    expect(core.events.length).toBe(count);
  });

  it("about ourselves is refuted and costs health", () => {
    const core = new LoneCore();

    core.receive({ kind: "dead", incarnation: 3, node: "self", from: "b" });

    expect(core.swim.localMember).toMatchObject({ state: "alive", incarnation: 4 });
    expect(core.swim.healthScore).toBe(1);
  });

  it("is forgotten when the member refutes in the same packet: good news goes first", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2));

    core.receive([
      { kind: "dead", incarnation: 1, node: "a", from: "c" },
      aliveOf("a", 2, { incarnation: 2 }),
    ]);

    expect(core.swim.member("a")).toMatchObject({ state: "alive", incarnation: 2 });
    expect(core.eventNames()).not.toContain("member-left a");
  });
});

describe("a rumour", () => {
  it("is told on byte for byte as it came", () => {
    const core = new LoneCore();
    core.receive(aliveOf("a", 2, { versions: Uint8Array.of(...VERSIONS, 99) }));
    core.receive({ kind: "ping", sequenceNumber: 1, node: "self" });

    const told = core
      .takeMessages()
      .find(({ kind, ...rest }) => kind === "alive" && "node" in rest && rest.node === "a");

    expect(told).toMatchObject({ versions: Uint8Array.of(...VERSIONS, 99) });
  });
});
