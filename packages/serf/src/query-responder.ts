/**
 * Hearing questions and answering them.
 *
 * Each question is handled once, whoever brings it. Its acks and answers are kept for a while: when
 * the asker sends the same question again, straight to this member, because an answer was lost, the
 * same answer goes out again, at most {@link REPEAT_LIMIT} times.
 *
 * Source: Serf specification §10.2, §10.3; its weakness 16.
 */
import { type AnswerCourier, askerOf, type Asker } from "./answer-courier.ts";
import { createQueryWindow, type DedupWindow } from "./dedup-window.ts";
import { SerfError } from "./errors.ts";
import { ownedBytes } from "./owned-bytes.ts";
import { QueryFilterMatcher } from "./query-filter.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime, QueryEvent } from "./serf-event.ts";
import { decodeTags } from "./wire/tag-codec.ts";
import { QueryFlag, QueryResponseFlag, type QueryMessage } from "./wire/message.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

/** How often one question is answered again. */
export const REPEAT_LIMIT = 3;

/** How the reference begins to say no to any answer. Source: RPC specification §5.1, respond. */
const REFUSAL = "failed to respond to key query:";

const NO_PAYLOAD = new Uint8Array(0);

/** What was told an asker, as long as it may ask again. */
interface RecentAnswer {
  readonly asker: Asker;
  readonly deadlineMs: number;
  ack: Uint8Array | undefined;
  answer: Uint8Array | undefined;
  repeatsLeft: number;
}

/** A question that reached this member and passed its filters. */
export class DeliveredQuery {
  readonly message: QueryMessage;
  readonly deadlineMs: number;
  readonly #answer: (encoded: Uint8Array, nowMs: number) => void;
  readonly #limits: { readonly from: string; readonly responseSizeLimit: number };
  #isAnswered = false;

  constructor(
    message: QueryMessage,
    deadlineMs: number,
    limits: { readonly from: string; readonly responseSizeLimit: number },
    answer: (encoded: Uint8Array, nowMs: number) => void,
  ) {
    this.message = message;
    this.deadlineMs = deadlineMs;
    this.#limits = limits;
    this.#answer = answer;
  }

  get payload(): Uint8Array {
    return this.message.payload ?? NO_PAYLOAD;
  }

  /** @throws {SerfError} `response-too-large`, `response-already-sent` or `past-deadline`. */
  answer(payload: Uint8Array, nowMs: number): void {
    const { lamportTime, id } = this.message;
    const { from } = this.#limits;
    this.answerEncoded(
      encodeSerfMessage({ kind: "query-response", lamportTime, id, from, flags: 0, payload }),
      nowMs,
    );
  }

  /** As above, with a whole response, type byte first. */
  answerEncoded(encoded: Uint8Array, nowMs: number): void {
    const { responseSizeLimit } = this.#limits;
    if (encoded.length > responseSizeLimit) {
      throw new SerfError(
        "response-too-large",
        `${REFUSAL} response exceeds limit of ${responseSizeLimit} bytes`,
      );
    }
    if (this.#isAnswered) {
      throw new SerfError("response-already-sent", `${REFUSAL} response already sent`);
    }
    if (nowMs > this.deadlineMs) {
      throw new SerfError("past-deadline", `${REFUSAL} response is past the deadline`);
    }
    this.#isAnswered = true;
    this.#answer(encoded, nowMs);
  }
}

/** Takes a question that is meant for this member. */
export type QueryReceiver = (query: DeliveredQuery, nowMs: number) => void;

/** Judges arriving questions, acks them, and hands them on to be answered. */
export class QueryResponder {
  readonly #context: SerfContext;
  readonly #courier: AnswerCourier;
  readonly #receiver: QueryReceiver;
  readonly #window: DedupWindow<number>;
  readonly #matcher = new QueryFilterMatcher();
  /** Oldest first. */
  readonly #recent = new Map<string, RecentAnswer>();

  constructor(context: SerfContext, courier: AnswerCourier, receiver: QueryReceiver) {
    this.#context = context;
    this.#courier = courier;
    this.#receiver = receiver;
    this.#window = createQueryWindow({
      slotCount: context.options.queryBufferSlots,
      weightLimit: context.options.queryBufferLimit,
    });
  }

  /** Questions of earlier times are not answered. */
  raiseMinimumTime(time: LamportTime): void {
    this.#window.raiseMinimumTime(time);
  }

  /** @param encoded - the message as received; passed on unchanged, so that unknown fields survive. */
  handle(message: QueryMessage, encoded: Uint8Array, nowMs: number): void {
    const { clocks, queues } = this.#context;
    const { lamportTime, id, flags } = message;
    if (clocks.query.witness(lamportTime) === "refused") {
      return this.#reject("clock-jump", `a query claims Lamport time ${lamportTime}`);
    }
    const verdict = this.#window.admit(lamportTime, id, clocks.query.time);
    const isGossip = (flags & QueryFlag.noBroadcast) === 0;
    if (verdict === "duplicate" && !isGossip) return this.#repeat(message, nowMs);
    if (verdict === "full") {
      return this.#reject("window-full", `too many queries claim Lamport time ${lamportTime}`);
    }
    const key = keyOf(message);
    if (verdict === "duplicate") queues.overhear("query", key);
    if (verdict !== "new") return;
    if (isGossip) queues.tellQuery(ownedBytes(encoded), key);
    if (!this.#isMeant(message)) return;
    this.#accept(message, nowMs);
  }

  /** What a user is handed. */
  eventOf(query: DeliveredQuery, nowMs: number): QueryEvent {
    const { message, deadlineMs, payload } = query;
    const { environment } = this.#context;
    const context = this.#context;
    return {
      kind: "query",
      lamportTime: message.lamportTime,
      id: message.id,
      name: message.name,
      payload,
      sourceNode: message.sourceNode,
      timeoutMs: deadlineMs - nowMs,
      respond(answer: Uint8Array): void {
        const copy = answer.slice();
        if (environment.enter === undefined) query.answer(copy, context.nowMs);
        else environment.enter((atMs) => query.answer(copy, atMs));
      },
    };
  }

  #accept(received: QueryMessage, nowMs: number): void {
    const asker = askerOf(received);
    const payload = received.payload === undefined ? undefined : ownedBytes(received.payload);
    const message: QueryMessage = { ...received, payload, filters: undefined };
    const deadlineMs = nowMs + Number(message.timeoutNs) / 1_000_000;
    const { options, name } = this.#context;
    const kept = asker === undefined ? undefined : this.#keep(message, asker, deadlineMs, nowMs);
    if ((message.flags & QueryFlag.ack) !== 0 && kept !== undefined) {
      const { lamportTime, id, relayFactor } = message;
      const flags = QueryResponseFlag.ack;
      kept.ack = encodeSerfMessage({
        kind: "query-response",
        lamportTime,
        id,
        from: name,
        flags,
        payload: undefined,
      });
      this.#courier.send(kept.asker, kept.ack, relayFactor, nowMs);
    }
    const query = new DeliveredQuery(
      message,
      deadlineMs,
      { from: name, responseSizeLimit: options.queryResponseSizeLimit },
      (encoded, atMs) => {
        if (kept === undefined) return this.#reportUnreachable(message);
        kept.answer = encoded;
        this.#courier.send(kept.asker, encoded, message.relayFactor, atMs);
      },
    );
    this.#receiver(query, nowMs);
  }

  /** Tags are read from what SWIM announces, so a filter sees a change at once. */
  #isMeant(message: QueryMessage): boolean {
    if (message.filters === undefined) return true;
    const { name, registry, options } = this.#context;
    const tags = registry.find(name)?.picture.tags ?? decodeTags(options.swim.meta);
    return this.#matcher.matches(message.filters, name, tags);
  }

  #keep(message: QueryMessage, asker: Asker, deadlineMs: number, nowMs: number): RecentAnswer {
    const kept: RecentAnswer = {
      asker,
      deadlineMs,
      ack: undefined,
      answer: undefined,
      repeatsLeft: REPEAT_LIMIT,
    };
    const { recentAnswerLimit } = this.#context.options;
    for (const [key, { deadlineMs: endMs }] of this.#recent) {
      if (this.#recent.size < recentAnswerLimit && endMs >= nowMs) break;
      this.#recent.delete(key);
    }
    if (recentAnswerLimit > 0) this.#recent.set(keyOf(message), kept);
    return kept;
  }

  #repeat(message: QueryMessage, nowMs: number): void {
    const kept = this.#recent.get(keyOf(message));
    if (kept === undefined || nowMs > kept.deadlineMs || kept.repeatsLeft === 0) return;
    if (kept.ack === undefined && kept.answer === undefined) return;
    kept.repeatsLeft -= 1;
    // To the asker of the first copy, whatever this one claims.
    if (kept.ack !== undefined) this.#courier.sendAgain(kept.asker, kept.ack, nowMs);
    if (kept.answer !== undefined) this.#courier.sendAgain(kept.asker, kept.answer, nowMs);
    this.#context.report({ kind: "answer-repeated", id: message.id });
  }

  #reportUnreachable(message: QueryMessage): void {
    this.#context.report({
      kind: "answer-failed",
      query: message.name,
      asker: undefined,
      message: "the query names no address to answer to",
    });
  }

  #reject(code: "clock-jump" | "window-full", message: string): void {
    this.#context.report({ kind: "message-rejected", code, message });
  }
}

function keyOf(message: QueryMessage): string {
  return `${message.lamportTime}:${message.id}`;
}
