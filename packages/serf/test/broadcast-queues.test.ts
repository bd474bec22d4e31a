import { describe, expect, it } from "vitest";
import { BroadcastQueues, OVERHEARD_LIMIT } from "../src/broadcast-queues.ts";
import type { SerfReport } from "../src/serf-report.ts";

function queuesOf(
  overrides: {
    memberCount?: number;
    depthLimit?: number;
    bytes?: number;
    isOverhearing?: boolean;
  } = {},
): {
  queues: BroadcastQueues;
  reports: SerfReport[];
  members: { count: number };
} {
  const reports: SerfReport[] = [];
  const members = { count: overrides.memberCount ?? 10 };
  const queues = new BroadcastQueues({
    retransmitMultiplier: 4,
    memberCount: () => members.count,
    depthLimit: () => overrides.depthLimit ?? 4_096,
    depthWarning: 128,
    payloadBytesLimit: overrides.bytes ?? 1_395,
    isOverhearing: overrides.isOverhearing ?? true,
    report: (report) => reports.push(report),
  });
  return { queues, reports, members };
}

/** A message of one kind, 400 bytes long: three of them fill a packet. */
function message(kind: "i" | "q" | "e", number: number): Uint8Array {
  const bytes = new Uint8Array(400).fill(kind.charCodeAt(0));
  bytes[1] = number & 0xff;
  bytes[2] = number >> 8;
  return bytes;
}

function kindsOf(packet: readonly Uint8Array[]): string {
  return packet.map((bytes) => String.fromCharCode(bytes[0] ?? 0)).join("");
}

describe("BroadcastQueues, sharing packets", () => {
  it("carries intents, queries and events in one packet when there is little to tell", () => {
    const { queues } = queuesOf();
    queues.tellEvent(message("e", 1), "e1");
    queues.tellQuery(message("q", 1), "q1");
    queues.tellIntent({ node: "a" }, message("i", 1));

    expect(kindsOf(queues.take(3, 1_395))).toBe("iqe");
  });

  it("gives each queue its turn under load, so that a storm of joins silences nobody", () => {
    const { queues } = queuesOf();
    for (let index = 0; index < 200; index += 1) {
      queues.tellIntent({ node: `m${index}` }, message("i", index));
      queues.tellQuery(message("q", index), `q${index}`);
      queues.tellEvent(message("e", index), `e${index}`);
    }

    const packets = Array.from({ length: 6 }, () => kindsOf(queues.take(3, 1_395)));

    expect(packets).toEqual(["iii", "qqq", "eee", "iii", "qqq", "eee"]);
  });

  it("wastes no room: what the leading queue leaves, the next one takes", () => {
    const { queues } = queuesOf();
    queues.tellIntent({ node: "a" }, message("i", 1));
    for (let index = 0; index < 10; index += 1) queues.tellEvent(message("e", index), `e${index}`);

    expect(kindsOf(queues.take(3, 1_395))).toBe("iee");
  });

  it("sends an urgent intent first, however full the queues are", () => {
    const { queues } = queuesOf({ depthLimit: 50 });
    for (let index = 0; index < 400; index += 1) {
      queues.tellIntent({ node: `m${index}` }, message("i", index));
      queues.tellEvent(message("e", index), `e${index}`);
    }
    let isFinished = false;
    queues.tellUrgently({ node: "self" }, new Uint8Array([0x21]), () => (isFinished = true));

    const packets = Array.from({ length: 8 }, () => kindsOf(queues.take(3, 1_395)));

    expect(packets.every((packet) => packet.startsWith("!"))).toBe(true);
    expect(isFinished).toBe(true);
  });
});

describe("BroadcastQueues, hearing its own news from others", () => {
  /** At ten members everything is told eight times. */
  function packetsUntilSilent(queues: BroadcastQueues): number {
    let count = 0;
    while (queues.take(3, 1_395).length > 0) count += 1;
    return count;
  }

  it("counts an event heard again and again as told, and a query too, save for the first copy", () => {
    const { queues } = queuesOf();
    queues.tellEvent(message("e", 1), "e1");
    queues.take(3, 1_395);
    for (let copy = 0; copy < 4; copy += 1) queues.overhear("event", "e1");

    expect(packetsUntilSilent(queues)).toBe(8 - 1 - 3);

    queues.tellQuery(message("q", 1), "q1");
    queues.take(3, 1_395);
    queues.overhear("query", "q1");
    queues.overhear("query", "q1");

    expect(packetsUntilSilent(queues)).toBe(8 - 1 - 1);
  });

  it("forgets what it heard when that is too much, which costs a copy each", () => {
    const { queues } = queuesOf();
    // Three fill a packet: each is told once before any is told twice.
    const keys = Array.from({ length: OVERHEARD_LIMIT + 2 }, (_, index) => `e${index}`);
    for (const [index, key] of keys.entries()) queues.tellEvent(message("e", index), key);
    for (let told = 0; told < keys.length;) told += queues.take(3, 1_395).length;
    for (const key of keys) queues.overhear("event", key);
    // The last two came when there was no room; the others are forgotten, and begin anew.
    for (const key of ["e0", keys.at(-1) ?? ""]) queues.overhear("event", key);

    const counts = new Map<number, number>();
    for (let packet = queues.take(3, 1_395); packet.length > 0; packet = queues.take(3, 1_395)) {
      for (const bytes of packet) {
        const number = (bytes[1] ?? 0) + 256 * (bytes[2] ?? 0);
        counts.set(number, (counts.get(number) ?? 0) + 1);
      }
    }

    expect(counts.get(0)).toBe(7);
    expect(counts.get(OVERHEARD_LIMIT + 1)).toBe(6);
  });

  it("forgets at the regular look what it heard, once nothing waits", () => {
    const { queues } = queuesOf();
    const packetsAfterOneCopy = (): number => {
      queues.tellEvent(message("e", 1), "e1");
      queues.take(3, 1_395);
      queues.overhear("event", "e1");
      return packetsUntilSilent(queues);
    };

    expect(packetsAfterOneCopy()).toBe(7);
    expect(packetsAfterOneCopy()).toBe(6);
    queues.check();
    expect(packetsAfterOneCopy()).toBe(7);
  });

  it("tells in full what it has not begun to tell, and what nobody told it", () => {
    const { queues } = queuesOf();
    queues.tellEvent(message("e", 1), "e1");
    for (let copy = 0; copy < 9; copy += 1) queues.overhear("event", "e1");
    queues.overhear("event", "e2");
    queues.overhear("query", "e1");

    expect(packetsUntilSilent(queues)).toBe(8);
  });

  it("has no use for it where rounds are random", () => {
    const { queues } = queuesOf({ isOverhearing: false });
    queues.tellEvent(message("e", 1), "e1");
    queues.take(3, 1_395);
    for (let copy = 0; copy < 3; copy += 1) queues.overhear("event", "e1");

    expect(queues.mayOverhear("event")).toBe(false);
    expect(packetsUntilSilent(queues)).toBe(7);
  });
});

describe("BroadcastQueues, limits", () => {
  it("is bounded at the moment something is queued, and reports what it dropped", () => {
    const { queues, reports } = queuesOf({ depthLimit: 20 });

    for (let index = 0; index < 50; index += 1) {
      queues.tellEvent(message("e", index), `e${index}`);
      expect(queues.depth("event")).toBeLessThanOrEqual(20);
    }
    queues.check();

    expect(reports).toContainEqual({ kind: "queue-pruned", queue: "event", droppedCount: 30 });
  });

  it("warns of a deep queue", () => {
    const { queues, reports } = queuesOf();
    for (let index = 0; index < 128; index += 1) queues.tellQuery(message("q", index), `q${index}`);

    queues.check();

    expect(reports).toEqual([{ kind: "queue-deep", queue: "query", depth: 128 }]);
  });

  it("replaces an older intent about the same member, but no order to forget it", () => {
    const { queues } = queuesOf();
    queues.tellIntent({ node: "a" }, message("i", 1));
    queues.tellIntent({ node: "a", prune: true }, message("i", 2));
    queues.tellIntent({ node: "a" }, message("i", 3));

    const numbers = queues.take(3, 1_395).map((bytes) => bytes[1]);

    expect(numbers).toEqual([3, 2]);
  });

  it("drops what fits no packet, and says so", () => {
    const { queues, reports } = queuesOf({ bytes: 399 });

    queues.tellEvent(message("e", 1), "e1");

    expect(queues.depth("event")).toBe(0);
    expect(reports).toEqual([{ kind: "broadcast-too-large", queue: "event", bytes: 400 }]);
  });

  it("queues nothing while there is nobody to tell, and answers who waits at once", () => {
    const { queues } = queuesOf({ memberCount: 1 });
    let isFinished = false;

    queues.tellEvent(message("e", 1), "e1");
    queues.tellUrgently({ node: "self" }, message("i", 1), () => (isFinished = true));

    expect(queues.take(3, 1_395)).toEqual([]);
    expect(isFinished).toBe(true);
    expect(queues.takeNews()).toBe(false);
  });

  it("drains when everybody has gone, and lets go who waits", () => {
    const { queues, members } = queuesOf();
    let isFinished = false;
    queues.tellUrgently({ node: "self" }, message("i", 1), () => (isFinished = true));
    queues.tellEvent(message("e", 1), "e1");
    members.count = 1;

    queues.check();

    expect(queues.depth("event") + queues.depth("intent")).toBe(0);
    expect(isFinished).toBe(true);
  });

  it("hurries for a leave and not for a join, which SWIM tells of anyway", () => {
    const { queues } = queuesOf();
    queues.tellJoin({ node: "a" }, message("i", 1));

    expect(queues.takeNews()).toBe(false);
    expect(queues.takeQuietNews()).toBe(true);
    expect(queues.takeQuietNews()).toBe(false);

    queues.tellIntent({ node: "a" }, message("i", 2));

    expect(queues.takeNews()).toBe(true);
    expect(queues.takeQuietNews()).toBe(false);
  });

  it("tells once that there is news", () => {
    const { queues } = queuesOf();
    queues.tellEvent(message("e", 1), "e1");

    expect(queues.takeNews()).toBe(true);
    expect(queues.takeNews()).toBe(false);
  });
});
