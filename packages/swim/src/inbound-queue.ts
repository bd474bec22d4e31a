/**
 * Claims and user messages that wait to be worked off, good news first.
 *
 * Pings and acks are answered before anything here is looked at. An alive overtakes accusations,
 * so that a refutation that arrived in the same burst still saves its member.
 *
 * Deviation: the reference works each queue off newest first, which turns user data around. Here
 * each keeps the order of arrival; incarnations make the order of claims irrelevant.
 *
 * Source: behaviour specification §14.
 */
import type { Endpoint } from "./protocol-core.ts";
import type { AliveMessage, DeadMessage, SuspectMessage, UserMessage } from "./wire/index.ts";

/** What waits. */
export type QueuedMessage = AliveMessage | SuspectMessage | DeadMessage | UserMessage;

export interface InboundItem {
  readonly message: QueuedMessage;
  /** Type byte and body as received: what is told on. */
  readonly encoded: Uint8Array;
  readonly source: Endpoint;
}

/** Two bounded queues; when one is full, what arrives is refused. */
export class InboundQueue {
  readonly #limit: number;
  readonly #alive = new Fifo();
  readonly #other = new Fifo();

  /** @param limit - messages in each of the two. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#alive.size + this.#other.size;
  }

  /** @returns whether there was room. */
  offer(item: InboundItem): boolean {
    const queue = item.message.kind === "alive" ? this.#alive : this.#other;
    if (queue.size >= this.#limit) return false;
    queue.push(item);
    return true;
  }

  /** Removes and returns the next one. */
  take(): InboundItem | undefined {
    return this.#alive.shift() ?? this.#other.shift();
  }

  clear(): void {
    this.#alive.clear();
    this.#other.clear();
  }
}

/** An array with a moving head: O(1) at both ends. */
class Fifo {
  #items: (InboundItem | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: InboundItem): void {
    this.#items.push(item);
  }

  shift(): InboundItem | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}
