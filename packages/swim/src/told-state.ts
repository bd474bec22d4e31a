/**
 * What one side of a push/pull tells: everybody it knows, or for a look itself alone.
 *
 * Source: behaviour specification §8; wire specification §11.2.
 */
import type { CoreContext } from "./core-context.ts";
import { WireState, type EncodedNodes, type PushPullNode } from "./wire/index.ts";
import { encodeNode } from "./wire/push-pull-codec.ts";

/** About what a record has; where it is not enough, the rest is encoded one by one. */
const USUAL_RECORD_BYTES = 80;

/** Where one state after the other is put together: they are many, and each is made at a stretch. */
let workbench = new Uint8Array(0);

/** Records of a table, to be told. */
export interface ToldState {
  readonly nodes: readonly PushPullNode[];
  /** Those that several cores tell alike. */
  readonly encodedNodes?: EncodedNodes;
}

/** Collects the records of all rows, or of this member alone. O(n). */
export function toldState({ options, table }: CoreContext, scope: "everybody" | "self"): ToldState {
  const isOnlySelf = scope === "self";
  const first = isOnlySelf ? (table.find(options.name) ?? 0) : 0;
  const end = isOnlySelf ? Math.min(first + 1, table.size) : table.size;
  const encodings = table.shared?.nodes;
  const target = encodings === undefined ? workbench : benchOf((end - first) * USUAL_RECORD_BYTES);
  const nodes: PushPullNode[] = [];
  let count = 0;
  let bytes = 0;
  for (let row = first; row < end; row += 1) {
    const record = table.record(row);
    const incarnation = table.incarnation(row);
    const state = table.state(row);
    if (encodings !== undefined && state === "alive") {
      const copied = encodings.copy(table.number(row), record, incarnation, target, bytes);
      if (copied > 0) {
        count += 1;
        bytes += copied;
        continue;
      }
    }
    const node = record.node(incarnation, WireState[state]);
    nodes.push(node);
    // Whoever is told of it next finds it.
    if (encodings !== undefined && state === "alive" && record.isShared) {
      encodings.put(table.number(row), record, { message: node, encoded: encodeNode(node) });
    }
  }
  return count === 0
    ? { nodes }
    : { nodes, encodedNodes: { count, bytes: target.slice(0, bytes) } };
}

function benchOf(bytes: number): Uint8Array {
  if (workbench.length < bytes) workbench = new Uint8Array(bytes * 2);
  return workbench;
}
