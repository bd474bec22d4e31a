/**
 * Opens what arrives as a user message of SWIM and hands it to the room it is for.
 *
 * Source: Serf specification §3, §8.2.
 */
import { WireError } from "@x/swim/wire";
import type { AnswerCourier } from "./answer-courier.ts";
import type { Membership } from "./membership.ts";
import { ownedBytes } from "./owned-bytes.ts";
import type { QueryResponder } from "./query-responder.ts";
import type { Queries } from "./query.ts";
import type { SerfContext } from "./serf-context.ts";
import type { ReceivedKind } from "./serf-report.ts";
import type { UserEvents } from "./user-event.ts";
import { SerfMessageType } from "./wire/message.ts";
import { decodeArrivingMessage, type ArrivingMessage } from "./wire/message-codec.ts";

/**
 * Longest message taken, in bytes, that is no answer: no datagram holds more. Gossip is spread by
 * datagrams alone, so what a stream brings beyond could never be told on, and is made to hurt.
 */
const GOSSIP_BYTES_LIMIT = 65_536;

/** Where each kind of message is handled. */
export interface IntakeRooms {
  readonly membership: Membership;
  readonly userEvents: UserEvents;
  readonly responder: QueryResponder;
  readonly queries: Queries;
  readonly courier: AnswerCourier;
}

/** The only door for user messages; bad ones are reported here and go no further. */
export class MessageIntake {
  readonly #context: SerfContext;
  readonly #rooms: IntakeRooms;

  constructor(context: SerfContext, rooms: IntakeRooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** Never throws because of what the bytes hold. */
  handle(bytes: Uint8Array, nowMs: number): void {
    if (bytes.length === 0) return;
    let message: ArrivingMessage;
    try {
      if (bytes.length > GOSSIP_BYTES_LIMIT && bytes[0] !== SerfMessageType.queryResponse) {
        throw new WireError("too-large", `a message of ${bytes.length} bytes fits no datagram`);
      }
      message = decodeArrivingMessage(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#context.report({
        kind: "message-rejected",
        code: error.code,
        message: error.message,
      });
      return;
    }
    this.#dispatch(message, bytes, nowMs);
  }

  #dispatch(message: ArrivingMessage, bytes: Uint8Array, nowMs: number): void {
    const { membership, userEvents, responder, queries, courier } = this.#rooms;
    const { queues } = this.#context;
    switch (message.kind) {
      case "leave":
        this.#note("leave", message.node);
        if (membership.handleLeaveIntent(message, nowMs)) {
          queues.tellIntent(message, ownedBytes(bytes));
        }
        return;
      case "join":
        this.#note("join", message.node);
        if (membership.handleJoinIntent(message, nowMs)) {
          queues.tellJoin(message, ownedBytes(bytes));
        }
        return;
      case "user-event":
        this.#note("user-event", message.name);
        return userEvents.handle(message, bytes, nowMs);
      case "query":
        this.#note("query", message.name);
        return responder.handle(message, bytes, nowMs);
      case "query-response":
        this.#note("query-response", message.from);
        return queries.handleResponse(message, nowMs);
      case "relay":
        this.#note("relay", message.node);
        return courier.passOn(message, nowMs);
    }
  }

  #note(messageKind: ReceivedKind, subject: string): void {
    this.#context.report({ kind: "message-received", messageKind, subject });
  }
}
