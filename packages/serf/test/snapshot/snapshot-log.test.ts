import { decodeName, encodeName } from "@x/swim/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MemberEventKind } from "../../src/serf-event.ts";
import { SnapshotLog, type SnapshotLogOptions } from "../../src/snapshot/snapshot-log.ts";
import { parseSnapshotLine } from "../../src/snapshot/snapshot-line.ts";
import {
  replaySnapshot,
  SnapshotState,
  type SnapshotStateOptions,
} from "../../src/snapshot/snapshot-state.ts";
import { name } from "../support/arbitraries.ts";
import { member, memberEvent, userEvent } from "../support/members.ts";

function create(options: SnapshotLogOptions & Partial<SnapshotStateOptions> = {}) {
  const state = new SnapshotState({ rejoinAfterLeave: false, ...options });
  const log = new SnapshotLog(state, options);
  return { state, log, taken: () => decodeName(log.takePending()) };
}

const query = (lamportTime: bigint) => ({ kind: "query", lamportTime }) as const;
const a = member("a", { port: 1 });
const b = member("b", { port: 2, address: "::1" });

describe("SnapshotLog", () => {
  it("writes what the reference writes (§14)", () => {
    const { log, taken } = create();
    log.record(memberEvent("member-join", a), 1n, 0);
    log.record(memberEvent("member-join", b), 2n, 0);
    log.record(userEvent("deploy", 1n), 2n, 0);
    log.record(query(4n), 2n, 0);
    log.recordClock(3n, 0);

    expect(taken()).toBe(
      "alive: a 127.0.0.1:1\nalive: b [::1]:2\nclock: 1\nevent-clock: 1\nquery-clock: 4\nclock: 2\n",
    );
  });

  it("writes failures so that either program reads them", () => {
    const { log, taken } = create();
    log.record(memberEvent("member-join", a), 0n, 0);
    log.record(memberEvent("member-failed", a), 0n, 0);
    log.record(memberEvent("member-leave", a), 0n, 0);

    expect(taken()).toBe(
      "alive: a 127.0.0.1:1\nnot-alive: a\n# failed: a 127.0.0.1:1\nnot-alive: a\n",
    );
  });

  it("forgets a failed member that is reaped", () => {
    const { log, state, taken } = create();
    log.record(memberEvent("member-join", a), 0n, 0);
    log.record(memberEvent("member-failed", a), 0n, 0);
    taken();
    log.record(memberEvent("member-reap", a), 0n, 0);

    expect(taken()).toBe("# forget: a\n");
    expect(state.failed.size).toBe(0);
  });

  it("writes nothing that changes nothing", () => {
    const { log, taken } = create();
    log.record(memberEvent("member-join", a), 5n, 0);
    log.record(userEvent("u", 7n), 5n, 0);
    taken();
    log.record(memberEvent("member-join", a), 5n, 0);
    log.record(memberEvent("member-update", a), 5n, 0);
    log.record(memberEvent("member-leave", member("stranger")), 5n, 0);
    log.record(userEvent("u", 7n), 5n, 0);
    log.record(userEvent("u", 6n), 5n, 0);
    log.recordClock(5n, 0);

    expect(taken()).toBe("");
    expect(log.nextFlushMs()).toBe(Infinity);
  });

  it("does not underflow while the clock is 0 (§20 item 30)", () => {
    const { log, taken } = create();
    log.recordClock(0n, 0);

    expect(taken()).toBe("");
  });

  it("records no events after a leave, but the clock, as the reference does (§20 item 29)", () => {
    const { log, taken } = create();
    log.record(memberEvent("member-join", a), 0n, 0);
    log.recordLeave(0);
    log.recordLeave(0);
    log.record(memberEvent("member-failed", a), 9n, 0);
    log.record(userEvent("u", 3n), 9n, 0);
    log.recordClock(8n, 0);

    expect(taken()).toBe("alive: a 127.0.0.1:1\nleave\nclock: 7\n");
  });

  it("wants to flush 500 ms after the first line, or at once when there are many (§14)", () => {
    const { log } = create();
    expect(log.nextFlushMs()).toBe(Infinity);
    log.record(userEvent("u", 1n), 0n, 100);
    log.record(userEvent("u", 2n), 0n, 300);
    expect(log.nextFlushMs()).toBe(600);

    for (let time = 3n; time < 300n; time++) log.record(userEvent("u", time), 0n, 300);
    expect(log.pendingLength).toBeGreaterThan(4096);
    expect(log.nextFlushMs()).toBe(100);
  });

  it("wants a compaction beyond 131,072 bytes, or 256 bytes per alive member (§14)", () => {
    const { log } = create();
    expect(log.wantsCompaction(131_072)).toBe(false);
    expect(log.wantsCompaction(131_073)).toBe(true);

    const many = Array.from({ length: 1024 }, (_, index) => member(`m${index}`));
    log.record(memberEvent("member-join", ...many), 0n, 0);
    expect(log.wantsCompaction(1024 * 256)).toBe(false);
    expect(log.wantsCompaction(1024 * 256 + 1)).toBe(true);
  });

  it("leaves a compacted file alone until it has doubled, however long the names are", () => {
    const { log } = create({ minimumCompactionBytes: 100 });
    log.record(memberEvent("member-join", member("n".repeat(1000))), 0n, 0);
    const length = log.beginCompaction().length;
    log.endCompaction("done", 0);

    expect(log.wantsCompaction(2 * length)).toBe(false);
    expect(log.wantsCompaction(2 * length + 1)).toBe(true);
  });

  it("drops lines nobody takes at the limit, and then demands a compaction that covers them", () => {
    const { log, state } = create({ pendingLimit: 100 });
    for (let time = 1n; time <= 20n; time++) log.record(userEvent("u", time), 0n, 0);

    expect(log.pendingLength).toBe(0);
    expect(log.mustCompact).toBe(true);
    expect(log.wantsCompaction(0)).toBe(true);
    expect(state.eventLamportTime).toBe(20n);
    expect(decodeName(log.beginCompaction())).toContain("event-clock: 20\n");
    log.endCompaction("done", 0);
    expect(log.mustCompact).toBe(false);
  });

  it("brings lines back that a failed compaction would have covered", () => {
    const { log, taken } = create();
    log.record(userEvent("u", 1n), 0n, 0);
    log.beginCompaction();
    log.record(userEvent("u", 2n), 0n, 0);
    log.endCompaction("failed", 10);

    expect(taken()).toBe("event-clock: 1\nevent-clock: 2\n");
  });

  it("appends nothing to a file with a gap until a compaction has closed it", () => {
    const { log, taken } = create();
    log.record(memberEvent("member-join", a), 0n, 0);
    log.takePending();
    log.markLost();
    log.record(memberEvent("member-leave", a), 0n, 0);

    expect(taken()).toBe("");
    log.beginCompaction();
    log.endCompaction("failed", 0);
    expect(log.mustCompact).toBe(true);
    expect(taken()).toBe("");
  });

  it("remembers failed members up to the limit, the latest ones", () => {
    const { log, state } = create({ failedLimit: 1 });
    log.record(memberEvent("member-failed", a, b), 0n, 0);

    expect([...state.failed.keys()]).toEqual(["b"]);
  });

  it("remembers alive members up to the limit, the latest ones", () => {
    const { log, state } = create({ aliveLimit: 1 });
    log.record(memberEvent("member-join", a, b), 0n, 0);

    expect([...state.alive.keys()]).toEqual(["b"]);
  });
});

describe("SnapshotState", () => {
  const coordinate = { vector: [0.1, -0.2], error: 0.3, adjustment: -0.4, height: 0.5 };

  function full(): SnapshotState {
    const state = new SnapshotState({ rejoinAfterLeave: true });
    state.apply({ kind: "alive", name: "a", address: "10.0.0.1:1" });
    state.apply({ kind: "failed", name: "b", address: "10.0.0.2:2" });
    state.apply({ kind: "coordinate", coordinate });
    state.apply({ kind: "clock", lamportTime: 1n });
    state.apply({ kind: "event-clock", lamportTime: 2n });
    state.apply({ kind: "query-clock", lamportTime: 3n });
    state.apply({ kind: "leave" });
    return state;
  }

  const all = {
    alive: new Map([["a", "10.0.0.1:1"]]),
    failed: new Map([["b", "10.0.0.2:2"]]),
    coordinate,
    lamportTime: 1n,
    eventLamportTime: 2n,
    queryLamportTime: 3n,
    hasIgnoredLeave: true,
    problems: [],
  };

  it("hands out a copy of everything, which later lines do not touch", () => {
    const state = full();

    const copy = state.copy();
    state.apply({ kind: "not-alive", name: "a" });
    state.apply({ kind: "forget", name: "b" });
    state.apply({ kind: "clock", lamportTime: 9n });

    expect(copy).toEqual(all);
    expect([state.coordinate, state.alive.size, state.failed.size]).toEqual([coordinate, 0, 0]);
  });

  it("is what its compacted text replays to, in its words and nobody else's", () => {
    const text = full().compactedText();

    const replayed = replaySnapshot(encodeName(text), { rejoinAfterLeave: false }).state.copy();

    expect(text.split("\n")).toHaveLength(7);
    expect(replayed).toEqual({ ...all, hasIgnoredLeave: false });
  });

  it("keeps a coordinate and forgets everything else at a leave that is obeyed", () => {
    const state = new SnapshotState({ rejoinAfterLeave: false });
    for (const line of full().compactedText().split("\n").slice(0, -1)) {
      const parsed = parseSnapshotLine(line);
      if (parsed.kind !== "unreadable" && parsed.kind !== "nothing") state.apply(parsed);
    }
    state.apply({ kind: "leave" });

    expect(state.copy()).toEqual({
      ...all,
      alive: new Map(),
      failed: new Map(),
      lamportTime: 0n,
      eventLamportTime: 0n,
      queryLamportTime: 0n,
      hasIgnoredLeave: false,
    });
  });

  it("writes no member whose name cannot stand in a line", () => {
    const state = new SnapshotState({ rejoinAfterLeave: false });
    state.apply({ kind: "alive", name: "a\nleave", address: "10.0.0.1:1" });

    expect(state.compactedText()).toBe("clock: 0\nevent-clock: 0\nquery-clock: 0\n");
  });
});

describe("a snapshot, whatever is recorded", () => {
  const kinds: readonly MemberEventKind[] = [
    "member-join",
    "member-leave",
    "member-failed",
    "member-update",
    "member-reap",
  ];
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom(...kinds),
        name: fc.oneof(fc.constantFrom("a", "b", "c d"), name),
        port: fc.integer({ min: 1, max: 3 }),
      }),
    },
    fc.record({
      kind: fc.constantFrom("user" as const, "query" as const, "clock" as const),
      time: fc.bigInt({ min: 0n, max: 20n }),
    }),
    fc.record({ kind: fc.constant("leave" as const) }),
    fc.record({
      kind: fc.constant("coordinate" as const),
      height: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

  function take(log: SnapshotLog, each: Step): void {
    switch (each.kind) {
      case "user":
      case "query":
        return log.record({ kind: each.kind, lamportTime: each.time }, 0n, 0);
      case "clock":
        return log.recordClock(each.time, 0);
      case "leave":
        return log.recordLeave(0);
      case "coordinate":
        return log.recordCoordinate(
          { vector: [0], error: 1, adjustment: 0, height: each.height },
          0,
        );
      default:
        return log.record(memberEvent(each.kind, member(each.name, { port: each.port })), 5n, 0);
    }
  }

  it.each([true, false])(
    "replays any prefix to a state some prefix of the writes explains (rejoin %s)",
    (rejoinAfterLeave) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
          const { log, state } = create({ rejoinAfterLeave });
          const afterWrites = [state.copy()];
          const apply = state.apply.bind(state);
          state.apply = (line) => {
            apply(line);
            afterWrites.push(state.copy());
          };
          for (const each of steps) take(log, each);
          const file = log.takePending();

          for (let length = 0; length <= file.length; length++) {
            const prefix = file.subarray(0, length);
            const writeCount = prefix.filter((byte) => byte === 0x0a).length;
            expect(replayed(prefix, rejoinAfterLeave)).toEqual(afterWrites[writeCount]);
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  it.each([true, false])("replays whole to the state in memory (rejoin %s)", (rejoinAfterLeave) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { log, state } = create({ rejoinAfterLeave });
        for (const each of steps) take(log, each);

        expect(replayed(log.takePending(), rejoinAfterLeave)).toEqual(state.copy());
      }),
      { numRuns: 300 },
    );
  });

  it.each([true, false])(
    "compacts to a file that replays to the same state, and to itself (rejoin %s)",
    (rejoinAfterLeave) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
          const { log, state } = create({ rejoinAfterLeave });
          for (const each of steps) take(log, each);
          const compacted = log.beginCompaction();
          log.endCompaction("done", 0);

          const { state: again } = replaySnapshot(compacted, { rejoinAfterLeave });
          expect(again.problems).toEqual([]);
          expect({ ...again.copy(), hasIgnoredLeave: false }).toEqual({
            ...state.copy(),
            hasIgnoredLeave: false,
          });
          expect(again.compactedText()).toBe(decodeName(compacted));
        }),
        { numRuns: 300 },
      );
    },
  );

  function replayed(file: Uint8Array, rejoinAfterLeave: boolean): unknown {
    return replaySnapshot(file, { rejoinAfterLeave }).state.copy();
  }
});
