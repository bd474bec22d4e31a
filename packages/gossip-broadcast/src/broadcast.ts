/**
 * What is told: the bytes, what they replace, and who wants to know when they were told enough.
 *
 * Read next: `transmit-limited-queue.ts`.
 */

/**
 * Why a rumour left the queue.
 *
 * - `transmitted` – handed out as often as the retransmit limit asks for. Says nothing about delivery.
 * - `overheard` – others told it so often that with our own hand-outs the limit was reached.
 * - `invalidated` – newer news took its place, or the owner removed it by key.
 * - `pruned` – there were too many, and this one was the last in order.
 * - `reset` – the owner emptied the queue.
 * - `too-large` – never queued: longer than any packet the owner sends.
 */
export type FinishReason =
  "transmitted" | "overheard" | "invalidated" | "pruned" | "reset" | "too-large";

/**
 * One rumour. Which of the two hooks it has decides its kind:
 *
 * - *named* (`key`): replaces the queued rumour of the same key, looks at nothing else;
 * - *plain* (`invalidates`, no `key`): replaces every queued plain rumour its predicate picks;
 * - *unique* (neither): replaces nothing and is replaced by nothing.
 *
 * Source: behaviour specification of the broadcast queue §1.
 */
export interface Broadcast {
  /**
   * The message without the overhead each part of a packet costs. Handed out as it is, not copied:
   * do not change the bytes afterwards. Its length is read once, when queued.
   */
  readonly payload: Uint8Array;
  /**
   * What the news is about. An empty key names nothing: such a rumour may invalidate plain ones,
   * but no rumour ever replaces it.
   */
  readonly key?: string;
  /**
   * Whether this rumour makes `other`, a queued plain one, worthless. Asked of every queued plain
   * rumour, so each insertion costs O(plain rumours): prefer `key`. Must be pure; ignored if `key`
   * is a non-empty string.
   */
  readonly invalidates?: (other: Broadcast) => boolean;
  /**
   * Called exactly once, when the rumour has left the queue for whatever reason and the queue is
   * consistent again; it may call back into the queue.
   */
  readonly finished?: (reason: FinishReason) => void;
}
