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
import { Churn } from "./churn.ts";
import { compoundPartOverheadBytes } from "./wire/index.ts";

/** What comes within this time after an eager round leaves together in the next. */
export const EAGER_PAUSE_MS = 5;
/** The same while there is much news. */
const MUCH_PAUSE_MS = 80;
/** The same where the member does not keep up: a round of the reference, in which it does nothing else. */
const BEHIND_PAUSE_MS = 200;
/** Targets of an eager round that has much to tell to many. */
const MUCH_TARGETS = 6;
/** Targets of one that is behind: the rest of the transmissions is the regular rounds'. */
const BEHIND_TARGETS = 2;
/** A round that begins so late shows that the processor has more to do than it can. */
const LATE_MS = 10;
/** For so long a member counts as behind after a late round. */
const BEHIND_FOR_MS = 500;

/** How much there is to tell at present, and whether the member keeps up with it. */
export class EagerPace {
  readonly #churn = new Churn();
  #lateMs = -Infinity;
  #isBehind = false;

  /** There is one more piece of news about another member. */
  noteNews(nowMs: number): void {
    this.#churn.note(nowMs);
  }

  /** A round that was due has begun. */
  noteRound(dueMs: number, nowMs: number): void {
    if (nowMs - dueMs > LATE_MS) this.#lateMs = nowMs;
    this.#isBehind = nowMs - this.#lateMs < BEHIND_FOR_MS;
  }

  /** When the last news came that was one of much. */
  get muchMs(): number {
    return this.#churn.muchMs;
  }

  /** Whether there has been much news of late. */
  isMuch(nowMs: number): boolean {
    return this.#churn.isMuch(nowMs);
  }

  /**
   * Whether this member's rounds begin late, as of the last one. Whoever is behind makes fewer and
   * fuller packets, and spares the work of compressing them.
   */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * To how many members along the ring a round tells.
   *
   * Where many processes share a processor and join at once, every packet saved is one that twenty
   * others need not wait for. What is said of ourselves, a refutation perhaps, is not spared.
   *
   * @param limit - transmissions of a rumour.
   * @param kind - of the news: so much for so many that each is told a part; something of our own;
   *   some of others.
   */
  targetCount(limit: number, kind: "much" | "own" | "others", nowMs: number): number {
    if (kind === "much") return Math.min(limit, MUCH_TARGETS);
    const isSpared = kind === "others" && this.#isBehind && this.isMuch(nowMs);
    return isSpared ? Math.min(limit, BEHIND_TARGETS) : limit;
  }

  /** How long news of members waits for more of it, in milliseconds. */
  pauseMs(nowMs: number): number {
    if (!this.isMuch(nowMs)) return EAGER_PAUSE_MS;
    return this.#isBehind ? BEHIND_PAUSE_MS : MUCH_PAUSE_MS;
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
