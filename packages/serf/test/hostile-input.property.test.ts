/**
 * Nothing a stranger sends can throw out of the core, stall it, or bloat it.
 *
 * Source: Serf specification §20, numbers 19 to 24.
 */
import { Keyring } from "@x/swim";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeSerfMessage } from "../src/wire/message-codec.ts";
import { Rooms } from "./support/rooms.ts";

interface Vector {
  readonly bytes: string | null;
}

const vectors: readonly Uint8Array[] = (
  JSON.parse(
    readFileSync(new URL("./vectors/serf-messages.json", import.meta.url), "utf8"),
  ) as readonly Vector[]
).flatMap(({ bytes }) => (bytes === null ? [] : [Uint8Array.from(Buffer.from(bytes, "hex"))]));

/** A valid message with some bytes changed, cut or glued. */
const mutated = fc
  .tuple(
    fc.nat(vectors.length - 1),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
    fc.option(fc.nat(400)),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([index, changes, cutAt, tail]) => {
    const bytes = [...(vectors[index] ?? [])];
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    const kept = cutAt === null ? bytes : bytes.slice(0, cutAt);
    return Uint8Array.from([...kept, ...tail]);
  });

describe("hostile input", () => {
  it("law: no bytes throw out of the intake, the push/pull or the acks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(mutated, fc.uint8Array({ maxLength: 64 })), { maxLength: 20 }),
        (messages) => {
          const rooms = new Rooms().joined("bar").joined("node-a");
          for (const bytes of messages) {
            rooms.intake.handle(bytes, rooms.nowMs);
            rooms.pushPull.merge(bytes, false, rooms.nowMs);
            for (const event of rooms.settle().events.splice(0)) {
              // Its deadline may lie in the past: then the answer is refused to the user, who knows.
              if (event.kind === "query" && event.timeoutMs > 0) event.respond(new Uint8Array([1]));
            }
          }
          rooms.advance(10_000);
          rooms.packet();
        },
      ),
      { numRuns: 1_500 },
    );
  });

  it.each([
    ["_serf_conflict", [0x62, 0x61, 0x72]],
    ["_serf_list-keys", [7, 0x81, 0xa3, 0x4b, 0x65, 0x79, 0xa0]],
    ["_serf_install-key", []],
  ])(
    "survives %s with a deadline in the past, and with no room for the answer",
    (name, payload) => {
      const keyring = Keyring.create([], new Uint8Array(16));
      const advertiseEndpoint = { address: "10.0.0.1", port: 7_946 };
      const rooms = new Rooms({
        options: { queryResponseSizeLimit: 10, swim: { advertiseEndpoint, keyring } },
      }).joined("bar");

      for (const [index, timeoutNs] of [-(10n ** 9n), 10n ** 9n].entries()) {
        rooms.advance(1).receive({
          kind: "query",
          lamportTime: 7n,
          id: index,
          address: new Uint8Array([10, 0, 0, 9]),
          port: 1,
          sourceNode: "x",
          filters: undefined,
          flags: 0,
          relayFactor: 0,
          timeoutNs,
          name,
          payload: Uint8Array.from(payload),
        });
      }

      expect(rooms.takeSent()).toEqual([]);
    },
  );

  it("refuses what no packet brings, which only a stream could, save for answers", () => {
    const rooms = new Rooms().joined("bar");
    const event = (bytes: number): Uint8Array =>
      encodeSerfMessage({
        kind: "user-event",
        lamportTime: 1n,
        name: "big",
        payload: new Uint8Array(bytes),
        coalesce: true,
      });
    const fixedBytes = event(60_000).length - 60_000;

    rooms.intake.handle(event(65_536 - fixedBytes), 0);
    rooms.intake.handle(event(65_537 - fixedBytes), 0);

    expect(rooms.settle().story()).toEqual(["member-join bar", "user big"]);
    expect(rooms.reported("message-rejected")).toMatchObject([{ code: "too-large" }]);
    rooms.receive({
      kind: "query-response",
      lamportTime: 1n,
      id: 1,
      from: "bar",
      flags: 0,
      payload: new Uint8Array(100_000),
    });
    expect(rooms.reported("response-dropped")).toMatchObject([{ reason: "unknown-query" }]);
  });

  it("makes no flood of reports out of a flood of names or bytes, and says how many it held back", () => {
    const rooms = new Rooms({ options: { intentNameLimit: 1 } });
    const statusTimes = new Map(Array.from({ length: 10_000 }, (_, n) => [`x${n}`, 1n]));
    const state = encodeSerfMessage({
      kind: "push-pull",
      lamportTime: 0n,
      statusTimes,
      leftMembers: [],
      eventLamportTime: 0n,
      events: [],
      queryLamportTime: 0n,
    });

    rooms.pushPull.merge(state, false, rooms.nowMs);
    for (let index = 0; index < 10_000; index += 1) {
      rooms.intake.handle(new Uint8Array([0xff]), rooms.nowMs);
    }
    rooms.settle();

    expect(rooms.reported("intent-buffer-full")).toHaveLength(100);
    expect(rooms.reported("message-rejected")).toHaveLength(100);
    rooms.advance(1_000).intake.handle(new Uint8Array([0xff]), rooms.nowMs);
    expect(rooms.settle().reports.slice(-2)).toMatchObject([
      { kind: "reports-suppressed", of: "message-rejected", count: 9_900 },
      { kind: "message-rejected" },
    ]);
  });

  it("holds every limit under a flood of fresh names, times and numbers", () => {
    const limits = {
      intentNameLimit: 100,
      maxQueueDepth: 50,
      eventBufferBytesLimit: 10_000,
      queryBufferLimit: 100,
      recentAnswerLimit: 10,
    };
    const rooms = new Rooms({ options: limits }).joined("bar");

    for (let index = 0; index < 2_000; index += 1) {
      const lamportTime = BigInt(index);
      rooms.joinIntent(`name-${index}`, lamportTime);
      rooms.receive({
        kind: "user-event",
        lamportTime: 7n,
        name: `e${index}`,
        payload: undefined,
        coalesce: false,
      });
      rooms.receive({
        kind: "query",
        lamportTime: 7n,
        id: index,
        address: new Uint8Array([1, 2, 3, 4]),
        port: 1,
        sourceNode: "x",
        filters: undefined,
        flags: 1,
        relayFactor: 0,
        timeoutNs: 2n ** 62n,
        name: "q",
        payload: undefined,
      });
    }

    expect(rooms.intents.size).toBe(100);
    expect(rooms.userEvents.window.weight).toBeLessThanOrEqual(10_000);
    for (const queue of ["intent", "event", "query"] as const) {
      expect(rooms.context.queues.depth(queue)).toBeLessThanOrEqual(50);
    }
    expect(rooms.context.timers.size).toBe(0);
  });

  it.each([
    [{}, 4_096],
    [{ maxQueueDepth: 1_024 }, 1_024],
    [{ maxQueueDepth: 1_024, minQueueDepth: 4 }, 6],
    [{ minQueueDepth: 100 }, 100],
  ])("bounds a queue with %o to %d broadcasts among three members", (options, limit) => {
    const rooms = new Rooms({ options }).joined("bar").joined("baz");

    for (let index = 0; index < 5_000; index += 1) rooms.joinIntent(`name-${index}`, 1n);

    expect(rooms.context.queues.depth("intent")).toBe(limit);
  });
});
