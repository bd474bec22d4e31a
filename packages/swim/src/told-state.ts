/**
 * What one side of a push/pull tells: everybody it knows, or for a look itself alone.
 *
 * Source: behaviour specification §8; wire specification §11.2.
 */
import type { CoreContext } from "./core-context.ts";
import { InvariantError } from "./errors.ts";
import type { MemberTable } from "./member-table.ts";
import type { SharedEncodings } from "./shared-encodings.ts";
import { WireState, type EncodedNodes, type PushPullNode } from "./wire/index.ts";
import { encodeNode } from "./wire/push-pull-codec.ts";

/**
 * Where one state after the other is put together: they are many, and each is made at a stretch and
 * sent before the next. In a large cluster one is a megabyte, and copies of it would be most of all
 * that is ever allocated.
 */
let workbench = new Uint8Array(4_096);
/** How many states were put together on it. */
let stateCount = 0;

/** Records of a table, to be told. */
export interface ToldState {
  readonly nodes: readonly PushPullNode[];
  /** The same where several cores tell alike, in place of `nodes`. */
  readonly encodedNodes?: EncodedNodes;
}

/** Collects the records of all rows, or of this member alone, in order. O(n). */
export function toldState({ options, table }: CoreContext, scope: "everybody" | "self"): ToldState {
  const isOnlySelf = scope === "self";
  const first = isOnlySelf ? (table.find(options.name) ?? 0) : 0;
  const end = isOnlySelf ? Math.min(first + 1, table.size) : table.size;
  const encodings = table.shared?.nodes;
  if (encodings !== undefined) {
    return { nodes: [], encodedNodes: encodedRows(table, encodings, first, end) };
  }
  const nodes: PushPullNode[] = [];
  for (let row = first; row < end; row += 1) {
    nodes.push(table.record(row).node(table.incarnation(row), WireState[table.state(row)]));
  }
  return { nodes };
}

function encodedRows(
  table: MemberTable,
  encodings: SharedEncodings<PushPullNode>,
  first: number,
  end: number,
): EncodedNodes {
  let at = 0;
  for (let row = first; row < end; row += 1) {
    const record = table.record(row);
    const incarnation = table.incarnation(row);
    const state = table.state(row);
    const number = table.number(row);
    if (state === "alive") {
      const copied = encodings.copy(number, record, incarnation, workbench, at);
      at += copied;
      if (copied > 0) continue;
    }
    const message = record.node(incarnation, WireState[state]);
    const encoded = encodeNode(message);
    at = written(encoded, at);
    // Whoever tells it next finds it.
    if (state === "alive" && record.isShared) encodings.put(number, record, { message, encoded });
  }
  stateCount += 1;
  return new BenchedNodes(end - first, at, stateCount);
}

/** A state that lies on the workbench: it is there until the next one is put together. */
class BenchedNodes implements EncodedNodes {
  readonly count: number;
  readonly #length: number;
  readonly #stateNumber: number;

  constructor(count: number, length: number, stateNumber: number) {
    this.count = count;
    this.#length = length;
    this.#stateNumber = stateNumber;
  }

  get bytes(): Uint8Array {
    if (this.#stateNumber !== stateCount) {
      throw new InvariantError("a state was put together before the last one was sent");
    }
    return workbench.subarray(0, this.#length);
  }
}

/** Writes at the end of the workbench. @returns the new end. */
function written(bytes: Uint8Array, at: number): number {
  const end = at + bytes.length;
  benchUpTo(end).set(bytes, at);
  return end;
}

/** The workbench with room up to here, and all that is on it. */
function benchUpTo(end: number): Uint8Array {
  if (end > workbench.length) {
    const larger = new Uint8Array(end * 2);
    larger.set(workbench);
    workbench = larger;
  }
  return workbench;
}
