/**
 * The received queries a connection may still answer, by the number its records told the client.
 *
 * Source: RPC specification §5.1 (respond) and §6 (ID).
 */
import type { QueryEvent } from "@x/serf";

interface PendingQuery {
  readonly event: QueryEvent;
  readonly deadlineMs: number;
}

export class PendingQueries {
  readonly #limit: number;
  readonly #byId = new Map<bigint, PendingQuery>();
  #lastId = 0n;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** @returns the number to answer with: 1 for the first record, then one more each time. */
  register(event: QueryEvent, deadlineMs: number, nowMs: number): bigint {
    if (this.#byId.size >= this.#limit) this.#makeRoom(nowMs);
    this.#lastId += 1n;
    this.#byId.set(this.#lastId, { event, deadlineMs });
    return this.#lastId;
  }

  /** An answered query stays until its deadline, so that a second answer is told apart. */
  find(id: bigint, nowMs: number): QueryEvent | undefined {
    const pending = this.#byId.get(id);
    if (pending === undefined) return undefined;
    if (nowMs < pending.deadlineMs) return pending.event;
    this.#byId.delete(id);
    return undefined;
  }

  clear(): void {
    this.#byId.clear();
  }

  #makeRoom(nowMs: number): void {
    for (const [id, { deadlineMs }] of this.#byId) {
      if (deadlineMs <= nowMs) this.#byId.delete(id);
    }
    if (this.#byId.size < this.#limit) return;
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }
}
