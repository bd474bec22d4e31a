/**
 * Rumours that are told λ·log n times, and then no more.
 *
 * Reading order of the sources: `broadcast.ts` (what is told), `transmit-limited-queue.ts` (what is
 * told next), `retransmit-limit.ts` (how often is enough), `transmit-tier.ts` (how it stays fast).
 *
 * @packageDocumentation
 */
export type { Broadcast, FinishReason } from "./broadcast.ts";
export { InvariantError } from "./errors.ts";
export { retransmitLimit } from "./retransmit-limit.ts";
export {
  DEFAULT_MAX_PAYLOAD_BYTES,
  DEFAULT_QUEUE_LIMIT,
  TransmitLimitedQueue,
  type TransmitLimitedQueueOptions,
} from "./transmit-limited-queue.ts";
