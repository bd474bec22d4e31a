import { describe, expect, it } from "vitest";
import { openSnapshot } from "../../src/node/open-snapshot.ts";
import type {
  SnapshotFile,
  SnapshotFileOptions,
  SnapshotReport,
} from "../../src/node/snapshot-file.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { MemoryFilesystem } from "../support/memory-filesystem.ts";
import { member, memberEvent, userEvent } from "../support/members.ts";

const path = "/data/snap";
const a = member("a", { port: 1 });
const joined = memberEvent("member-join", a);

interface Bench {
  readonly file: SnapshotFile;
  readonly disk: MemoryFilesystem;
  readonly clock: ManualClock;
  readonly reports: SnapshotReport[];
}

async function bench(
  options: Partial<SnapshotFileOptions> & { readonly disk?: MemoryFilesystem } = {},
): Promise<Bench> {
  const disk = options.disk ?? new MemoryFilesystem();
  const clock = new ManualClock();
  const reports: SnapshotReport[] = [];
  const file = await openSnapshot({
    path,
    filesystem: disk,
    clock,
    onReport: (report) => reports.push(report),
    ...options,
  });
  return { file, disk, clock, reports };
}

const kindsOf = (reports: readonly SnapshotReport[]): readonly string[] =>
  reports.map(({ kind }) => kind);

describe("SnapshotFile", () => {
  it("writes a line within 500 ms, though nothing follows it (§20 item 28)", async () => {
    const { file, disk, clock } = await bench();
    file.record(joined, 3n);

    await clock.advance(499);
    expect(disk.text(path)).toBe("");
    await clock.advance(1);
    expect(disk.text(path)).toBe("alive: a 127.0.0.1:1\nclock: 2\n");
    expect(clock.timerCount).toBe(0);
  });

  it("writes at once when four kilobytes wait", async () => {
    const { file, disk, clock } = await bench();
    for (let time = 1n; time <= 300n; time++) file.record(userEvent("u", time), 0n);

    await clock.advance(0);
    expect(disk.text(path)).toContain("event-clock: 300\n");
  });

  it("recovers what it wrote, and goes on behind it", async () => {
    const first = await bench();
    first.file.record(joined, 3n);
    await first.file.close(3n);
    const second = await bench({ disk: first.disk });

    expect([...second.file.recovered.alive]).toEqual([["a", "127.0.0.1:1"]]);
    expect(second.file.recovered.lamportTime).toBe(2n);
    second.file.record(userEvent("u", 7n), 3n);
    await second.file.flush();
    expect(second.disk.text(path)).toBe("alive: a 127.0.0.1:1\nclock: 2\nevent-clock: 7\n");
  });

  it("shows what was recovered, unmoved by what is recorded since", async () => {
    const { file } = await bench();
    file.record(joined, 3n);

    expect(file.recovered.alive.size).toBe(0);
    expect(file.recovered.lamportTime).toBe(0n);
  });

  it("cuts a torn last line off, so that nothing is glued to it (§20 item 26)", async () => {
    const disk = new MemoryFilesystem();
    disk.write(path, "alive: a 127.0.0.1:1\nclock: 4\nalive: b 127.");
    const { file, reports } = await bench({ disk });
    file.record(userEvent("u", 1n), 0n);
    await file.flush();

    expect(disk.text(path)).toBe("alive: a 127.0.0.1:1\nclock: 4\nevent-clock: 1\n");
    expect(kindsOf(reports)).toEqual(["torn-line-cut"]);
  });

  it("makes a leave safe before others are told (§14)", async () => {
    const { file, disk } = await bench();
    file.record(joined, 0n);
    await file.leave();

    expect(disk.text(path)).toBe("alive: a 127.0.0.1:1\nleave\n");
    const { file: again } = await bench({ disk: disk.afterPowerLoss(0) });
    expect(again.recovered.alive.size).toBe(0);
  });

  it("keeps what it knows over a leave when it is to rejoin", async () => {
    const { file, disk } = await bench({ rejoinAfterLeave: true });
    file.record(joined, 9n);
    await file.leave();
    const { file: again } = await bench({ disk, rejoinAfterLeave: true });

    expect([...again.recovered.alive.keys()]).toEqual(["a"]);
    expect(again.recovered.hasIgnoredLeave).toBe(true);
    expect(again.recovered.lamportTime).toBe(8n);
  });

  it("records the clock a last time when it is closed, and nothing afterwards", async () => {
    const { file, disk, clock } = await bench();
    file.record(joined, 0n);
    await file.close(10n);
    file.record(userEvent("u", 1n), 10n);
    await file.flush();
    await file.close(11n);
    await clock.advance(60_000);

    expect(disk.text(path)).toBe("alive: a 127.0.0.1:1\nclock: 9\n");
    expect(clock.timerCount).toBe(0);
  });
});

describe("compaction", () => {
  const recordMany = (file: SnapshotFile, from = 1n): void => {
    for (let time = from; time < from + 40n; time++) file.record(userEvent("u", time), 0n);
  };

  it("keeps the file short and what it says the same (§14)", async () => {
    const { file, disk, reports } = await bench({ minimumCompactionBytes: 200 });
    file.record(joined, 5n);
    recordMany(file);
    await file.flush();

    expect(disk.text(path)).toBe(
      "alive: a 127.0.0.1:1\nclock: 4\nevent-clock: 40\nquery-clock: 0\n",
    );
    expect(disk.text(`${path}.compact`)).toBeUndefined();
    expect(kindsOf(reports)).toEqual(["compacted"]);
  });

  it("syncs the new file before it takes the place of the old, and the directory after", async () => {
    const { file, disk } = await bench({ minimumCompactionBytes: 200 });
    recordMany(file);
    disk.log.length = 0;
    await file.flush();

    expect(disk.log).toEqual([
      "append /data/snap",
      "open /data/snap.compact",
      "append /data/snap.compact",
      "sync /data/snap.compact",
      "rename /data/snap",
      "syncDirectory /data/snap",
      "sync /data/snap.compact",
    ]);
  });

  it("goes on with the old file when it fails, and tries again after 30 s", async () => {
    const { file, disk, clock, reports } = await bench({ minimumCompactionBytes: 200 });
    disk.faults.add("rename");
    recordMany(file);
    await file.flush();
    recordMany(file, 100n);
    await file.flush();

    expect(kindsOf(reports)).toEqual(["compaction-failed"]);
    expect(disk.text(path)).toContain("event-clock: 139\n");

    disk.faults.clear();
    await clock.advance(29_999);
    file.record(userEvent("u", 200n), 0n);
    await file.flush();
    expect(kindsOf(reports)).toEqual(["compaction-failed"]);
    await clock.advance(1);
    file.record(userEvent("u", 201n), 0n);
    await file.flush();
    expect(kindsOf(reports)).toEqual(["compaction-failed", "compacted"]);
    expect(disk.text(path)).toBe("clock: 0\nevent-clock: 201\nquery-clock: 0\n");
  });

  it("recovers what the reference lost between removing the old file and renaming (§20 item 27)", async () => {
    const disk = new MemoryFilesystem();
    disk.write(
      `${path}.compact`,
      "alive: a 127.0.0.1:1\nclock: 4\nevent-clock: 5\nquery-clock: 6\n",
    );
    const { file } = await bench({ disk });

    expect([...file.recovered.alive.keys()]).toEqual(["a"]);
    expect(file.recovered.queryLamportTime).toBe(6n);
    expect(disk.text(`${path}.compact`)).toBeUndefined();
  });

  it("throws an incomplete leftover away", async () => {
    const disk = new MemoryFilesystem();
    disk.write(`${path}.compact`, "alive: a 127.0.0.1:1\nclock: 4\n");
    const { file } = await bench({ disk });

    expect(file.recovered.alive.size).toBe(0);
    expect(disk.text(`${path}.compact`)).toBeUndefined();
  });

  it("prefers the file to a leftover", async () => {
    const disk = new MemoryFilesystem();
    disk.write(path, "alive: new 127.0.0.1:1\n");
    disk.write(
      `${path}.compact`,
      "alive: old 127.0.0.1:1\nclock: 1\nevent-clock: 1\nquery-clock: 1\n",
    );
    const { file } = await bench({ disk });

    expect([...file.recovered.alive.keys()]).toEqual(["new"]);
  });
});

describe("a full disk", () => {
  it("loses nothing acknowledged, and everything is written once there is room", async () => {
    const { file, disk, clock, reports } = await bench();
    file.record(joined, 3n);
    await file.flush();
    disk.freeBytes = 10;
    file.record(userEvent("u", 5n), 3n);
    await clock.advance(500);

    expect(kindsOf(reports)).toEqual(["append-failed", "compaction-failed"]);
    const { file: meanwhile } = await bench({ disk: disk.afterKill() });
    expect([...meanwhile.recovered.alive.keys()]).toEqual(["a"]);
    expect(meanwhile.recovered.problems).toEqual([]);

    file.record(userEvent("u", 6n), 3n);
    await clock.advance(29_000);
    expect(reports).toHaveLength(2);
    disk.freeBytes = Infinity;
    await clock.advance(1500);
    expect(kindsOf(reports)).toEqual(["append-failed", "compaction-failed", "compacted"]);
    expect(disk.text(path)).toBe(
      "alive: a 127.0.0.1:1\nclock: 2\nevent-clock: 6\nquery-clock: 0\n",
    );
  });

  it("tries every 30 s, however long it takes, and holds nothing back in memory", async () => {
    const { file, disk, clock, reports } = await bench({ pendingLimit: 1000 });
    disk.freeBytes = 0;
    for (let second = 0; second < 300; second++) {
      file.record(userEvent("u", BigInt(second + 1)), 0n);
      await clock.advance(1000);
    }

    const failures = kindsOf(reports).filter((kind) => kind === "compaction-failed");
    expect(failures.length).toBeGreaterThanOrEqual(9);
    expect(failures.length).toBeLessThanOrEqual(11);
    disk.freeBytes = Infinity;
    await clock.advance(30_000);
    expect(disk.text(path)).toBe("clock: 0\nevent-clock: 300\nquery-clock: 0\n");
  });

  it("tells who waits for a flush or a leave", async () => {
    const { file, disk } = await bench();
    disk.freeBytes = 0;
    file.record(joined, 0n);

    await expect(file.flush()).rejects.toThrow("ENOSPC");
    await expect(file.leave()).rejects.toThrow("ENOSPC");
    disk.freeBytes = Infinity;
    await file.leave();
    const { file: again } = await bench({ disk: disk.afterPowerLoss(0) });
    expect(again.recovered.alive.size).toBe(0);
  });

  it("closes all the same, and says that something is missing", async () => {
    const { file, disk, clock } = await bench();
    disk.freeBytes = 0;

    file.record(joined, 0n);
    await expect(file.close(5n)).rejects.toThrow("ENOSPC");
    await settle();
    expect(clock.timerCount).toBe(0);
  });
});

describe("a disk that cannot sync", () => {
  it("is not believed again before the file has been written anew", async () => {
    const { file, disk, reports } = await bench();
    disk.faults.add("sync");
    file.record(joined, 0n);
    await expect(file.flush()).rejects.toThrow("sync fails");
    disk.faults.clear();
    await file.flush();

    expect(kindsOf(reports)).toEqual(["sync-failed", "compacted"]);
    const { file: again } = await bench({ disk: disk.afterPowerLoss(0) });
    expect([...again.recovered.alive.keys()]).toEqual(["a"]);
  });

  it("acknowledges nothing before the directory is synced, either", async () => {
    const { file, disk, reports } = await bench({ minimumCompactionBytes: 10 });
    disk.faults.add("syncDirectory");
    file.record(userEvent("u", 7n), 0n);
    await expect(file.flush()).rejects.toThrow("syncDirectory fails");
    disk.faults.clear();
    await file.flush();

    expect(kindsOf(reports)).toEqual(["compacted", "sync-failed", "sync-failed"]);
    const { file: again } = await bench({ disk: disk.afterPowerLoss(0) });
    expect(again.recovered.eventLamportTime).toBe(7n);
  });
});

describe("a disk that hangs", () => {
  it("holds nobody up, piles nothing up, and gets everything in the end", async () => {
    const { file, disk, clock, reports } = await bench({ pendingLimit: 1000 });
    let release = (): void => undefined;
    disk.hang = new Promise((resolve) => (release = resolve));
    for (let time = 1n; time <= 600n; time++) {
      file.record(userEvent("u", time), 0n);
      await clock.advance(1000);
    }

    expect(disk.log.filter((operation) => operation === `append ${path}`)).toHaveLength(1);
    expect(clock.timerCount).toBe(0);
    disk.hang = undefined;
    release();
    await file.flush();
    await clock.advance(500);
    expect(kindsOf(reports)).toEqual(["compacted"]);
    expect(disk.text(path)).toBe("clock: 0\nevent-clock: 600\nquery-clock: 0\n");
  });
});

describe("openSnapshot", () => {
  it("rejects when the file cannot be opened", async () => {
    const disk = new MemoryFilesystem();
    disk.faults.add("open");

    await expect(bench({ disk })).rejects.toThrow("open fails");
  });

  it("rejects when a torn line cannot be cut", async () => {
    const disk = new MemoryFilesystem();
    disk.write(path, "alive: a");
    disk.faults.add("truncate");

    await expect(bench({ disk })).rejects.toThrow("truncate fails");
  });

  it("makes a new file itself survive a loss of power", async () => {
    const { file, disk } = await bench();
    file.record(joined, 0n);
    await file.flush();
    const { file: again } = await bench({ disk: disk.afterPowerLoss(0) });

    expect([...again.recovered.alive.keys()]).toEqual(["a"]);
  });
});
