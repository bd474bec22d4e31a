/**
 * One client's view of the agent's events.
 *
 * Events are shared: a stream that lags holds references, and the body of a record is encoded
 * once however many streams send it.
 *
 * Source: RPC specification §6 and §10.
 */
import { memberEventRecord, queryEventRecord, userEventRecord } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import { RecordQueue } from "./record-queue.ts";
import type { OfferOutcome } from "./record-queue.ts";
import type { RecordSource } from "./record-source.ts";
import type { PendingQueries } from "./pending-queries.ts";
import type { AgentEvent } from "./rpc-backend.ts";
import { toWireMember, toWirePayload } from "./wire-records.ts";

/** An event on its way to any number of streams. */
export class PublishedEvent {
  readonly event: AgentEvent;
  /** When the agent delivered it: the time a query may be answered in counts from here. */
  readonly publishedAtMs: number;
  #sharedBody: Uint8Array | undefined;

  constructor(event: AgentEvent, publishedAtMs: number) {
    this.event = event;
    this.publishedAtMs = publishedAtMs;
  }

  /** The body of the record. Queries alone differ between streams: by the ID to answer with. */
  encode(pendingQueries: PendingQueries, nowMs: number): Uint8Array {
    const { event } = this;
    if (event.kind !== "query") return (this.#sharedBody ??= encodeSharedBody(event));
    return encodeValue(queryEventRecord, {
      Event: "query",
      ID: pendingQueries.register(event, this.publishedAtMs + event.timeoutMs, nowMs),
      LTime: event.lamportTime,
      Name: event.name,
      Payload: toWirePayload(event.payload),
    });
  }
}

function encodeSharedBody(event: Exclude<AgentEvent, { kind: "query" }>): Uint8Array {
  if (event.kind === "user") {
    return encodeValue(userEventRecord, {
      Event: "user",
      LTime: event.lamportTime,
      Name: event.name,
      Payload: toWirePayload(event.payload),
      Coalesce: event.coalesce,
    });
  }
  return encodeValue(memberEventRecord, {
    Event: event.kind,
    Members: event.members.map(toWireMember),
  });
}

export class EventStream implements RecordSource {
  readonly seq: bigint;
  readonly hasEnded = false;
  readonly #matches: (event: AgentEvent) => boolean;
  readonly #pendingQueries: PendingQueries;
  readonly #queue: RecordQueue<PublishedEvent>;

  constructor(options: {
    readonly seq: bigint;
    readonly matches: (event: AgentEvent) => boolean;
    readonly pendingQueries: PendingQueries;
    readonly recordLimit: number;
  }) {
    this.seq = options.seq;
    this.#matches = options.matches;
    this.#pendingQueries = options.pendingQueries;
    this.#queue = new RecordQueue(options.recordLimit);
  }

  /** @returns what became of the event; one the filter refuses counts as `queued`. */
  offer(published: PublishedEvent): OfferOutcome {
    return this.#matches(published.event) ? this.#queue.offer(published) : "queued";
  }

  takeRecord(nowMs: number): Uint8Array | undefined {
    return this.#queue.take()?.encode(this.#pendingQueries, nowMs);
  }
}
