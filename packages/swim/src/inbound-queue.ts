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

/** Two stacks: what arrived, and, turned around, what is given out. O(1) at both ends on average. */
class Fifo {
  #arrived: InboundItem[] = [];
  #ready: InboundItem[] = [];

  get size(): number {
    return this.#arrived.length + this.#ready.length;
  }

  push(item: InboundItem): void {
    this.#arrived.push(item);
  }

  shift(): InboundItem | undefined {
    if (this.#ready.length === 0) {
      const emptied = this.#ready;
      this.#ready = this.#arrived.reverse();
      this.#arrived = emptied;
    }
    return this.#ready.pop();
  }

  clear(): void {
    this.#arrived.length = 0;
    this.#ready.length = 0;
  }
}
