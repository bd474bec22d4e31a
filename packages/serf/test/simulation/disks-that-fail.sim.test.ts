import { SeededRandom } from "@x/simulator";
import type { SnapshotPort } from "@x/serf";
import { describe, expect, it } from "vitest";
import { openSnapshot } from "../../src/node/open-snapshot.ts";
import type { SnapshotFile } from "../../src/node/snapshot-file.ts";
import { Cluster } from "../support/cluster.ts";
import { settle } from "../support/manual-clock.ts";
import { MemoryFilesystem, type Fault } from "../support/memory-filesystem.ts";
import { campaignOf } from "./campaign-of.ts";
import { snapshotDifferences } from "./checkers/snapshot-replays-to-the-same.ts";

const campaign = campaignOf("disks that fail", "disks-that-fail");
const NAMES = ["m0", "m1", "m2", "m3"];
const PATH = "snapshot";
/** A disk and the simulation take turns: promises do not wait in virtual time. */
const TURN_MS = 100;
const DISK_FAULTS: readonly (Fault | "full" | "hang" | "kill")[] = [
  "append",
  "full",
  "hang",
  "kill",
  "open",
  "rename",
  "sync",
  "syncDirectory",
];

/** Members with the snapshot file that ships, on disks in memory, in virtual time. */
class DiskStory {
  readonly #random: SeededRandom;
  readonly #disks = new Map(NAMES.map((name) => [name, new MemoryFilesystem()]));
  readonly #files = new Map<string, SnapshotFile>();
  readonly #restarts: { readonly name: string; readonly atMs: number }[] = [];
  #cluster: Cluster | undefined;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed).fork("story");
  }

  async play(seed: number): Promise<void> {
    for (const name of NAMES) await this.#open(name);
    const cluster = new Cluster({
      seed,
      memberCount: NAMES.length,
      network: { latency: { kind: "uniform", minMs: 0.5, maxMs: 20 }, lossRatio: 0.01 },
      options: { reconnectIntervalMs: 5_000 },
      swim: { profile: "local" },
      environmentOf: (name) => ({ snapshot: this.#port(name) }),
      replayHint: (failed) => campaign.replayCommand(failed),
    });
    this.#cluster = cluster;
    cluster.form();
    for (let round = 0; round < 6; round += 1) {
      this.#hurt(this.#random.pick(NAMES));
      const turnCount = this.#random.pick([1, 5, 15]);
      for (let turn = 0; turn < turnCount; turn += 1) {
        this.#talk(`round ${round}, turn ${turn}`);
        await this.#pass(1_000);
      }
    }
    for (const disk of this.#disks.values()) heal(disk);
    // A file that could not be written is written anew within half a minute.
    await this.#pass(60_000);
    cluster.simulation.runUntil(() => cluster.agreesOn(NAMES), { withinMs: 240_000 });
    await this.#pass(5_000);
  }

  /** What new lives would believe otherwise than the present ones, after a loss of power. */
  async differences(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of NAMES) {
      const core = this.#living().core(name);
      const settledTime = core.lamportTimes.member;
      this.#file(name).recordClock(settledTime);
      await this.#file(name).flush();
      const filesystem = this.#disk(name).afterPowerLoss(this.#random.unit());
      const { recovered } = await openSnapshot({ path: PATH, filesystem, clock: this.#clock() });
      const problems = snapshotDifferences(core, recovered, settledTime);
      found.push(...problems.map((problem) => `${name}: ${problem}`));
    }
    return found;
  }

  #hurt(name: string): void {
    const cluster = this.#living();
    if (!cluster.simulation.isRunning(name)) return;
    const disk = this.#disk(name);
    const kind = this.#random.pick([...DISK_FAULTS, "crash", "power"] as const);
    campaign.count(kind);
    switch (kind) {
      case "crash":
        return this.#crash(name, disk.afterKill());
      case "power":
        return this.#crash(name, disk.afterPowerLoss(this.#random.unit()));
      case "full":
        disk.freeBytes = this.#random.below(200);
        break;
      case "kill":
        disk.bytesUntilKill = 1 + this.#random.below(200);
        return;
      case "hang": {
        let wake = (): void => {};
        disk.hang = new Promise((resolve) => (wake = resolve));
        cluster.simulation.after(this.#random.pick([2_000, 20_000]), () => {
          disk.hang = undefined;
          wake();
        });
        return;
      }
      default:
        disk.faults.add(kind);
    }
    cluster.simulation.after(this.#random.pick([3_000, 40_000]), () => heal(disk));
  }

  #crash(name: string, left: MemoryFilesystem): void {
    const cluster = this.#living();
    cluster.simulation.crash(name, this.#random.pick(["process", "machine"]));
    // Repaired by whoever starts it again.
    this.#disks.set(name, left);
    const atMs = cluster.simulation.nowMs + this.#random.pick([500, 4_000, 20_000]);
    this.#restarts.push({ name, atMs });
  }

  /** News for all snapshots; one of them is to be safe on its disk. */
  #talk(what: string): void {
    const cluster = this.#living();
    const running = cluster.running();
    if (running.length === 0) return;
    cluster.call(this.#random.pick(running), (core, nowMs) => {
      core.userEvent(what, undefined, { coalesce: false }, nowMs);
      core.query(what, undefined, {}, {}, nowMs);
    });
    // Who waits hears of the failure; so does the operator, which is counted.
    this.#file(this.#random.pick(running))
      .flush()
      .catch(() => campaign.count("flushes that failed"));
  }

  async #pass(durationMs: number): Promise<void> {
    const { simulation } = this.#living();
    for (const endMs = simulation.nowMs + durationMs; simulation.nowMs < endMs;) {
      simulation.runFor(TURN_MS);
      await settle();
      for (const name of NAMES) {
        const disk = this.#disk(name);
        if (disk.isKilled && simulation.isRunning(name)) this.#crash(name, disk.afterKill());
      }
      const due = this.#restarts.findIndex(({ atMs }) => atMs <= simulation.nowMs);
      if (due >= 0) await this.#restart(this.#restarts.splice(due, 1)[0]?.name ?? "");
    }
  }

  async #restart(name: string): Promise<void> {
    const cluster = this.#living();
    const before = cluster.core(name).lamportTimes;
    const { recovered } = await this.#open(name);
    campaign.count("new lives");
    // A disk may forget, but nothing on it is from the future or about strangers.
    const { alive, eventLamportTime, lamportTime } = recovered;
    if (lamportTime >= before.member || eventLamportTime >= before.event) {
      throw new Error(`${name} remembers times that were not yet: ${lamportTime}`);
    }
    for (const known of alive.keys()) {
      if (!NAMES.includes(known)) throw new Error(`${name} remembers the stranger ${known}`);
    }
    cluster.restart(name, { recovered, environment: { snapshot: this.#port(name) } });
    const others = [...recovered.alive.keys()].filter((known) => known !== name);
    if (others.length > 0) return;
    campaign.count("lives without memory");
    cluster.join(name, NAMES.find((other) => other !== name) ?? "", { attempts: 30 });
  }

  async #open(name: string): Promise<SnapshotFile> {
    const file = await openSnapshot({
      path: PATH,
      filesystem: this.#disk(name),
      clock: this.#clock(),
      minimumCompactionBytes: 256,
      onReport: ({ kind }) => campaign.count(kind),
    });
    this.#files.set(name, file);
    return file;
  }

  #port(name: string): SnapshotPort {
    const file = this.#file(name);
    return {
      record: (event, memberTime) => file.record(event, memberTime),
      recordClock: (memberTime) => file.recordClock(memberTime),
      recordCoordinate: (coordinate) => file.recordCoordinate(coordinate),
      recordLeave: () => {
        throw new Error("nobody leaves in this story");
      },
    };
  }

  #clock(): { nowMs: () => number; schedule: (afterMs: number, run: () => void) => () => void } {
    return {
      nowMs: () => this.#cluster?.simulation.nowMs ?? 0,
      schedule: (afterMs, run) => {
        let isCancelled = false;
        this.#cluster?.simulation.after(afterMs, () => {
          if (!isCancelled) run();
        });
        return () => (isCancelled = true);
      },
    };
  }

  #disk(name: string): MemoryFilesystem {
    return this.#disks.get(name) ?? new MemoryFilesystem();
  }

  #file(name: string): SnapshotFile {
    const file = this.#files.get(name);
    if (file === undefined) throw new RangeError(`${name} has no file`);
    return file;
  }

  #living(): Cluster {
    if (this.#cluster === undefined) throw new TypeError("the story has not begun");
    return this.#cluster;
  }
}

function heal(disk: MemoryFilesystem): void {
  disk.faults.clear();
  disk.freeBytes = Infinity;
  disk.bytesUntilKill = Infinity;
}

describe("disks that fail", () => {
  it.each(campaign.batches)(
    "harm no cluster, and hold the truth once they work ($title)",
    async (batch) => {
      await campaign.runWaiting(batch, async (seed) => {
        const story = new DiskStory(seed);
        await story.play(seed);

        expect(await story.differences()).toEqual([]);
      });
    },
  );

  it.runIf(campaign.isWhole)("failed in every way", () => {
    const ways = [...DISK_FAULTS, "crash", "power"].map((way) => [way, campaign.counted(way)]);
    const reports = ["append-failed", "compaction-failed", "compacted", "sync-failed"];

    expect(ways.filter(([, count]) => Number(count) < 20)).toEqual([]);
    expect(reports.filter((kind) => campaign.counted(kind) < 20)).toEqual([]);
    expect(campaign.counted("torn-line-cut")).toBeGreaterThan(5);
    expect(campaign.counted("new lives")).toBeGreaterThan(100);
    expect(campaign.counted("lives without memory")).toBeGreaterThan(0);
  });
});
