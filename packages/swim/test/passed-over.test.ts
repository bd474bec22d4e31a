/** What tells nothing new and is passed over undecoded, and what looks like it but is not. */
import { describe, expect, it } from "vitest";
import { encodeMessage, sealPacket, type AliveMessage, type PushPullNode } from "@x/swim/wire";
import { joined, state, stepUntilAnswered } from "./support/exchanges.ts";
import {
  aliveOf,
  endpoint,
  entryOf,
  LoneCore,
  type LoneCoreSettings,
} from "./support/lone-core.ts";
import { packetSettings } from "./support/packet-settings.ts";
import { coresOfOnePool, recordOf, teachOthers } from "./support/shared-pool.ts";

/** Room for one claim, and for one record at a stretch: what is decoded needs some of it. */
const NARROW = { inboundQueueLimit: 1, mergeSliceLimit: 1, compress: false } as const;

const OTHER_VERSIONS = Uint8Array.of(1, 5, 3, 0, 0, 0);

function claimOf(number: number, more: Partial<AliveMessage> = {}): AliveMessage {
  return aliveOf(`m${number}`, number, { incarnation: 3, ...more });
}

/** A core that knows `m5` and `m6` at incarnation 3. */
function knower(settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore({ ...NARROW, ...settings });
  for (const number of [5, 6]) core.receive(claimOf(number));
  return core;
}

/** Whether a claim heard twice in one packet takes no room in a queue for one. */
function passesOver(core: LoneCore, claim: AliveMessage): boolean {
  const count = core.reports.length;
  core.receive([claim, claim]);
  return core.reports.slice(count).every(({ kind }) => kind !== "inbound-queue-full");
}

/** Whether a state of several records is merged as soon as it is read, where one is a slice, and all of it. */
function mergesAtOnce(core: LoneCore, records: readonly PushPullNode[], isJoin = false): boolean {
  const count = core.reportsOf("push-pull-merged").length;
  stepUntilAnswered(core, core.dialWith(state(records, { isJoin })).id);
  return core.reportsOf("push-pull-merged").slice(count)[0]?.memberCount === records.length;
}

function recordsOf(more: Partial<AliveMessage>, wireState = 0): PushPullNode[] {
  return [5, 6].map((number) => recordOf(claimOf(number, more), wireState));
}

type Variation = readonly [title: string, more: Partial<AliveMessage>];

const NOTHING_NEW: readonly Variation[] = [
  ["the same again", {}],
  ["a former incarnation", { incarnation: 2 }],
];

const OTHERWISE: readonly Variation[] = [
  ["a later incarnation", { incarnation: 4 }],
  ["another port", { port: 7_947 }],
  ["another address", { address: Uint8Array.of(10, 0, 0, 77) }],
  ["a longer address", { address: Uint8Array.of(10, 0, 0, 5, ...new Uint8Array(12)) }],
  ["other versions", { versions: OTHER_VERSIONS }],
  ["no versions", { versions: new Uint8Array(0) }],
];

const IMPOSSIBLE: readonly Variation[] = [
  ["incarnation 0", { incarnation: 0 }],
  ["metadata beyond the limit", { meta: new Uint8Array(513) }],
];

describe("a claim", () => {
  it.each([
    ...NOTHING_NEW,
    ["other metadata without a later incarnation", { meta: Uint8Array.of(1) }] as const,
    ["metadata up to the limit", { meta: new Uint8Array(512) }] as const,
  ])("with %s is passed over", (_title, more) => {
    const core = knower();

    expect(passesOver(core, claimOf(5, more))).toBe(true);
    expect(core.swim.member("m5")).toMatchObject({ incarnation: 3, state: "alive" });
  });

  it.each(OTHERWISE)("with %s is decoded", (_title, more) => {
    expect(passesOver(knower(), claimOf(5, more))).toBe(false);
  });

  it.each(IMPOSSIBLE)("with %s is rejected, though the member is known", (_title, more) => {
    const core = knower();

    core.receive(claimOf(5, more));

    expect(core.reportsOf("packet-rejected").length).toBe(1);
  });

  it("is decoded about a stranger, a suspect, the dead and oneself", () => {
    const core = knower();
    core.receive({ kind: "suspect", incarnation: 3, node: "m5", from: "m6" });
    core.receive({ kind: "dead", incarnation: 3, node: "m6", from: "m5" });

    expect(["m5", "m6"].map((name) => core.swim.member(name)?.state)).toEqual(["suspect", "dead"]);
    const claims = [claimOf(5), claimOf(6), claimOf(7), aliveOf("self", 1)];
    expect(claims.map((claim) => passesOver(core, claim))).toEqual([false, false, false, false]);
  });

  it("about oneself with other metadata is refuted, however familiar it looks", () => {
    const core = new LoneCore(NARROW);

    core.receive(aliveOf("self", 1, { meta: Uint8Array.of(1) }));

    expect(core.reportsOf("refuting").length).toBe(1);
  });

  it("is decoded where a list of networks or protocol 1 gives it another meaning", () => {
    const isPassedOver = [
      { allowedNetworks: ["10.0.0.0/8"] },
      { protocolVersion: 1 },
      { protocolVersion: 2 },
    ].map((settings) => passesOver(knower(settings), claimOf(5)));

    expect(isPassedOver).toEqual([false, false, true]);
  });

  it("that is cut off is rejected, even behind the name of somebody known", () => {
    const encoded = encodeMessage(claimOf(5));
    const core = knower();

    for (let length = 1; length < encoded.length; length += 1) {
      // Behind a whole one, whose places are remembered.
      const parts = [encoded, encoded.slice(0, length)];
      const bytes = sealPacket(parts, packetSettings(), { compress: false, checksum: false });
      core.call(() => core.swim.handleDatagram({ bytes, source: endpoint(9) }, core.nowMs));
      expect(core.reportsOf("packet-rejected").length).toBe(length);
    }
  });

  it("is not what a user message says that reads like one", () => {
    const core = knower();
    const payload = encodeMessage(claimOf(5)).slice(1);

    core.receive([{ kind: "user", payload }, claimOf(5)]);

    expect(core.events.at(-1)).toEqual({ kind: "user-message", payload });
  });
});

describe("a claim another core of the process has told", () => {
  /** Hears what the others have heard before. */
  function passesOverTold(more: Partial<AliveMessage>, before = claimOf(5)): boolean {
    const pool = coresOfOnePool(NARROW);
    pool.core.receive(before);
    for (const other of pool.others) other.receive(claimOf(5, more));
    return passesOver(pool.core, claimOf(5, more));
  }

  it.each(NOTHING_NEW)("with %s is passed over", (_title, more) => {
    expect(passesOverTold(more)).toBe(true);
  });

  it.each(OTHERWISE.slice(0, 5))("with %s is looked at", (_title, more) => {
    expect(passesOverTold(more)).toBe(false);
  });

  it("brings a stranger, ends a suspicion, and moves whoever has left", () => {
    const { core, others } = coresOfOnePool({ ...NARROW, inboundQueueLimit: 3 });
    core.receive(claimOf(5));
    core.receive(claimOf(6));
    core.receive({ kind: "suspect", incarnation: 3, node: "m5", from: "m6" });
    core.receive({ kind: "dead", incarnation: 3, node: "m6", from: "m6" });
    const claims = [claimOf(5, { incarnation: 4 }), claimOf(6, { port: 9 }), claimOf(7)];
    for (const other of others) for (const claim of claims) other.receive(claim);

    core.receive(claims);

    expect(core.eventNames().slice(-3)).toEqual([
      "suspicion-refuted m5",
      "member-joined m6",
      "member-joined m7",
    ]);
  });

  it("is recognised by its bytes: about oneself too, and where the name is no plain ASCII", () => {
    const { core, others } = coresOfOnePool(NARROW);
    const [self, exotic] = [aliveOf("self", 1), aliveOf("größe", 5)];
    core.receive(exotic);
    const before = [self, exotic].map((claim) => passesOver(core, claim));
    for (const other of others) for (const claim of [self, exotic]) other.receive(claim);

    expect(before).toEqual([false, true]);
    expect([self, exotic].map((claim) => passesOver(core, claim))).toEqual([true, true]);
    expect(passesOver(knower(), exotic)).toBe(false);
  });

  it("does not stand in the way of a former one, which none of them tells any more", () => {
    const { core, others } = coresOfOnePool(NARROW);
    for (const each of [core, ...others]) each.receive(claimOf(5));

    expect(passesOver(core, claimOf(5, { incarnation: 2 }))).toBe(true);
  });

  it("is looked at about a suspect, though it is what is known", () => {
    const { core, others } = coresOfOnePool(NARROW);
    for (const each of [core, ...others]) each.receive(claimOf(5));
    core.receive({ kind: "suspect", incarnation: 3, node: "m5", from: "m6" });

    expect(passesOver(core, claimOf(5))).toBe(false);
    expect(core.swim.member("m5")?.state).toBe("suspect");
  });
});

describe("the record of a state", () => {
  it.each([
    ...NOTHING_NEW,
    ["other metadata without a later incarnation", { meta: Uint8Array.of(1) }] as const,
  ])("with %s takes no part of a slice", (_title, more) => {
    expect(mergesAtOnce(knower(), recordsOf(more))).toBe(true);
  });

  it.each([...OTHERWISE.slice(0, 5), ...IMPOSSIBLE])("with %s is decoded", (_title, more) => {
    expect(mergesAtOnce(knower(), recordsOf(more))).toBe(false);
  });

  it("is decoded for suspicions and deaths, for strangers, and for oneself", () => {
    const core = knower();
    const self = entryOf("self", 1);
    const strangers = ["m7", "m8"].map((name) => entryOf(name, 7));

    expect([1, 2, 3].map((wireState) => mergesAtOnce(knower(), recordsOf({}, wireState)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(mergesAtOnce(core, [self, self])).toBe(false);
    core.advance(1);
    expect(mergesAtOnce(core, strangers)).toBe(false);
  });

  it("is decoded about a member that is suspected here", () => {
    const core = knower();
    for (const node of ["m5", "m6"]) {
      core.receive({ kind: "suspect", incarnation: 3, node, from: "m7" });
    }

    expect(mergesAtOnce(core, recordsOf({}))).toBe(false);
  });

  it("is decoded in protocol 1, where its port means nothing", () => {
    expect(mergesAtOnce(knower({ protocolVersion: 1 }), recordsOf({}))).toBe(false);
  });

  it("is shown to whoever may veto a join, and in a join only", () => {
    const shown: string[][] = [];
    const vetoMerge = (members: readonly { readonly name: string }[]): undefined =>
      void shown.push(members.map(({ name }) => name));
    const core = knower({ delegate: { vetoMerge } });

    expect(mergesAtOnce(core, recordsOf({}))).toBe(true);
    expect(mergesAtOnce(core, recordsOf({}), true)).toBe(false);
    expect(mergesAtOnce(knower(), recordsOf({}), true)).toBe(true);
    expect(shown).toEqual([["m5", "m6"]]);
  });
});

describe("the record of a state other cores of the process tell alike", () => {
  /** Hears from one of the others what both tell. */
  function mergesTold(
    more: Partial<AliveMessage>,
    { isJoin = false, ...settings }: LoneCoreSettings & { readonly isJoin?: boolean } = {},
  ): boolean {
    const pool = coresOfOnePool({ ...NARROW, ...settings });
    for (const number of [5, 6]) pool.core.receive(claimOf(number));
    teachOthers(pool, [claimOf(5, more), claimOf(6, more)]);
    return mergesAtOnce(pool.core, recordsOf(more), isJoin);
  }

  it.each(NOTHING_NEW)("with %s takes no part of a slice", (_title, more) => {
    expect(mergesTold(more)).toBe(true);
  });

  it.each(OTHERWISE.slice(0, 5))("with %s is merged", (_title, more) => {
    expect(mergesTold(more)).toBe(false);
  });

  it("is merged in protocol 1, and shown to whoever may veto a join", () => {
    const delegate = { vetoMerge: (): undefined => undefined };

    expect([
      mergesTold({}, { protocolVersion: 1 }),
      mergesTold({}, { delegate, isJoin: true }),
      mergesTold({}, { delegate }),
      mergesTold({}, { isJoin: true }),
    ]).toEqual([false, false, true, true]);
  });

  it("is recognised by its bytes, where the name is no plain ASCII as well", () => {
    const pool = coresOfOnePool(NARROW);
    const claims = ["größe", "名"].map((name) => aliveOf(name, 5));
    for (const claim of claims) pool.core.receive(claim);
    const records = claims.map((claim) => recordOf(claim));
    const before = mergesAtOnce(pool.core, records);
    pool.core.advance(1);
    teachOthers(pool, claims);

    expect([before, mergesAtOnce(pool.core, records)]).toEqual([false, true]);
  });

  it("reminds whom this member holds for dead, so that it can refute", () => {
    const pool = coresOfOnePool(NARROW);
    const { core } = pool;
    core.receive(claimOf(5));
    core.receive({ kind: "dead", incarnation: 3, node: "m5", from: "m6" });
    teachOthers(pool, [claimOf(5)]);
    core.takeSent();

    core.dialWith(state([recordOf(claimOf(5))]));

    const reminders = core.takeSent().filter(({ target }) => target.address === "10.0.0.5");
    expect(reminders.flatMap(({ messages }) => messages)).toEqual([
      { kind: "dead", incarnation: 3, node: "m5", from: "self" },
    ]);
  });

  it("brings strangers and what is new of others, and starts no slice for the rest", () => {
    const pool = coresOfOnePool({ ...NARROW, mergeSliceLimit: 2 });
    const { core } = pool;
    for (const number of [5, 6, 7]) core.receive(claimOf(number));
    core.receive({ kind: "suspect", incarnation: 3, node: "m7", from: "m5" });
    const claims = [5, 6, 8].map((number) => claimOf(number));
    teachOthers(pool, [...claims, claimOf(7, { incarnation: 4 })]);

    const records = [...claims, claimOf(7, { incarnation: 4 })].map((claim) => recordOf(claim));
    expect(mergesAtOnce(core, records)).toBe(true);

    expect(core.swim.member("m8")?.state).toBe("alive");
    expect(core.swim.member("m7")).toMatchObject({ state: "alive", incarnation: 4 });
  });
});

describe("what a newcomer has just learned", () => {
  it("is looked at again as long as it may be on its way round, whoever told it", () => {
    const alone = joined(80, { ...NARROW, mergeSliceLimit: 128 });
    const rumour = aliveOf("m5", 2, { port: 6 });

    expect(passesOver(alone, rumour)).toBe(false);
    alone.advance(301);
    expect(passesOver(alone, rumour)).toBe(true);
  });
});
