/**
 * What the layer above adds to packets, and the part of each that is kept for it while there is churn.
 *
 * Source: behaviour specification §7, §19.16.
 */
import type { CoreContext } from "./core-context.ts";
import { userMessage } from "./packet-sender.ts";
import { compoundPartOverheadBytes } from "./wire/index.ts";

/** A user broadcast costs its type byte as well. Source: broadcast queue specification §6. */
const PART_OVERHEAD_BYTES = compoundPartOverheadBytes + 1;
/** Packets without a reserved share after the layer above had nothing to say. */
const PACKETS_WITHOUT_RESERVE = 3;

/** Keeps room, unless it was left empty a moment ago. */
export class UserShare {
  readonly #context: CoreContext;
  #packetsWithoutReserve = 0;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** How much of so much room the next packet keeps: nothing where nobody has anything to add. */
  reservedBytes(freeBytes: number): number {
    if (this.#context.delegate.takeBroadcasts === undefined) return 0;
    if (this.#packetsWithoutReserve > 0) {
      this.#packetsWithoutReserve -= 1;
      return 0;
    }
    const share = this.#context.options.userBroadcastShare;
    return Math.max(0, Math.floor(freeBytes * share));
  }

  /** Adds what fits into so many bytes to the encoded messages of a packet. */
  fill(parts: Uint8Array[], limitBytes: number): void {
    const { delegate, outbox } = this.#context;
    if (delegate.takeBroadcasts === undefined || limitBytes <= PART_OVERHEAD_BYTES) return;
    const payloads = delegate.takeBroadcasts(PART_OVERHEAD_BYTES, limitBytes);
    if (payloads.length === 0) this.#packetsWithoutReserve = PACKETS_WITHOUT_RESERVE;
    let remaining = limitBytes;
    for (const payload of payloads) {
      const cost = payload.length + PART_OVERHEAD_BYTES;
      if (cost > remaining) {
        const bytes = payload.length;
        outbox.report({ kind: "broadcast-too-large", bytes, limitBytes: remaining });
        continue;
      }
      remaining -= cost;
      parts.push(userMessage(payload));
    }
  }
}
