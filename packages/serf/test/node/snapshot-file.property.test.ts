import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSnapshot } from "../../src/node/open-snapshot.ts";
import type { SnapshotEvent } from "../../src/snapshot/snapshot-log.ts";
import { SnapshotLog } from "../../src/snapshot/snapshot-log.ts";
import { SnapshotState, type RecoveredSnapshot } from "../../src/snapshot/snapshot-state.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryFilesystem } from "../support/memory-filesystem.ts";
import { member, memberEvent } from "../support/members.ts";

const path = "/data/snap";

type Step =
  | { readonly kind: "record"; readonly event: SnapshotEvent }
  | { readonly kind: "flush" }
  | { readonly kind: "wait"; readonly forMs: number };

const event: fc.Arbitrary<SnapshotEvent> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("member-join" as const, "member-failed" as const, "member-leave" as const),
      fc.constantFrom("a", "b", "c"),
      fc.integer({ min: 1, max: 9 }),
    )
    .map(([kind, name, port]) => memberEvent(kind, member(name, { port }))),
  fc.record({
    kind: fc.constantFrom("user" as const, "query" as const),
    lamportTime: fc.bigInt({ min: 1n, max: 99n }),
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: event.map((each) => ({ kind: "record" as const, event: each })) },
  fc.constant({ kind: "flush" as const }),
  fc.constantFrom(200, 500, 30_000).map((forMs) => ({ kind: "wait" as const, forMs })),
);
const steps = fc.array(step, { maxLength: 30 });

/** The states an ideal file would go through, line by line. */
class IdealFile {
  readonly states: RecoveredSnapshot[] = [];
  readonly #log: SnapshotLog;

  /** @param recovered - where an earlier life ended. */
  constructor(recovered?: RecoveredSnapshot) {
    const state = new SnapshotState({ rejoinAfterLeave: false });
    for (const [name, address] of recovered?.alive ?? []) {
      state.apply({ kind: "alive", name, address });
    }
    for (const [name, address] of recovered?.failed ?? []) {
      state.apply({ kind: "failed", name, address });
    }
    state.apply({ kind: "clock", lamportTime: recovered?.lamportTime ?? 0n });
    state.apply({ kind: "event-clock", lamportTime: recovered?.eventLamportTime ?? 0n });
    state.apply({ kind: "query-clock", lamportTime: recovered?.queryLamportTime ?? 0n });
    this.#log = new SnapshotLog(state);
    this.states.push(state.copy());
    const apply = state.apply.bind(state);
    state.apply = (line) => {
      apply(line);
      this.states.push(state.copy());
    };
  }

  record(each: SnapshotEvent, memberTime: bigint): void {
    this.#log.record(each, memberTime, 0);
    this.#log.takePending();
  }
}

interface Story {
  readonly ideal: IdealFile;
  /** How many states an acknowledged flush has made safe. */
  readonly safeCount: number;
}

async function tell(disk: MemoryFilesystem, story: readonly Step[]): Promise<Story> {
  const clock = new ManualClock();
  let safeCount = 1;
  const file = await openSnapshot({
    path,
    filesystem: disk,
    clock,
    minimumCompactionBytes: 60,
  });
  const ideal = new IdealFile(file.recovered);
  let memberTime = file.recovered.lamportTime + 1n;
  for (const each of story) {
    if (each.kind === "record") {
      memberTime += 1n;
      file.record(each.event, memberTime);
      ideal.record(each.event, memberTime);
    } else if (each.kind === "wait") {
      await clock.advance(each.forMs);
    } else {
      const recordedCount = ideal.states.length;
      const outcome = await file.flush().then(
        () => "safe",
        () => "failed",
      );
      if (outcome === "safe") safeCount = recordedCount;
    }
  }
  return { ideal, safeCount };
}

async function recover(disk: MemoryFilesystem): Promise<RecoveredSnapshot> {
  const file = await openSnapshot({ path, filesystem: disk, clock: new ManualClock() });
  await file.close(0n);
  return file.recovered;
}

/** As far as the user sees: order among members is no part of it. */
function visible(state: RecoveredSnapshot): unknown {
  return {
    alive: Object.fromEntries(state.alive),
    failed: Object.fromEntries(state.failed),
    clocks: [state.lamportTime, state.eventLamportTime, state.queryLamportTime],
    problems: state.problems,
  };
}

function expectExplained(recovered: RecoveredSnapshot, { ideal, safeCount }: Story): void {
  const possible = ideal.states.slice(safeCount - 1).map(visible);
  expect(possible).toContainEqual(visible(recovered));
}

describe("a snapshot file", () => {
  const lives = fc.array(
    fc.record({
      story: steps,
      bytesUntilKill: fc.integer({ min: 0, max: 800 }),
      keptRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  it("killed at any byte, again and again, recovers a state that was, no older than the last acknowledged", async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        let disk = new MemoryFilesystem();
        for (const { story, bytesUntilKill } of all) {
          disk.bytesUntilKill = bytesUntilKill;
          const told = await tell(disk, story);
          disk = disk.afterKill();

          expectExplained(await recover(disk.afterKill()), told);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("bereft of power at any byte, again and again, recovers a state that was, no older than the last acknowledged", async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        let disk = new MemoryFilesystem();
        for (const { story, bytesUntilKill, keptRatio } of all) {
          disk.bytesUntilKill = bytesUntilKill;
          const told = await tell(disk, story);
          disk = disk.afterPowerLoss(keptRatio);

          expectExplained(await recover(disk.afterKill()), told);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("on a disk that fills up and fails, recovers the whole story once it works again", async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        steps,
        fc.integer({ min: 0, max: 600 }),
        fc.subarray(["open", "append", "sync", "rename", "syncDirectory"] as const),
        async (before, during, freeBytes, faults) => {
          const disk = new MemoryFilesystem();
          const clock = new ManualClock();
          const ideal = new IdealFile();
          const file = await openSnapshot({
            path,
            filesystem: disk,
            clock,
            minimumCompactionBytes: 60,
          });
          let memberTime = 1n;
          const run = async (story: readonly Step[]): Promise<void> => {
            for (const each of story) {
              if (each.kind === "wait") await clock.advance(each.forMs);
              if (each.kind === "flush") await file.flush().catch(() => undefined);
              if (each.kind !== "record") continue;
              memberTime += 1n;
              file.record(each.event, memberTime);
              ideal.record(each.event, memberTime);
            }
          };
          await run(before);
          disk.freeBytes = freeBytes;
          for (const each of faults) disk.faults.add(each);
          await run(during);
          disk.freeBytes = Infinity;
          disk.faults.clear();
          await clock.advance(31_000);
          await file.flush();

          const last = ideal.states.at(-1);
          expect(visible(await recover(disk.afterPowerLoss(0)))).toEqual(last && visible(last));
        },
      ),
      { numRuns: 300 },
    );
  });
});
