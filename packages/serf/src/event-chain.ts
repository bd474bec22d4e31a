/**
 * The way of an event from the core to the user: snapshot, internal queries, coalescing.
 *
 * Source: Serf specification §13.
 */
import { createCoalesceChain, type CoalesceChain } from "./coalesce/coalesce-chain.ts";
import type { SerfContext } from "./serf-context.ts";
import type { SerfEvent } from "./serf-event.ts";

/** Takes events in the order they happen, and emits them in the order they are due. */
export class EventChain {
  readonly #context: SerfContext;
  readonly #coalescers: CoalesceChain;

  constructor(context: SerfContext) {
    this.#context = context;
    const { memberCoalesce, userCoalesce } = context.options;
    this.#coalescers = createCoalesceChain({
      ...(memberCoalesce === undefined ? {} : { member: memberCoalesce }),
      ...(userCoalesce === undefined ? {} : { user: userCoalesce }),
    });
  }

  raise(event: SerfEvent, nowMs: number): void {
    const { environment, clocks } = this.#context;
    environment.snapshot?.record(event, clocks.member.time);
    for (const ready of this.#coalescers.handle(event, nowMs)) this.#context.outbox.emit(ready);
  }

  /** A query that is not for the user still moves the clock in the snapshot. */
  recordQuery(lamportTime: bigint): void {
    const { environment, clocks } = this.#context;
    environment.snapshot?.record({ kind: "query", lamportTime }, clocks.member.time);
  }

  nextDeadlineMs(): number {
    return this.#coalescers.nextDeadlineMs();
  }

  handleTimeout(nowMs: number): void {
    for (const event of this.#coalescers.takeDue(nowMs)) this.#context.outbox.emit(event);
  }

  /** On shutdown: what is being collected goes out now. */
  flush(): void {
    for (const event of this.#coalescers.flush()) this.#context.outbox.emit(event);
  }
}
