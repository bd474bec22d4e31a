/** What one side of a push/pull tells of its table, and what it leaves for others to tell. */
import { describe, expect, it } from "vitest";
import { MemberRecordPool, resolveSwimOptions, type MemberState } from "@x/swim";
import { createContext, type CoreContext } from "../src/core-context.ts";
import { toldState } from "../src/told-state.ts";
import { encodeNode } from "../src/wire/push-pull-codec.ts";
import { aliveOf, endpoint, entryOf } from "./support/lone-core.ts";

/** As much of a core as tells its state; members are added by hand. */
function contextOf(name: string, records: MemberRecordPool): CoreContext {
  const environment = { random: (): number => 0, fillRandom: (): void => {}, records };
  const options = resolveSwimOptions({ name, advertiseEndpoint: endpoint(1) });
  return createContext(options, environment, {});
}

function add({ table }: CoreContext, name: string, state: MemberState, metaBytes = 0): void {
  const row = table.add(name, aliveOf(name, 5, { meta: new Uint8Array(metaBytes) }));
  table.setIncarnation(row, 7);
  table.setState(row, state, 0);
}

const STATES = ["alive", "suspect", "dead", "left"] as const;

/** The four states, in this order. */
const ENTRIES = STATES.map((name, state) => entryOf(name, 5, { incarnation: 7, state }));

describe("a core alone", () => {
  it("tells everybody in order, each in its state", () => {
    const context = contextOf("alive", new MemberRecordPool());
    for (const state of STATES) add(context, state, state);

    expect(toldState(context, "everybody")).toEqual({ nodes: ENTRIES });
  });

  it("tells itself alone, wherever it stands, and nobody in an empty table", () => {
    const context = contextOf("suspect", new MemberRecordPool());
    expect(toldState(context, "self")).toEqual({ nodes: [] });

    for (const state of STATES) add(context, state, state);

    expect(toldState(context, "self")).toEqual({ nodes: [ENTRIES[1]] });
  });
});

describe("a core among others of its process", () => {
  /** Two cores that know members of every state, and one each that the other does not know. */
  function two(): { first: CoreContext; second: CoreContext; pool: MemberRecordPool } {
    const pool = new MemberRecordPool();
    const first = contextOf("suspect", pool);
    const second = contextOf("alive", pool);
    for (const context of [first, second]) {
      for (const state of STATES) add(context, state, state);
      add(context, "much", "alive", 100);
    }
    add(second, "stranger", "alive");
    return { first, second, pool };
  }

  const much = entryOf("much", 5, { incarnation: 7, meta: new Uint8Array(100) });

  it("tells the same, encoded, however often it is asked", () => {
    const { first } = two();
    const bytes = [...ENTRIES, much].flatMap((node) => [...encodeNode(node)]);

    for (let count = 0; count < 3; count += 1) {
      const told = toldState(first, "everybody");
      expect(told.nodes).toEqual([]);
      expect(told.encodedNodes?.count).toBe(5);
      expect([...(told.encodedNodes?.bytes ?? [])]).toEqual(bytes);
    }
  });

  it("tells itself alone, wherever it stands", () => {
    const { first, second } = two();

    for (const [context, entry] of [
      [first, ENTRIES[1]],
      [second, ENTRIES[0]],
    ] as const) {
      const told = toldState(context, "self").encodedNodes;
      expect(told?.count).toBe(1);
      expect(told?.bytes).toEqual(encodeNode(entry as (typeof ENTRIES)[number]));
    }
  });

  it("is read before the next one is put together, or not at all", () => {
    const { first, second } = two();
    const told = toldState(first, "everybody").encodedNodes;
    toldState(second, "everybody");
    expect(() => told?.bytes).toThrow("a state was put together before the last one was sent");
  });

  it("leaves for the others what it encoded of members that live and that others know as well", () => {
    const { pool, second } = two();
    const names = [...STATES, "much", "stranger"];
    const heldNames = (): string[] =>
      names.filter((name) => pool.shared?.nodes.held(pool.find(name)?.number ?? -1) !== undefined);
    expect(heldNames()).toEqual([]);

    toldState(second, "everybody");

    // The long one has no slot that is long enough.
    expect(heldNames()).toEqual(["alive"]);
  });

  it("encodes once what stays as it is, whoever tells it", () => {
    const { first, pool, second } = two();
    toldState(second, "everybody");
    const held = pool.shared?.nodes.held(pool.find("alive")?.number ?? -1);

    toldState(first, "everybody");

    expect(held?.encoded).toEqual(encodeNode(ENTRIES[0] as (typeof ENTRIES)[number]));
    expect(pool.shared?.nodes.held(pool.find("alive")?.number ?? -1)).toBe(held);
  });

  it("tells what has changed since it was encoded: incarnation, metadata and state", () => {
    const { pool, second } = two();
    const other = contextOf("alive", pool);
    add(other, "alive", "alive");
    const told = (context: CoreContext): unknown =>
      toldState(context, "self").encodedNodes?.bytes.slice();
    const { table } = second;
    const before = entryOf("alive", 5, { incarnation: 7 });
    expect([second, other].map(told)).toEqual([encodeNode(before), encodeNode(before)]);

    table.setIncarnation(0, 8);
    expect(told(second)).toEqual(encodeNode({ ...before, incarnation: 8 }));
    table.describe(0, aliveOf("alive", 5, { meta: Uint8Array.of(9) }));
    const updated = { ...before, incarnation: 8, meta: Uint8Array.of(9) };
    expect(told(second)).toEqual(encodeNode(updated));
    table.setState(0, "suspect", 0);
    expect(told(second)).toEqual(encodeNode({ ...updated, state: 1 }));
    expect(told(other)).toEqual(encodeNode(before));
  });
});
