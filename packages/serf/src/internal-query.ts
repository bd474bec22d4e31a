/**
 * Queries members ask each other without their users: the names that start with `_serf_`.
 *
 * Source: Serf specification §11.
 */
import { decodeName } from "@x/swim/wire";
import { askerOf } from "./answer-courier.ts";
import { SerfError } from "./errors.ts";
import type { EventChain } from "./event-chain.ts";
import type { KeyResponder } from "./key-responder.ts";
import type { RegistryEntry } from "./member-registry.ts";
import type { DeliveredQuery, QueryResponder } from "./query-responder.ts";
import type { SerfContext } from "./serf-context.ts";
import { type MemberRecord, WireStatus } from "./wire/message.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

/** No query of this prefix reaches the application. */
export const INTERNAL_QUERY_PREFIX = "_serf_";

/** Sorts delivered queries: internal ones are answered here, the others go to the user. */
export class InternalQueries {
  readonly #context: SerfContext;
  readonly #chain: EventChain;
  readonly #keys: KeyResponder;

  constructor(context: SerfContext, chain: EventChain, keys: KeyResponder) {
    this.#context = context;
    this.#chain = chain;
    this.#keys = keys;
  }

  /** Takes every delivered query: answers the internal ones, hands the others to the user. */
  receive(query: DeliveredQuery, responder: QueryResponder, nowMs: number): void {
    const { name, lamportTime } = query.message;
    if (!name.startsWith(INTERNAL_QUERY_PREFIX)) {
      this.#chain.raise(responder.eventOf(query, nowMs), nowMs);
      return;
    }
    this.#chain.recordQuery(lamportTime);
    try {
      this.#answer(query, nowMs);
    } catch (error) {
      // A stranger may ask with a deadline in the past, or for more than an answer may hold.
      if (!(error instanceof SerfError)) throw error;
      const asker = askerOf(query.message)?.endpoint;
      this.#context.report({ kind: "answer-failed", query: name, asker, message: error.message });
    }
  }

  #answer(query: DeliveredQuery, nowMs: number): void {
    const { name } = query.message;
    switch (name) {
      case "_serf_ping":
        // The ack has told everything.
        return;
      case "_serf_conflict":
        return this.#answerConflict(query, nowMs);
      case "_serf_install-key":
        return this.#keys.answer("install", query, nowMs);
      case "_serf_use-key":
        return this.#keys.answer("use", query, nowMs);
      case "_serf_remove-key":
        return this.#keys.answer("remove", query, nowMs);
      case "_serf_list-keys":
        return this.#keys.answer("list", query, nowMs);
      default:
        this.#context.report({ kind: "internal-query-unknown", name });
    }
  }

  #answerConflict(query: DeliveredQuery, nowMs: number): void {
    const disputed = decodeName(query.payload);
    // The two contenders have no vote.
    if (disputed === this.#context.name) return;
    const entry = this.#context.registry.find(disputed);
    const member = entry === undefined ? undefined : memberRecord(entry);
    query.answer(encodeSerfMessage({ kind: "conflict-response", member }), nowMs);
  }
}

function memberRecord(entry: RegistryEntry): MemberRecord {
  const { name, swimMember, status, picture } = entry;
  return {
    name,
    address: swimMember.addressBytes,
    port: swimMember.endpoint.port,
    tags: new Map(Object.entries(picture.tags)),
    status: WireStatus[status],
    ...picture.versions,
  };
}
