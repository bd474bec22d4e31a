import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemberRecordPool, type MemberDescription } from "../src/member-record.ts";
import { MemberTable } from "../src/member-table.ts";
import type { MemberState } from "../src/member.ts";

const STATES: readonly MemberState[] = ["alive", "suspect", "dead", "left"];

function describeMember(more: Partial<MemberDescription> = {}): MemberDescription {
  return {
    address: Uint8Array.of(10, 0, 0, 1),
    port: 7_946,
    meta: Uint8Array.of(1, 2),
    versions: Uint8Array.of(1, 5, 2, 0, 0, 0),
    ...more,
  };
}

interface Model {
  incarnation: number;
  state: MemberState;
  meta: number;
}

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), name }),
  fc.record({ kind: fc.constant("remove" as const), name }),
  fc.record({ kind: fc.constant("state" as const), name, state: fc.constantFrom(...STATES) }),
  fc.record({ kind: fc.constant("incarnation" as const), name, value: fc.nat(0xffff_ffff) }),
  fc.record({ kind: fc.constant("meta" as const), name, value: fc.nat(255) }),
);

/** For how many room is made at once. */
const room = fc.constantFrom({}, { expectedMembers: 3 }, { expectedMembers: 100 });

describe("MemberTable", () => {
  it("agrees with a map under any changes, alone and with another table of the same pool", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 100 }), room, (steps, it) => {
        const pool = new MemberRecordPool(it);
        const tables = [new MemberTable(pool), new MemberTable(pool)] as const;
        const models = [new Map<string, Model>(), new Map<string, Model>()] as const;
        for (const [isSecond, change] of steps) {
          apply(tables[isSecond ? 1 : 0], models[isSecond ? 1 : 0], change);
        }
        for (const [index, table] of tables.entries())
          expectSame(table, models[index] ?? new Map());
        expect(pool.size).toBe(new Set([...models[0].keys(), ...models[1].keys()]).size);
        for (const table of tables) table.clear();
        expect(pool.size).toBe(0);
      }),
    );
  });

  it("counts each state without looking at rows", () => {
    const table = new MemberTable(new MemberRecordPool());
    for (const [index, state] of STATES.entries()) {
      table.setState(table.add(`m${index}`, describeMember()), state, 5);
    }
    table.add("new", describeMember());

    expect(STATES.map((state) => table.count(state))).toEqual([1, 1, 2, 1]);
    expect([table.liveCount, table.size]).toEqual([2, 5]);
    expect(table.changedMs(4)).toBe(-Infinity);
  });
});

function apply(
  table: MemberTable,
  model: Map<string, Model>,
  it: typeof step extends fc.Arbitrary<infer Step> ? Step : never,
): void {
  const row = table.find(it.name);
  const known = model.get(it.name);
  expect(row === undefined).toBe(known === undefined);
  if (row === undefined || known === undefined) {
    if (it.kind !== "add") return;
    table.add(it.name, describeMember({ meta: Uint8Array.of(0) }));
    model.set(it.name, { incarnation: 0, state: "dead", meta: 0 });
    return;
  }
  switch (it.kind) {
    case "add":
      return;
    case "remove":
      table.remove(row);
      model.delete(it.name);
      return;
    case "state":
      table.setState(row, it.state, 1);
      known.state = it.state;
      return;
    case "incarnation":
      table.setIncarnation(row, it.value);
      known.incarnation = it.value;
      return;
    case "meta":
      table.describe(row, describeMember({ meta: Uint8Array.of(it.value) }));
      known.meta = it.value;
      return;
  }
}

function expectSame(table: MemberTable, model: Map<string, Model>): void {
  const seen = table
    .members(() => true)
    .map((member) => [
      member.name,
      { incarnation: member.incarnation, state: member.state, meta: member.meta[0] },
    ]);
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(model));
  expect(table.size).toBe(model.size);
}

describe("MemberRecordPool", () => {
  it("gives two tables the same record and the same picture of a member", () => {
    const pool = new MemberRecordPool();
    const [first, second] = [new MemberTable(pool), new MemberTable(pool)];
    const rows = [first.add("a", describeMember()), second.add("a", describeMember())];

    expect(first.record(rows[0] ?? 0)).toBe(second.record(rows[1] ?? 0));
    expect(first.member(rows[0] ?? 0)).toBe(second.member(rows[1] ?? 0));
  });

  it("does not share a description that differs in a single byte", () => {
    const pool = new MemberRecordPool();
    const key = pool.hold("a");
    const record = pool.record(key, describeMember());
    const variants: Partial<MemberDescription>[] = [
      { port: 1 },
      { meta: Uint8Array.of(1, 3) },
      { meta: Uint8Array.of(1) },
      { address: Uint8Array.of(10, 0, 0, 2) },
      { versions: Uint8Array.of(1, 5, 3, 0, 0, 0) },
      // The same bytes, but the border between address and metadata elsewhere.
      { address: new Uint8Array(16), meta: new Uint8Array(0) },
    ];

    for (const variant of variants) {
      expect(record.equals(describeMember(variant))).toBe(false);
      expect(pool.record(key, describeMember(variant))).not.toBe(record);
    }
    expect(record.equals(describeMember())).toBe(true);
  });

  it("gives back exactly what was announced, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 512 }),
        fc.constantFrom(4, 16),
        fc.uint8Array({ minLength: 6, maxLength: 6 }),
        fc.nat(65_535),
        (meta, addressLength, versions, port) => {
          const address = Uint8Array.from({ length: addressLength }, (_, index) => 200 + index);
          const pool = new MemberRecordPool();
          const record = pool.record(pool.hold("x"), { address, meta, port, versions });

          expect([record.address, record.meta, record.versionBytes, record.port]).toEqual([
            address,
            meta,
            versions,
            port,
          ]);
        },
      ),
    );
  });
});
