import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retransmitLimit } from "@x/gossip-broadcast";
import { MemberRecordPool } from "../src/member-record.ts";
import { MemberTable } from "../src/member-table.ts";
import { ringDistances, SpreadRing } from "../src/spread-ring.ts";

/** How many hops until everybody knows, if whoever hears it tells the same distances on. */
function hopsToAll(memberCount: number, distances: readonly number[]): number {
  let known = new Set([0]);
  let fresh = [0];
  let hops = 0;
  while (known.size < memberCount && fresh.length > 0) {
    hops += 1;
    const next = new Set(known);
    const heard: number[] = [];
    for (const place of fresh) {
      for (const distance of distances) {
        const other = (place + distance) % memberCount;
        if (!next.has(other)) heard.push(other);
        next.add(other);
      }
    }
    known = next;
    fresh = heard;
  }
  return known.size === memberCount ? hops : Infinity;
}

describe("ringDistances", () => {
  it("reaches everybody in log2(n) hops when there are as many transmissions", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3_000 }), (memberCount) => {
        const distances = ringDistances(memberCount, 64);

        const logarithm = Math.ceil(Math.log2(memberCount));
        expect(distances.length).toBeLessThanOrEqual(logarithm);
        expect(hopsToAll(memberCount, distances)).toBeLessThanOrEqual(logarithm);
      }),
    );
  });

  it("reaches everybody with however few transmissions", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 500 }),
        fc.integer({ min: 1, max: 12 }),
        (memberCount, transmissionCount) => {
          const distances = ringDistances(memberCount, transmissionCount);

          expect(distances.length).toBeLessThanOrEqual(transmissionCount);
          expect(hopsToAll(memberCount, distances)).toBeLessThan(Infinity);
        },
      ),
    );
  });

  it("never needs more than the reference's limit of transmissions (multiplier 4)", () => {
    for (let memberCount = 2; memberCount <= 100_000; memberCount += 37) {
      const needed = ringDistances(memberCount, 64).length;

      expect(needed).toBeLessThan(retransmitLimit(4, memberCount) + (memberCount < 10 ? 1 : 0));
    }
  });

  it.each([
    [2, 8, [1]],
    [16, 8, [1, 2, 4, 8]],
    [20, 5, [1, 2, 4, 8, 16]],
    // With fewer transmissions than binary digits the steps are wider.
    [1_000, 3, [1, 10, 100]],
    [1_000_000, 2, [1, 1_000]],
    [20, 1, [1]],
  ])("of %i members with %i transmissions", (memberCount, transmissionCount, distances) => {
    expect(ringDistances(memberCount, transmissionCount)).toEqual(distances);
  });

  it("has nobody to tell alone", () => {
    expect(ringDistances(1, 8)).toEqual([]);
  });
});

describe("SpreadRing", () => {
  function tableOf(names: readonly string[]): MemberTable {
    const table = new MemberTable(new MemberRecordPool());
    for (const name of names) table.setState(addTo(table, name), "alive", 0);
    return table;
  }
  function addTo(table: MemberTable, name: string): number {
    return table.add(name, {
      address: Uint8Array.of(127, 0, 0, 1),
      port: 7946,
      meta: new Uint8Array(0),
      versions: new Uint8Array(0),
    });
  }
  const names = Array.from({ length: 20 }, (_, index) => `m${index}`);

  it("is the same ring for everybody, whatever the order they heard of each other in", () => {
    const forward = tableOf(names);
    const backward = tableOf(names.toReversed());
    const told = (table: MemberTable): string[] =>
      new SpreadRing(table, "m3").targets(8, 0).map((row) => table.record(row).name);

    expect(told(forward)).toEqual(told(backward));
    expect(told(forward)).toHaveLength(5);
    expect(told(forward)).not.toContain("m3");
  });

  it("begins with the next member, so that whoever tells the next one reaches everybody", () => {
    const table = tableOf(names);
    const nextOf = (name: string): string => {
      const [row = -1] = new SpreadRing(table, name).targets(8, 0);
      return table.record(row).name;
    };

    const visited = new Set<string>();
    for (let name = "m0"; !visited.has(name); name = nextOf(name)) visited.add(name);

    expect(visited).toEqual(new Set(names));
  });

  it("leaves out who died, and closes up once it may sort again", () => {
    const table = tableOf(names);
    const ring = new SpreadRing(table, "m3");
    const [first = 0] = ring.targets(8, 0);
    table.setState(first, "dead", 1);

    expect(ring.targets(8, 0)).not.toContain(first);
    expect(ring.targets(8, 1_000)).toHaveLength(5);
    expect(ring.targets(8, 1_000)).not.toContain(first);
  });

  it("follows whoever comes and goes as if it were sorted anew", () => {
    const change = fc.record({
      number: fc.nat(60),
      kind: fc.constantFrom(
        "alive" as const,
        "dead" as const,
        "suspect" as const,
        "remove" as const,
      ),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 8 }), (rounds) => {
        const table = tableOf(names);
        const ring = new SpreadRing(table, "m3");
        for (const [round, changes] of rounds.entries()) {
          for (const { kind, number } of changes) turn(table, `m${number}`, kind, round);
          const nowMs = (round + 1) * 1_000;

          expect(ring.targets(64, nowMs)).toEqual(new SpreadRing(table, "m3").targets(64, nowMs));
        }
      }),
    );

    function turn(
      table: MemberTable,
      name: string,
      kind: "alive" | "dead" | "suspect" | "remove",
      nowMs: number,
    ): void {
      const row = table.find(name);
      if (kind === "remove") {
        if (row !== undefined && name !== "m3") table.remove(row);
      } else if (row !== undefined) {
        table.setState(row, kind, nowMs);
      } else {
        table.setState(addTo(table, name), kind, nowMs);
      }
    }
  });

  it("keeps a place for a member that is leaving", () => {
    const table = tableOf(names);
    const before = new SpreadRing(table, "m3").targets(8, 0);

    table.setState(table.find("m3") ?? 0, "left", 1);

    expect(new SpreadRing(table, "m3").targets(8, 0)).toEqual(before);
    expect(before).toHaveLength(5);
  });

  it("has no targets for a member that is not in its own table", () => {
    expect(new SpreadRing(tableOf(names), "stranger").targets(8, 0)).toEqual([]);
  });
});
