/**
 * Received states on their way into the table, a slice at a time.
 *
 * Merging ten thousand entries at a stretch would delay the answer to a ping and make *us* look
 * dead. Each slice ends with a timer due at once, so the driver may work between two slices.
 *
 * Source: behaviour specification §3.5, §8, §14.
 */
import { meantPort, type CoreContext } from "./core-context.ts";
import type { Membership } from "./membership.ts";
import type { Endpoint } from "./protocol-core.ts";
import { WireState, type PushPullMessage, type PushPullNode } from "./wire/index.ts";

/**
 * Up to this size a newcomer tells on what it has learned: a rumour is told so few times in a small
 * cluster that somebody may miss it, and the newcomer's voice helps.
 */
const OLD_NEWS_MEMBERS = 64;

/** Why we were told: a newcomer asked, to join or to look again, or anybody in the course of things. */
export type MergePurpose = "join" | "look" | "regular" | "served";

/** A state that was checked and may be merged. */
export interface IncomingState {
  readonly message: PushPullMessage;
  readonly endpoint: Endpoint;
  readonly isLeftOut: (node: PushPullNode) => boolean;
  readonly merged: (nowMs: number) => void;
  readonly purpose: MergePurpose;
}

interface Merge extends IncomingState {
  next: number;
  /** Known once the merge begins: whether everybody but us has heard it all. */
  isOldNews: boolean;
}

/** Merges wait in order of arrival, so that two of them never interleave. */
export class MergeQueue {
  readonly #context: CoreContext;
  readonly #membership: Membership;
  readonly #merges: Merge[] = [];

  constructor(context: CoreContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  get size(): number {
    return this.#merges.length;
  }

  /** Members in all states that wait: what they cost in memory. */
  get memberCount(): number {
    let count = 0;
    for (const { message } of this.#merges) count += message.nodes.length;
    return count;
  }

  /**
   * @param incoming.isLeftOut - records that may not enter the table.
   * @param incoming.merged - called once, after the last entry and the state of the layer above.
   */
  add(incoming: IncomingState, nowMs: number): void {
    const merge = { ...incoming, next: 0, isOldNews: false };
    this.#merges.push(merge);
    if (this.#merges.length > 1) return;
    merge.isOldNews = this.#isOldNews(merge);
    // Checking a large state took its time already.
    if (incoming.message.nodes.length > this.#context.options.mergeSliceLimit) {
      this.#continueSoon(nowMs);
    } else this.#mergeSlice(nowMs);
  }

  #mergeSlice(nowMs: number): void {
    const merge = this.#merges[0];
    if (merge === undefined) return;
    const { nodes } = merge.message;
    if (merge.next === 0) merge.isOldNews ||= this.#isOldNews(merge);
    const end = Math.min(merge.next + this.#context.options.mergeSliceLimit, nodes.length);
    while (merge.next < end) {
      const node = nodes[merge.next];
      merge.next += 1;
      if (node !== undefined) this.#mergeNode(node, merge, nowMs);
    }
    if (merge.next >= nodes.length) this.#finish(merge, nowMs);
    if (this.#merges.length > 0) this.#continueSoon(nowMs);
  }

  #continueSoon(nowMs: number): void {
    this.#context.timers.set(nowMs, (dueMs) => this.#mergeSlice(dueMs));
  }

  /**
   * Whoever is alone has nobody to tell but those it is told of, whichever side began. So has a
   * newcomer of whom some have heard already, as after a quick restart, and who therefore knows them.
   */
  #isOldNews({ message, purpose }: Merge): boolean {
    if (message.nodes.length <= OLD_NEWS_MEMBERS) return false;
    if (purpose === "look" || this.#context.table.liveCount <= 1) return true;
    return purpose === "join" && this.#knowsNobodyElse(message);
  }

  /** Whether all we know are alive in this state, and so tell it themselves. */
  #knowsNobodyElse({ knownCount = 0, nodes }: PushPullMessage): boolean {
    const { options, table } = this.#context;
    let count = knownCount;
    for (const { name, state } of nodes) {
      const row = state === WireState.alive && name !== options.name ? table.find(name) : undefined;
      if (row !== undefined && table.isLive(row)) count += 1;
    }
    return count >= table.liveCount - 1;
  }

  #finish(merge: Merge, nowMs: number): void {
    const { delegate, outbox } = this.#context;
    const { isJoin, knownCount = 0, nodes, userState } = merge.message;
    this.#merges.shift();
    if (userState.length > 0) delegate.mergeRemoteState?.(userState, isJoin, nowMs);
    const { endpoint } = merge;
    const memberCount = nodes.length + knownCount;
    outbox.report({ kind: "push-pull-merged", endpoint, memberCount, isJoin });
    merge.merged(nowMs);
  }

  #mergeNode(entry: PushPullNode, merge: Merge, nowMs: number): void {
    const { options, outbox } = this.#context;
    const { endpoint } = merge;
    if (merge.isLeftOut(entry)) {
      const message = "its protocol versions are missing or fit nobody";
      const { name } = entry;
      outbox.report({ kind: "version-mismatch", endpoint, name, scope: "record", message });
      return;
    }
    const { incarnation, name: node } = entry;
    const origin = { source: endpoint, isOldNews: merge.isOldNews };
    switch (entry.state) {
      case WireState.alive: {
        const { address, meta, versions } = entry;
        const port = meantPort(entry.port, options);
        const claim = { incarnation, node, address, port, meta, versions };
        return this.#membership.handleAlive({ kind: "alive", ...claim }, origin, nowMs);
      }
      case WireState.left:
        return this.#membership.handleDead(
          { kind: "dead", incarnation, node, from: node },
          origin,
          nowMs,
        );
      case WireState.suspect:
      case WireState.dead:
        return this.#membership.handleSuspect(
          { kind: "suspect", incarnation, node, from: options.name },
          origin,
          nowMs,
        );
    }
  }
}
