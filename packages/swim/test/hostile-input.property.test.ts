import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage, type DatagramMessage } from "@x/swim/wire";
import { aliveOf, endpoint, LoneCore } from "./support/lone-core.ts";

const names = fc.constantFrom("self", "a", "b", "c", "", "x\u0000", "y".repeat(300));
const u32 = fc.oneof(fc.nat(3), fc.constant(0xffff_ffff), fc.nat(0xffff_ffff));
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

const message: fc.Arbitrary<DatagramMessage> = fc.oneof(
  fc
    .record({ node: names, from: names, incarnation: u32 })
    .map((it) => ({ kind: "suspect" as const, ...it })),
  fc
    .record({ node: names, from: names, incarnation: u32 })
    .map((it) => ({ kind: "dead" as const, ...it })),
  fc
    .record({
      node: names,
      incarnation: u32,
      address,
      port: fc.nat(65_535),
      meta: fc.uint8Array({ maxLength: 600 }),
      versions: fc.uint8Array({ maxLength: 8 }),
    })
    .map((it) => ({ kind: "alive" as const, ...it })),
  fc
    .record({
      node: names,
      sequenceNumber: u32,
      sourceAddress: address,
      sourcePort: fc.nat(65_535),
      sourceNode: names,
    })
    .map((it) => ({ kind: "ping" as const, ...it })),
  fc
    .record({
      node: names,
      sequenceNumber: u32,
      target: address,
      port: fc.nat(65_535),
      wantsNack: fc.boolean(),
      sourceAddress: address,
      sourcePort: fc.nat(65_535),
      sourceNode: names,
    })
    .map((it) => ({ kind: "indirect-ping" as const, ...it })),
  u32.map((sequenceNumber) => ({
    kind: "ack" as const,
    sequenceNumber,
    payload: new Uint8Array(3),
  })),
  u32.map((sequenceNumber) => ({ kind: "nack" as const, sequenceNumber })),
  fc.uint8Array({ maxLength: 50 }).map((payload) => ({ kind: "user" as const, payload })),
);

describe("a core", () => {
  it("survives any messages in any order, knows itself alive, and never lowers an incarnation", () => {
    const steps = fc.array(fc.tuple(message, fc.nat(3_000)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (sequence) => {
        const core = new LoneCore({ probeIntervalMs: 1_000, gossipIntervalMs: 200 });
        const incarnations = new Map<string, number>();
        for (const [it, pauseMs] of sequence) {
          core.receive(it, endpoint(9));
          core.advance(pauseMs);
          expect(core.swim.localMember.state).toBe("alive");
          for (const { incarnation, name, state } of core.swim.allMembers()) {
            // A name may be given to another address after its member has left: it starts anew.
            if (state === "alive" && core.reportsOf("address-changed").length > 0) continue;
            if (core.reportsOf("member-reaped").length > 0) continue;
            expect(incarnation).toBeGreaterThanOrEqual(incarnations.get(name) ?? 0);
            incarnations.set(name, incarnation);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("believes a member with the newest incarnation, whatever the order of the claims", () => {
    const claims = fc.uniqueArray(
      fc.record({ incarnation: fc.integer({ min: 2, max: 9 }), isAlive: fc.boolean() }),
      { selector: ({ incarnation }) => incarnation, minLength: 2, maxLength: 6 },
    );
    const arbitrary = claims.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(arbitrary, ([list, shuffled]) => {
        const views = [list, shuffled].map((order) => {
          const core = new LoneCore();
          core.receive(aliveOf("a", 2));
          for (const { incarnation, isAlive } of order) {
            core.receive(
              isAlive
                ? aliveOf("a", 2, { incarnation })
                : { kind: "suspect", incarnation, node: "a", from: "b" },
            );
          }
          return core.swim.member("a")?.state;
        });
        // A suspicion under way takes newer accusations as confirmations without raising what is
        // known, so only an alive with the newest incarnation must end the same way.
        const greatest = list.toSorted((a, b) => b.incarnation - a.incarnation)[0];
        fc.pre(greatest?.isAlive === true);
        expect(views).toEqual(["alive", "alive"]);
      }),
    );
  });

  it("survives any bytes in a datagram and on a stream", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
        .map(([it, changes]) => {
          const encoded = encodeMessage(it);
          for (const [at, value] of changes) encoded[at % encoded.length] = value;
          return encoded;
        }),
    );
    const core = new LoneCore({ probeIntervalMs: 1_000 });
    fc.assert(
      fc.property(bytes, (it) => {
        core.call(() => core.swim.handleDatagram({ bytes: it, source: endpoint(9) }, core.nowMs));
        const streamId = core.accept();
        core.call(() => core.swim.handleStream({ kind: "data", streamId, bytes: it }, core.nowMs));
        core.call(() => core.swim.handleStream({ kind: "ended", streamId }, core.nowMs));
        core.advance(1);
        expect(core.swim.localMember.state).toBe("alive");
        expect(core.hasClosed(streamId)).toBe(true);
        core.directives.length = 0;
      }),
      { numRuns: 3_000 },
    );
  });
});
