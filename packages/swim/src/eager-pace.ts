/**
 * How often eager rounds come, and what they cost when there is much to tell.
 *
 * A single piece of news leaves within milliseconds. In a mass join hundreds arrive every second,
 * and most of what a member is told it has heard: then the rounds come at greater distance, packets
 * are full, and much has been overheard from others before it is told.
 *
 * Source: the polite gossip of Trickle (Levis et al. 2004, RFC 6206), feedback and counters of
 * Demers et al. (1987) §1.4.
 */
import { Churn } from "./churn.ts";
import { compoundPartOverheadBytes } from "./wire/index.ts";

/** What comes within this time after an eager round leaves together in the next. */
export const EAGER_PAUSE_MS = 5;
/** While more than so many rumours are new in each eager round, the pause doubles, up to … */
const MANY_NEW_RUMOURS = 4;
/** … this. */
const LONGEST_EAGER_PAUSE_MS = 80;

/** Without a round for so long, it is calm. */
const MEMORY_MS = 500;

/** The pause between two eager rounds of one member. */
export class EagerPace {
  readonly #churn = new Churn();
  #pauseMs = EAGER_PAUSE_MS;
  #busyMs = -Infinity;
  #adaptedMs = -Infinity;

  /** How long news of members waits for more of it, in milliseconds. */
  pauseMs(nowMs: number): number {
    return this.#churn.isMuch(nowMs) ? LONGEST_EAGER_PAUSE_MS : this.#pauseMs;
  }

  /** There is one more piece of news about another member. */
  note(nowMs: number): void {
    this.#churn.note(nowMs);
  }

  /** Whether there is so much news that it pays to wait for what others tell. */
  get isBusy(): boolean {
    return this.#pauseMs > EAGER_PAUSE_MS;
  }

  /** When it was last busy. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /**
   * Follows the rate of news, at the beginning of a round.
   *
   * @param newCount - rumours that came since the last round.
   * @returns whether it has become busy just now.
   */
  adapt(newCount: number, nowMs: number): boolean {
    const wasBusy = this.isBusy;
    // Rounds take place while there is news: what was long ago says nothing about now.
    if (nowMs - this.#adaptedMs > MEMORY_MS) this.#pauseMs = EAGER_PAUSE_MS;
    this.#adaptedMs = nowMs;
    if (newCount > MANY_NEW_RUMOURS) {
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_EAGER_PAUSE_MS);
    } else if (newCount * 2 <= MANY_NEW_RUMOURS) {
      this.#pauseMs = Math.max(this.#pauseMs / 2, EAGER_PAUSE_MS);
    }
    if (this.isBusy) this.#busyMs = nowMs;
    return this.isBusy && !wasBusy;
  }
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
