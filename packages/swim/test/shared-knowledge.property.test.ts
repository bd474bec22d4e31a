import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberRecordPool, type Endpoint } from "@x/swim";
import type { AliveMessage, DatagramMessage, PushPullNode } from "@x/swim/wire";
import { entries, state } from "./support/exchanges.ts";
import { aliveOf, LoneCore, type LoneCoreSettings } from "./support/lone-core.ts";
import { recordOf } from "./support/shared-pool.ts";

const NAMES = ["a", "b", "c"] as const;
const OWN_ENDPOINTS: readonly Endpoint[] = NAMES.map((_, index) => ({
  address: `10.0.1.${index}`,
  port: 7_946,
}));

/** Above 64 members news heard again is told less; all that is told shows in what is sent. */
const SETTINGS = { gossipIntervalMs: 200, pushPullIntervalMs: 0, eagerGossip: true } as const;
const FAMILIAR_MEMBERS = 66;

/** Whom is spoken of: a few of those all know, strangers, and the cores themselves. */
const subject = fc.constantFrom("m0", "m1", "m2", "x", "y", "ö", ...NAMES);

const claim: fc.Arbitrary<AliveMessage> = fc
  .record({
    node: subject,
    incarnation: fc.constantFrom(0, 1, 1, 2, 3),
    number: fc.constantFrom(2, 2, 2, 3),
    port: fc.constantFrom(1, 1, 1, 2, 0),
    meta: fc.constantFrom(0, 0, 1, 90, 200, 513),
    versions: fc.constantFrom([1, 5, 2, 0, 0, 0], [1, 5, 2, 0, 0, 0], [1, 5, 3, 0, 0, 0], []),
  })
  .map(({ meta, node, number, versions, ...rest }) =>
    aliveOf(node, number, {
      ...rest,
      meta: new Uint8Array(meta),
      versions: Uint8Array.from(versions),
    }),
  );

const message: fc.Arbitrary<DatagramMessage> = fc.oneof(
  { weight: 5, arbitrary: claim },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("suspect" as const, "dead" as const),
      incarnation: fc.constantFrom(1, 2, 3),
      node: subject,
      from: subject,
    }),
  },
);

const record: fc.Arbitrary<PushPullNode> = fc
  .record({ of: claim, wireState: fc.constantFrom(0, 0, 0, 1, 2, 3) })
  .map(({ of, wireState }) => recordOf(of, wireState));

type Step =
  | { readonly kind: "datagram"; readonly messages: readonly DatagramMessage[] }
  | { readonly kind: "state"; readonly nodes: readonly PushPullNode[]; readonly isJoin: boolean }
  | { readonly kind: "relay"; readonly from: number; readonly isJoin: boolean }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<{ readonly at: number; readonly what: Step }> = fc.record({
  at: fc.nat(NAMES.length - 1),
  what: fc.oneof(
    fc.record({
      kind: fc.constant("datagram" as const),
      messages: fc.array(message, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("state" as const),
      nodes: fc.array(record, { maxLength: 4 }),
      isJoin: fc.boolean(),
    }),
    // The usual case of a large simulation: what one core tells, another reads.
    fc.record({
      kind: fc.constant("relay" as const),
      from: fc.nat(NAMES.length - 1),
      isJoin: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(0, 200, 301, 2_000) }),
  ),
});

function coresWith(settings: LoneCoreSettings): LoneCore[] {
  return NAMES.map((name, index) => {
    const advertiseEndpoint = OWN_ENDPOINTS[index] ?? { address: "10.0.1.9", port: 1 };
    const core = new LoneCore({
      ...SETTINGS,
      compress: false,
      ...settings,
      name,
      advertiseEndpoint,
    });
    core.dialWith(state(entries(FAMILIAR_MEMBERS)));
    return core;
  });
}

/** Does a step. @returns everything the core asked for, told and reported because of it. */
function take(cores: readonly LoneCore[], at: number, what: Step): unknown {
  const core = cores[at];
  if (core === undefined) throw new RangeError(`there is no core ${at}`);
  const count = core.directives.length;
  switch (what.kind) {
    case "datagram":
      core.receive(what.messages);
      break;
    case "state":
      core.dialWith(state(what.nodes, { isJoin: what.isJoin }));
      break;
    case "relay": {
      const told = cores[what.from]?.dialWith(state([])).reply;
      if (told?.kind === "push-pull") core.dialWith({ ...told, isJoin: what.isJoin });
      break;
    }
    case "wait":
      core.advance(what.ms);
  }
  return core.directives.slice(count);
}

describe("cores that share what they know of others", () => {
  it("do exactly what cores do that know it each for itself, whatever they are told", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const together = coresWith({ environment: { records: new MemberRecordPool() } });
        const apart = coresWith({});
        for (const { at, what } of steps) {
          expect(take(together, at, what)).toEqual(take(apart, at, what));
        }
        for (const [index, core] of together.entries()) {
          expect(core.swim.members()).toEqual(apart[index]?.swim.members());
        }
      }),
      { numRuns: 60 },
    );
  });

  it("tell states larger than any before alike, and each of itself alone in a look", () => {
    const together = coresWith({ environment: { records: new MemberRecordPool() } });
    const apart = coresWith({});
    const nodes = entries(400);

    for (const cores of [together, apart]) {
      for (const core of cores) {
        core.dialWith(state(nodes));
        core.advance(1_000);
      }
    }

    for (const [index, core] of together.entries()) {
      const told = [core, apart[index]].map((each) => each?.dialWith(state([])).reply);
      expect(told[0]).toEqual(told[1]);
      expect(told[0]).toMatchObject({ nodes: { length: 401 } });
    }
  });
});
