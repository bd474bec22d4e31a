/**
 * Who waits for which answer.
 *
 * Deviation: the reference counts its pings from 1 and believes any ack with the right number. Here
 * the count starts anywhere, and an answer from an address that was not asked is reported, or with
 * `strictAnswerSource` ignored; members behind address translation answer from elsewhere.
 *
 * Source: behaviour specification §5.4, §19.13.
 */
import type { CoreContext } from "./core-context.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { Timer } from "./timer-table.ts";
import type { AckMessage } from "./wire/index.ts";

/** One ping whose answer somebody waits for. */
export interface AckWaiter {
  /** Whether an answer may come from there. */
  expectsFrom(address: string): boolean;
  handleAck(message: AckMessage, source: Endpoint, nowMs: number): void;
  /** A relay says it got no answer. The waiter stays: the ack may still come. */
  handleNack?(source: Endpoint, nowMs: number): void;
  handleExpired(nowMs: number): void;
  /** This member shuts down. */
  handleAbandoned?(): void;
}

interface Waiting {
  readonly waiter: AckWaiter;
  readonly timer: Timer;
}

/**
 * Sequence numbers of members that pass news on at once have this bit. The reference counts its
 * pings from 1 and would need decades to get there, so a ping tells which kind of member sent it,
 * without a byte more on the wire. Whoever is mistaken for the other kind is told a farewell a
 * moment too early or too late, no more.
 */
const PROMPT_BIT = 0x8000_0000;

/** Whether a ping of this number comes from a member that passes news on at once. */
export function isPromptSequence(sequenceNumber: number): boolean {
  return sequenceNumber >= PROMPT_BIT;
}

/** Pings under way by sequence number. */
export class AckTable {
  readonly #context: CoreContext;
  readonly #waiting = new Map<number, Waiting>();
  /** 0, or the bit that tells that we pass news on at once. */
  readonly #firstSequenceNumber: number;
  #lastSequenceNumber: number;

  constructor(context: CoreContext) {
    this.#context = context;
    const { eagerGossip, gossipIntervalMs, gossipFanout } = context.options;
    const isPrompt = eagerGossip && gossipIntervalMs > 0 && gossipFanout > 0;
    this.#firstSequenceNumber = isPrompt ? PROMPT_BIT : 0;
    this.#lastSequenceNumber = Math.floor(context.random() * PROMPT_BIT);
  }

  /** Takes the next sequence number and waits for its answer. */
  expect(waiter: AckWaiter, expiresMs: number): number {
    this.#lastSequenceNumber = (this.#lastSequenceNumber + 1) % PROMPT_BIT;
    const sequenceNumber = this.#firstSequenceNumber + this.#lastSequenceNumber;
    const timer = this.#context.timers.set(expiresMs, (nowMs) => {
      this.#waiting.delete(sequenceNumber);
      waiter.handleExpired(nowMs);
    });
    this.#waiting.set(sequenceNumber, { waiter, timer });
    return sequenceNumber;
  }

  /** Stops waiting; the waiter hears nothing more. */
  forget(sequenceNumber: number): void {
    const waiting = this.#waiting.get(sequenceNumber);
    if (waiting === undefined) return;
    this.#context.timers.cancel(waiting.timer);
    this.#waiting.delete(sequenceNumber);
  }

  /** Stops waiting for anything. */
  clear(): void {
    const waiters = [...this.#waiting.values()].map(({ waiter }) => waiter);
    for (const { timer } of this.#waiting.values()) this.#context.timers.cancel(timer);
    this.#waiting.clear();
    for (const waiter of waiters) waiter.handleAbandoned?.();
  }

  handleAck(message: AckMessage, source: Endpoint, nowMs: number): void {
    const waiter = this.#find(message.sequenceNumber, source);
    if (waiter === undefined) return;
    this.forget(message.sequenceNumber);
    waiter.handleAck(message, source, nowMs);
  }

  handleNack(sequenceNumber: number, source: Endpoint, nowMs: number): void {
    this.#find(sequenceNumber, source)?.handleNack?.(source, nowMs);
  }

  #find(sequenceNumber: number, source: Endpoint): AckWaiter | undefined {
    const { options, outbox } = this.#context;
    const waiter = this.#waiting.get(sequenceNumber)?.waiter;
    if (waiter === undefined) {
      outbox.report({ kind: "answer-unexpected", source, reason: "unknown" });
      return undefined;
    }
    if (waiter.expectsFrom(source.address)) return waiter;
    outbox.report({ kind: "answer-unexpected", source, reason: "wrong-source" });
    return options.strictAnswerSource ? undefined : waiter;
  }
}
