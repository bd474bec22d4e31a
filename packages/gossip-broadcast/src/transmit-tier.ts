/**
 * The rumours that were told equally often, longest first, newest first among equally long ones.
 *
 * A packet wants "the first one that still fits", pruning wants "the last one", replacing wants to
 * remove one in the middle: a balanced search tree answers all three in O(log n). It is an AVL tree
 * because its bound holds in the worst case, whatever lengths strangers choose; the rumours
 * themselves are its nodes, so that moving one from tier to tier allocates nothing. A B+ tree with
 * wide leaves was measured as well: half as fast up to 10,000 rumours, no faster with 100,000.
 *
 * Source: behaviour specification of the broadcast queue §3, §7; Adelson-Velsky and Landis (1962).
 * Read next: `transmit-limited-queue.ts`, the only caller.
 */
import type { Broadcast } from "./broadcast.ts";
import { InvariantError } from "./errors.ts";

/** A rumour in the queue, and its place in the tree of its tier. */
export class QueuedBroadcast {
  readonly broadcast: Broadcast;
  /** Its key, unless it has none or an empty one. */
  readonly name: string | undefined;
  /** Whether plain newcomers may invalidate it. */
  readonly isPlain: boolean;
  /** Bytes, fixed here: a payload whose length changes later cannot break the order. */
  readonly lengthBytes: number;
  /** Greater is newer; unique within a queue. */
  readonly id: number;
  /** How often it was handed out. Changes only while it is in no tier. */
  transmits = 0;
  /** Hand-outs it was credited with since it was put into its tier; settled when it is next looked at. */
  credit = 0;
  /** Root of what comes earlier in the order. */
  before: QueuedBroadcast | undefined = undefined;
  /** Root of what comes later in the order. */
  after: QueuedBroadcast | undefined = undefined;
  /** Levels of the tree below, itself included. */
  height = 1;

  constructor(broadcast: Broadcast, id: number) {
    const { key } = broadcast;
    this.broadcast = broadcast;
    this.name = key === "" ? undefined : key;
    this.isPlain = key === undefined && broadcast.invalidates !== undefined;
    this.lengthBytes = broadcast.payload.length;
    this.id = id;
  }
}

/** An ordered set of rumours that share one number of transmits. */
export class TransmitTier {
  #root: QueuedBroadcast | undefined = undefined;
  #size = 0;
  /** Length of the last in order, or -1 if it has to be looked up again. */
  #shortestBytes = -1;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The top of the tree; for those who check its balance. */
  get root(): QueuedBroadcast | undefined {
    return this.#root;
  }

  /**
   * Adds a rumour that is in no tier. O(log n).
   *
   * @throws {InvariantError} if one of equal length and id is there already.
   */
  insert(item: QueuedBroadcast): void {
    item.before = undefined;
    item.after = undefined;
    item.height = 1;
    this.#root = insertInto(this.#root, item);
    this.#size += 1;
    if (item.lengthBytes < this.#shortestBytes) this.#shortestBytes = item.lengthBytes;
  }

  /**
   * Removes a rumour. O(log n).
   *
   * @throws {InvariantError} if it is not here.
   */
  remove(item: QueuedBroadcast): void {
    this.#root = removeFrom(this.#root, item);
    this.#size -= 1;
    if (item.lengthBytes === this.#shortestBytes) this.#shortestBytes = -1;
  }

  /** The longest rumour of at most `maxLengthBytes`, the newest of that length; it stays. O(log n). */
  firstWithin(maxLengthBytes: number): QueuedBroadcast | undefined {
    // Most tiers have nothing for the gap at the end of a packet: they should say so at once.
    if (this.#shortestBytes < 0) this.#shortestBytes = this.#last()?.lengthBytes ?? -1;
    if (maxLengthBytes < this.#shortestBytes) return undefined;
    let best: QueuedBroadcast | undefined;
    let node = this.#root;
    while (node !== undefined) {
      if (node.lengthBytes <= maxLengthBytes) {
        best = node;
        node = node.before;
      } else {
        node = node.after;
      }
    }
    return best;
  }

  /**
   * Removes the last `count` in order, the very last one first; all if there are fewer.
   * O(count · log n), and O(n) where that is less.
   */
  removeLast(count: number): QueuedBroadcast[] {
    if (count * REBUILD_FACTOR > this.#size) {
      // Most of them go: one walk and a fresh tree cost less than a descent for each.
      const items = [...this];
      const removed = items.splice(Math.max(0, items.length - count)).reverse();
      this.#root = treeOf(items, 0, items.length);
      this.#size = items.length;
      this.#shortestBytes = -1;
      return removed;
    }
    const removed: QueuedBroadcast[] = [];
    while (removed.length < count) {
      const last = this.#last();
      if (last === undefined) break;
      this.remove(last);
      removed.push(last);
    }
    return removed;
  }

  /** All of them, in order. */
  *[Symbol.iterator](): Generator<QueuedBroadcast, void, undefined> {
    const waiting: QueuedBroadcast[] = [];
    let node = this.#root;
    while (node !== undefined || waiting.length > 0) {
      while (node !== undefined) {
        waiting.push(node);
        node = node.before;
      }
      const next = waiting.pop();
      if (next === undefined) return;
      yield next;
      node = next.after;
    }
  }

  #last(): QueuedBroadcast | undefined {
    let node = this.#root;
    while (node?.after !== undefined) node = node.after;
    return node;
  }
}

/** About log₂ of the largest tier, which a removal costs and a walk does not. */
const REBUILD_FACTOR = 16;

/** A balanced tree of the items within `[start, end)`, which are in order. */
function treeOf(
  items: readonly QueuedBroadcast[],
  start: number,
  end: number,
): QueuedBroadcast | undefined {
  const middle = (start + end) >>> 1;
  const top = start < end ? items[middle] : undefined;
  if (top === undefined) return undefined;
  top.before = treeOf(items, start, middle);
  top.after = treeOf(items, middle + 1, end);
  setHeight(top);
  return top;
}

function precedes(a: QueuedBroadcast, b: QueuedBroadcast): boolean {
  return a.lengthBytes === b.lengthBytes ? a.id > b.id : a.lengthBytes > b.lengthBytes;
}

function heightOf(node: QueuedBroadcast | undefined): number {
  return node === undefined ? 0 : node.height;
}

function insertInto(root: QueuedBroadcast | undefined, item: QueuedBroadcast): QueuedBroadcast {
  if (root === undefined) return item;
  if (root.id === item.id && root.lengthBytes === item.lengthBytes) {
    throw new InvariantError(`two queued broadcasts share the id ${item.id}`);
  }
  if (precedes(item, root)) root.before = insertInto(root.before, item);
  else root.after = insertInto(root.after, item);
  return balanced(root);
}

function removeFrom(
  root: QueuedBroadcast | undefined,
  item: QueuedBroadcast,
): QueuedBroadcast | undefined {
  if (root === undefined) throw new InvariantError(`broadcast ${item.id} is not in its tier`);
  if (root === item) return joined(root.before, root.after);
  if (precedes(item, root)) root.before = removeFrom(root.before, item);
  else root.after = removeFrom(root.after, item);
  return balanced(root);
}

/** One tree of two that hung below the same node. */
function joined(
  before: QueuedBroadcast | undefined,
  after: QueuedBroadcast | undefined,
): QueuedBroadcast | undefined {
  if (before === undefined) return after;
  if (after === undefined) return before;
  let top = after;
  while (top.before !== undefined) top = top.before;
  top.after = withoutFirst(after);
  top.before = before;
  return balanced(top);
}

function withoutFirst(root: QueuedBroadcast): QueuedBroadcast | undefined {
  if (root.before === undefined) return root.after;
  root.before = withoutFirst(root.before);
  return balanced(root);
}

/** Restores the AVL bound at a node whose two subtrees keep it and differ by at most two levels. */
function balanced(node: QueuedBroadcast): QueuedBroadcast {
  const { before, after } = node;
  const lean = heightOf(before) - heightOf(after);
  if (lean > 1 && before !== undefined) {
    if (heightOf(before.before) < heightOf(before.after)) node.before = raiseAfter(before);
    return raiseBefore(node);
  }
  if (lean < -1 && after !== undefined) {
    if (heightOf(after.after) < heightOf(after.before)) node.after = raiseBefore(after);
    return raiseAfter(node);
  }
  setHeight(node);
  return node;
}

function raiseBefore(node: QueuedBroadcast): QueuedBroadcast {
  const top = node.before;
  if (top === undefined) throw new InvariantError("rotation without an earlier subtree");
  node.before = top.after;
  top.after = node;
  setHeight(node);
  setHeight(top);
  return top;
}

function raiseAfter(node: QueuedBroadcast): QueuedBroadcast {
  const top = node.after;
  if (top === undefined) throw new InvariantError("rotation without a later subtree");
  node.after = top.before;
  top.before = node;
  setHeight(node);
  setHeight(top);
  return top;
}

function setHeight(node: QueuedBroadcast): void {
  const before = heightOf(node.before);
  const after = heightOf(node.after);
  node.height = (before > after ? before : after) + 1;
}
