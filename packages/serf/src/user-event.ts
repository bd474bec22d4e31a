/**
 * User events: sending, receiving once, remembering for those who join later.
 *
 * Source: Serf specification §9.
 */
import { encodeName } from "@x/swim/wire";
import {
  createUserEventWindow,
  userEventKey,
  type DedupVerdict,
  type DedupWindow,
} from "./dedup-window.ts";
import { SerfError } from "./errors.ts";
import type { EventChain } from "./event-chain.ts";
import { ownedBytes } from "./owned-bytes.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime } from "./serf-event.ts";
import type { RecentUserEvent, UserEventMessage } from "./wire/message.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

const NO_PAYLOAD = new Uint8Array(0);

/** Sends, receives and remembers user events. */
export class UserEvents {
  readonly #context: SerfContext;
  readonly #chain: EventChain;
  readonly #window: DedupWindow<RecentUserEvent>;

  constructor(context: SerfContext, chain: EventChain) {
    this.#context = context;
    this.#chain = chain;
    this.#window = createUserEventWindow({
      slotCount: context.options.eventBufferSlots,
      weightLimit: context.options.eventBufferBytesLimit,
    });
  }

  /** Events remembered, as they are told to others. */
  get window(): DedupWindow<RecentUserEvent> {
    return this.#window;
  }

  /** Events of earlier times are not delivered. */
  raiseMinimumTime(time: LamportTime): void {
    this.#window.raiseMinimumTime(time);
  }

  /**
   * @param payload - `undefined` travels as nil, which differs from empty.
   * @throws {SerfError} `event-too-large`, with the reference's text where it has one; `not-alive`
   *   after shutdown.
   */
  send(name: string, payload: Uint8Array | undefined, coalesce: boolean, nowMs: number): void {
    const { clocks, options, queues, state } = this.#context;
    if (state === "shutdown") {
      throw new SerfError("not-alive", "user event after shutdown: start a new member");
    }
    const bytes = encodeName(name).length + (payload?.length ?? 0);
    const limit = options.userEventSizeLimit;
    if (bytes > limit) {
      throw tooLarge(`user event exceeds configured limit of ${limit} bytes before encoding`);
    }
    const message: UserEventMessage = {
      kind: "user-event",
      lamportTime: clocks.event.time,
      name,
      payload: payload?.slice(),
      coalesce,
    };
    const encoded = encodeSerfMessage(message);
    if (encoded.length > limit) {
      throw tooLarge(
        `encoded user event exceeds configured limit of ${limit} bytes after encoding`,
      );
    }
    // Deviation: the reference accepts what no packet can carry, and never sends it.
    if (encoded.length > queues.payloadBytesLimit) {
      throw tooLarge(
        `encoded user event of ${encoded.length} bytes does not fit into a packet: at most ${queues.payloadBytesLimit} bytes do`,
      );
    }
    clocks.event.increment();
    // The payload was copied above, and the message shares its memory with those beside it in the
    // queue: asking them how much they fill would cost more than all the rest.
    if (this.#admit(message, asItIs, nowMs) === "new") {
      queues.tellEvent(encoded, broadcastKey(message));
    }
  }

  /** @param encoded - the message as received; passed on unchanged, so that unknown fields survive. */
  handle(message: UserEventMessage, encoded: Uint8Array, nowMs: number): void {
    const { queues } = this.#context;
    const verdict = this.#admit(message, ownedBytes, nowMs);
    if (verdict === "new") queues.tellEvent(ownedBytes(encoded), broadcastKey(message));
    else if (verdict === "duplicate" && queues.mayOverhear("event")) {
      queues.overhear("event", broadcastKey(message));
    }
  }

  /** An event out of another member's memory: delivered if new, but not passed on. */
  replay(lamportTime: LamportTime, event: RecentUserEvent, nowMs: number): void {
    this.#admit({ kind: "user-event", lamportTime, ...event, coalesce: false }, ownedBytes, nowMs);
  }

  /** @param keep - makes the payload outlive the packet it came in. */
  #admit(
    message: UserEventMessage,
    keep: (payload: Uint8Array) => Uint8Array,
    nowMs: number,
  ): DedupVerdict | "refused" {
    const { clocks } = this.#context;
    const { lamportTime, name, coalesce } = message;
    if (clocks.event.witness(lamportTime) === "refused") {
      this.#reject("clock-jump", `a user event claims Lamport time ${lamportTime}`);
      return "refused";
    }
    const payload = message.payload === undefined ? undefined : keep(message.payload);
    const outcome = this.#window.admit(lamportTime, { name, payload }, clocks.event.time);
    if (outcome === "full") {
      this.#reject("window-full", `too many user events claim Lamport time ${lamportTime}`);
    }
    if (outcome !== "new") return outcome;
    this.#chain.raise(
      { kind: "user", lamportTime, name, payload: payload ?? NO_PAYLOAD, coalesce },
      nowMs,
    );
    return outcome;
  }

  #reject(code: "clock-jump" | "window-full", message: string): void {
    this.#context.report({ kind: "message-rejected", code, message });
  }
}

/** Differs for whatever is delivered twice. */
function broadcastKey(message: UserEventMessage): string {
  return `${message.lamportTime}:${userEventKey(message)}`;
}

function asItIs(payload: Uint8Array): Uint8Array {
  return payload;
}

function tooLarge(message: string): SerfError {
  return new SerfError("event-too-large", message);
}
