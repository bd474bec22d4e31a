/**
 * How often eager rounds come, and what they carry when there is much to tell.
 *
 * A single piece of news leaves within milliseconds. In a mass join hundreds arrive every second,
 * and most of what a member is told it has heard: then the rounds come at greater distance, packets
 * are full, and much has been overheard from others before it is told.
 *
 * Source: the polite gossip of Trickle (Levis et al. 2004, RFC 6206), feedback and counters of
 * Demers et al. (1987) §1.4.
 */
import type { Churn } from "./churn.ts";
import { compoundPartOverheadBytes } from "./wire/index.ts";

/** What comes within this time after an eager round leaves together in the next. */
export const EAGER_PAUSE_MS = 5;
/** The same while there is much news. */
const LONGEST_EAGER_PAUSE_MS = 80;

/** How long news of members waits for more of it, in milliseconds. */
export function eagerPauseMs(churn: Churn, nowMs: number): number {
  return churn.isMuch(nowMs) ? LONGEST_EAGER_PAUSE_MS : EAGER_PAUSE_MS;
}

/** Divides encoded messages, in order, among packets with so much room. */
export function packed(parts: readonly Uint8Array[], roomBytes: number): Uint8Array[][] {
  const packets: Uint8Array[][] = [];
  let packet: Uint8Array[] = [];
  let freeBytes = 0;
  for (const part of parts) {
    const bytes = part.length + compoundPartOverheadBytes;
    if (bytes > freeBytes) {
      packet = [];
      packets.push(packet);
      freeBytes = roomBytes;
    }
    packet.push(part);
    freeBytes -= bytes;
  }
  return packets;
}

/** Bytes of encoded messages in a packet, each with its overhead. */
export function sizeOf(parts: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const part of parts) bytes += part.length + compoundPartOverheadBytes;
  return bytes;
}
