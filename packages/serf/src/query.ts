/**
 * Asking the cluster a question, and collecting what comes back.
 *
 * Beyond the reference, without a change on the wire: a query knows whom it expects to answer,
 * ends as soon as all have, says who is missing, and asks those again, directly, when part of the
 * time is over. A member that saw the query before drops the copy (same time, same number), or
 * sends the answer again that was lost (`query-responder.ts`).
 *
 * Deviation: answers are found by time *and* number; in the reference two queries of one time
 * overwrite each other.
 *
 * Source: Serf specification §10.1, §10.5; its weaknesses 16 to 18.
 */
import { retransmitLimit } from "@x/gossip-broadcast";
import { SerfError } from "./errors.ts";
import type { RegistryEntry } from "./member-registry.ts";
import type { Tags } from "./member.ts";
import { ownedBytes } from "./owned-bytes.ts";
import { QueryFilterMatcher } from "./query-filter.ts";
import type { SerfContext } from "./serf-context.ts";
import type { LamportTime } from "./serf-event.ts";
import type { SerfReport } from "./serf-report.ts";
import type { Timer } from "./timer-queue.ts";
import { encodeFilters } from "./wire/filter-codec.ts";
import {
  QueryFlag,
  QueryResponseFlag,
  type QueryMessage,
  type QueryResponseMessage,
} from "./wire/message.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

/** From this version on a member may ask. Source: Serf specification §16 rule 3. */
const QUERY_PROTOCOL_MIN = 4;

/** The one query that nobody answers: its acks are the answers. */
const PING_QUERY = "_serf_ping";

/** Members do not answer it about themselves. */
const CONFLICT_QUERY = "_serf_conflict";

/** How a question is asked. */
export interface QueryParameters {
  readonly filterNodes?: readonly string[];
  /** Tag name → RE2 expression. */
  readonly filterTags?: Tags;
  /** 0 or absent: the default of the cluster's size. */
  readonly timeoutMs?: number;
  readonly relayFactor?: number;
  readonly ack?: boolean;
  /** Default true. */
  readonly endEarly?: boolean;
}

/** Why no more answers come. */
export type QueryEnd = "deadline" | "all-answered" | "closed" | "shut-down";

/** Hears the answers, called from inside the core: must not throw. */
export interface QueryListener {
  handleAck?(from: string): void;
  handleResponse?(from: string, payload: Uint8Array): void;
  handleEnd?(reason: QueryEnd): void;
}

/** A question under way. */
export interface QueryHandle {
  readonly id: number;
  readonly lamportTime: LamportTime;
  readonly deadlineMs: number;
  /** Alive members that pass the filters, as far as known when asked. */
  readonly expected: readonly string[];
  /** Expected members that have not acked, or, where no acks are wanted, not answered. */
  missing(): readonly string[];
  /** Ends it; answers that come later are dropped. */
  close(): void;
}

/** The place where the local member handles its own questions as everybody else's. */
export type LocalDelivery = (message: QueryMessage, encoded: Uint8Array, nowMs: number) => void;

interface OutstandingQuery {
  readonly message: QueryMessage;
  readonly deadlineMs: number;
  readonly expected: ReadonlySet<string>;
  readonly acked: Set<string>;
  readonly answered: Set<string>;
  /** Bytes of answers and their senders' names that were taken. */
  answerBytes: number;
  readonly listener: QueryListener;
  readonly endsEarly: boolean;
  readonly timers: Timer[];
}

/** Answers accepted beyond two for each known member: some members may not be known yet. */
const UNKNOWN_ANSWER_ALLOWANCE = 32;

/** The field is a signed 64-bit one. Source: Serf specification §3.5. */
const LONGEST_TIMEOUT_NS = 2n ** 63n - 1n;

const NO_PAYLOAD = new Uint8Array(0);

/** The questions of this member that still wait for answers. */
export class Queries {
  readonly #context: SerfContext;
  readonly #deliverLocally: LocalDelivery;
  readonly #matcher = new QueryFilterMatcher();
  readonly #outstanding = new Map<string, OutstandingQuery>();

  constructor(context: SerfContext, deliverLocally: LocalDelivery) {
    this.#context = context;
    this.#deliverLocally = deliverLocally;
  }

  /** Questions waiting for answers. */
  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  /** Grows with the logarithm of the cluster. Source: Serf specification §10.1. */
  defaultTimeoutMs(): number {
    const { options, swim } = this.#context;
    const rounds = retransmitLimit(options.queryTimeoutMultiplier, swim.memberCount);
    return options.swim.gossipIntervalMs * rounds;
  }

  /**
   * @throws {SerfError} `query-unsupported`, `query-too-large` with the reference's text,
   *   `query-limit`, or `not-alive` after shutdown.
   * @throws {RangeError} if a parameter is out of its bounds.
   */
  ask(
    name: string,
    payload: Uint8Array | undefined,
    parameters: QueryParameters,
    listener: QueryListener,
    nowMs: number,
  ): QueryHandle {
    const { options, queues, state } = this.#context;
    if (state === "shutdown") {
      throw new SerfError("not-alive", "query after shutdown: start a new member");
    }
    if (options.protocolVersion < QUERY_PROTOCOL_MIN) {
      throw new SerfError("query-unsupported", "Feature not supported");
    }
    if (this.#outstanding.size >= options.outstandingQueryLimit) {
      throw new SerfError(
        "query-limit",
        `${this.#outstanding.size} queries are waiting for answers: wait or raise outstandingQueryLimit`,
      );
    }
    const message = this.#message(name, payload, parameters);
    const encoded = encodeSerfMessage(message);
    if (encoded.length > options.querySizeLimit) {
      throw tooLarge(`query exceeds limit of ${options.querySizeLimit} bytes`);
    }
    // Deviation: the reference accepts what no packet can carry, and never sends it.
    if (encoded.length > queues.payloadBytesLimit) {
      throw tooLarge(
        `query of ${encoded.length} bytes does not fit into a packet: at most ${queues.payloadBytesLimit} bytes do`,
      );
    }
    const query = this.#register(message, parameters, listener, nowMs);
    this.#deliverLocally(message, encoded, nowMs);
    return this.#handle(query);
  }

  /** An ack or an answer arrived. */
  handleResponse(message: QueryResponseMessage, nowMs: number): void {
    const query = this.#outstanding.get(keyOf(message));
    if (query === undefined) return this.#drop(message, "unknown-query");
    // The timer may be late.
    if (nowMs > query.deadlineMs) return this.#end(query, "deadline");
    const isAck = (message.flags & QueryResponseFlag.ack) !== 0;
    if (isAck && (query.message.flags & QueryFlag.ack) === 0) {
      return this.#drop(message, "ack-unwanted");
    }
    const seen = isAck ? query.acked : query.answered;
    if (seen.has(message.from)) {
      return this.#drop(message, isAck ? "duplicate-ack" : "duplicate-response");
    }
    if (seen.size >= 2 * this.#context.registry.size + UNKNOWN_ANSWER_ALLOWANCE) {
      return this.#drop(message, "limit-reached");
    }
    const answerBytes = query.answerBytes + message.from.length + (message.payload?.length ?? 0);
    if (answerBytes > this.#context.options.answerBytesLimit) {
      return this.#drop(message, "limit-reached");
    }
    query.answerBytes = answerBytes;
    seen.add(message.from);
    if (isAck) query.listener.handleAck?.(message.from);
    else {
      const payload = message.payload === undefined ? NO_PAYLOAD : ownedBytes(message.payload);
      query.listener.handleResponse?.(message.from, payload);
    }
    if (query.endsEarly && isComplete(query)) this.#end(query, "all-answered");
  }

  /** On shutdown: nobody answers any more. */
  endAll(): void {
    for (const query of this.#outstanding.values()) this.#end(query, "shut-down");
  }

  #message(
    name: string,
    payload: Uint8Array | undefined,
    parameters: QueryParameters,
  ): QueryMessage {
    const { relayFactor = 0, filterNodes, filterTags } = parameters;
    const timeoutMs = parameters.timeoutMs || this.defaultTimeoutMs();
    if (!(timeoutMs > 0 && timeoutMs <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`timeoutMs is ${timeoutMs}: choose a positive number of milliseconds`);
    }
    checkRelayFactor(relayFactor);
    const { swim, clocks } = this.#context;
    const { addressBytes, endpoint } = swim.localMember;
    return {
      kind: "query",
      lamportTime: clocks.query.time,
      id: Math.floor(this.#context.random() * 0x8000_0000),
      address: addressBytes,
      port: endpoint.port,
      sourceNode: this.#context.name,
      filters: encodeFilters({
        ...(filterNodes === undefined ? {} : { nodes: filterNodes }),
        ...(filterTags === undefined ? {} : { tags: filterTags }),
      }),
      flags: parameters.ack === true ? QueryFlag.ack : 0,
      relayFactor,
      timeoutNs: nanoseconds(timeoutMs),
      name,
      payload: payload?.slice(),
    };
  }

  #register(
    message: QueryMessage,
    parameters: QueryParameters,
    listener: QueryListener,
    nowMs: number,
  ): OutstandingQuery {
    const { timers, options } = this.#context;
    const timeoutMs = Number(message.timeoutNs) / 1_000_000;
    const query: OutstandingQuery = {
      message,
      deadlineMs: nowMs + timeoutMs,
      expected: this.#expected(message.name, parameters),
      acked: new Set(),
      answered: new Set(),
      answerBytes: 0,
      listener,
      endsEarly: parameters.endEarly !== false,
      timers: [],
    };
    query.timers.push(timers.schedule(query.deadlineMs, () => this.#end(query, "deadline")));
    if (options.reaskMemberLimit > 0) {
      for (const part of options.reaskAt) {
        const reask = (atMs: number): void => this.#reask(query, atMs);
        query.timers.push(timers.schedule(nowMs + part * timeoutMs, reask));
      }
    }
    this.#outstanding.set(keyOf(message), query);
    return query;
  }

  #expected(queryName: string, parameters: QueryParameters): ReadonlySet<string> {
    const { registry, name: self } = this.#context;
    const { filterNodes, filterTags } = parameters;
    const filters = filterTags === undefined ? undefined : encodeFilters({ tags: filterTags });
    // A filter that names members makes the walk over all of them needless.
    const candidates =
      filterNodes === undefined || filterNodes.length === 0
        ? registry.entries()
        : filterNodes.map((name) => registry.find(name));
    const expected = new Set<string>();
    for (const entry of candidates) {
      if (entry?.status !== "alive" && entry?.status !== "leaving") continue;
      // Nobody disputes his own name.
      if (queryName === CONFLICT_QUERY && entry.name === self) continue;
      if (filters === undefined || this.#matcher.matches(filters, entry.name, entry.picture.tags)) {
        expected.add(entry.name);
      }
    }
    return expected;
  }

  /** Sends the question once more, straight to members that owe an ack or an answer. */
  #reask(query: OutstandingQuery, nowMs: number): void {
    const { swim, options, name, registry } = this.#context;
    if (isProbablyUnhandled(query)) return;
    const silent: RegistryEntry[] = [];
    for (const candidate of query.expected) {
      if (silent.length >= options.reaskMemberLimit) break;
      if (candidate === name || hasDone(query, candidate)) continue;
      const entry = registry.find(candidate);
      if (entry?.status === "alive") silent.push(entry);
    }
    if (silent.length === 0) return;
    const { message } = query;
    const copy = encodeSerfMessage({ ...message, flags: message.flags | QueryFlag.noBroadcast });
    for (const { name: target, swimMember } of silent) {
      swim.sendBestEffort({ name: target, endpoint: swimMember.endpoint }, copy, nowMs);
    }
    this.#context.report({
      kind: "query-reasked",
      name: message.name,
      memberCount: silent.length,
    });
  }

  #handle(query: OutstandingQuery): QueryHandle {
    return {
      id: query.message.id,
      lamportTime: query.message.lamportTime,
      deadlineMs: query.deadlineMs,
      expected: [...query.expected],
      missing: () => {
        const seen = wantsAcks(query) ? query.acked : query.answered;
        return [...query.expected].filter((name) => !seen.has(name));
      },
      close: () => this.#end(query, "closed"),
    };
  }

  #end(query: OutstandingQuery, reason: QueryEnd): void {
    const key = keyOf(query.message);
    if (this.#outstanding.get(key) !== query) return;
    this.#outstanding.delete(key);
    for (const timer of query.timers) this.#context.timers.cancel(timer);
    query.listener.handleEnd?.(reason);
  }

  #drop(
    message: QueryResponseMessage,
    reason: Extract<SerfReport, { kind: "response-dropped" }>["reason"],
  ): void {
    const { from, lamportTime } = message;
    this.#context.report({ kind: "response-dropped", from, lamportTime, reason });
  }
}

/** To the microsecond, and no longer than its field can say: 292 years. */
function nanoseconds(timeoutMs: number): bigint {
  const wanted = BigInt(Math.round(timeoutMs * 1_000)) * 1_000n;
  return wanted < LONGEST_TIMEOUT_NS ? wanted : LONGEST_TIMEOUT_NS;
}

/** @throws {RangeError} unless it fits the byte it travels in. */
export function checkRelayFactor(relayFactor: number): void {
  if (Number.isInteger(relayFactor) && relayFactor >= 0 && relayFactor <= 255) return;
  throw new RangeError(`relayFactor is ${relayFactor}: choose a whole number from 0 to 255`);
}

function keyOf(message: { readonly lamportTime: LamportTime; readonly id: number }): string {
  return `${message.lamportTime}:${message.id}`;
}

function wantsAcks(query: OutstandingQuery): boolean {
  return (query.message.flags & QueryFlag.ack) !== 0;
}

/** Whether a member owes nothing any more. */
function hasDone(query: OutstandingQuery, name: string): boolean {
  if (wantsAcks(query) && !query.acked.has(name)) return false;
  return query.message.name === PING_QUERY || query.answered.has(name);
}

/**
 * Without acks nobody can tell a lost answer from a member that has none to give. Where most of many
 * members are silent they have no handler, and asking them all again would double the traffic.
 */
function isProbablyUnhandled(query: OutstandingQuery): boolean {
  const { expected, answered } = query;
  return !wantsAcks(query) && expected.size > 8 && answered.size * 2 < expected.size;
}

/** An empty expectation is never complete: whoever passes the filters is not known here. */
function isComplete(query: OutstandingQuery): boolean {
  const { expected, acked, answered } = query;
  if (expected.size === 0) return false;
  // Counting first keeps a large cluster from being walked at every answer.
  if (wantsAcks(query) && acked.size < expected.size) return false;
  if (query.message.name !== PING_QUERY && answered.size < expected.size) return false;
  for (const name of expected) if (!hasDone(query, name)) return false;
  return true;
}

function tooLarge(message: string): SerfError {
  return new SerfError("query-too-large", message);
}
