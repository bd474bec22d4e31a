/**
 * Remembers intents about members that are not known yet.
 *
 * An intent travels by gossip and may outrun SWIM's notice of the member it speaks of. Kept here,
 * it decides the member's status once the member appears; and because only a newer intent is
 * `stored`, an intent about an unknown member is told on once and does not echo for ever.
 *
 * Source: Serf specification §5.3.
 */
import type { LamportTime } from "./serf-event.ts";

/** What is intended. */
export type IntentKind = "join" | "leave";

/** The newest intent about one member. */
export interface BufferedIntent {
  readonly kind: IntentKind;
  readonly lamportTime: LamportTime;
  /** When it came, in monotonic milliseconds. */
  readonly receivedMs: number;
}

/**
 * What became of an intent: only a `stored` one may be told on.
 *
 * `stale`: one at least as new is known. `full`: there is no room for another name.
 */
export type IntentOutcome = "stored" | "stale" | "full";

/** Options of an `IntentBuffer`. */
export interface IntentBufferOptions {
  /** Most names remembered at a time. */
  readonly nameLimit: number;
}

/** Names remembered by default: as many as a rumour storm in a large cluster brings in five minutes. */
export const defaultIntentNameLimit = 16_384;

/**
 * The newest intent per name.
 *
 * Deviation: the reference buffers without bound, and the names are a stranger's choice. Here a
 * new name is refused when the buffer is full. Older ones are not evicted for it: an evicted
 * intent would be news again when its next copy arrives, and the flood would feed itself.
 * Source: Serf specification §20 item 5.
 */
export class IntentBuffer {
  readonly #nameLimit: number;
  readonly #intents = new Map<string, BufferedIntent>();

  /** @throws {RangeError} if the limit is not a positive integer. */
  constructor(options: IntentBufferOptions = { nameLimit: defaultIntentNameLimit }) {
    if (!Number.isSafeInteger(options.nameLimit) || options.nameLimit < 1) {
      throw new RangeError(`nameLimit must be a positive integer, got ${options.nameLimit}`);
    }
    this.#nameLimit = options.nameLimit;
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#intents.size;
  }

  /** Keeps an intent if it is strictly newer than the one known, of whichever kind that is. */
  upsert(
    name: string,
    intent: { readonly kind: IntentKind; readonly lamportTime: LamportTime },
    nowMs: number,
  ): IntentOutcome {
    const known = this.#intents.get(name);
    if (known !== undefined && intent.lamportTime <= known.lamportTime) return "stale";
    if (known === undefined && this.#intents.size >= this.#nameLimit) return "full";
    const { kind, lamportTime } = intent;
    this.#intents.set(name, { kind, lamportTime, receivedMs: nowMs });
    return "stored";
  }

  /** The newest intent about a name; reading does not consume it. */
  recent(name: string): BufferedIntent | undefined {
    return this.#intents.get(name);
  }

  /** Drops intents that came more than `timeoutMs` ago. @returns how many. */
  expire(nowMs: number, timeoutMs: number): number {
    const sizeBefore = this.#intents.size;
    for (const [name, intent] of this.#intents) {
      if (nowMs - intent.receivedMs > timeoutMs) this.#intents.delete(name);
    }
    return sizeBefore - this.#intents.size;
  }
}
