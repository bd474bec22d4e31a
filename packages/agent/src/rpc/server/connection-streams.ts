/**
 * Everything a connection has subscribed to: event streams, the monitor, running queries, and the
 * received queries its client may still answer.
 *
 * Source: RPC specification §6 to §10.
 */
import type { QueryEvent } from "@x/serf";
import { isLogLevel } from "../../log/log-level.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import type { ConnectionOutbox } from "./connection-outbox.ts";
import { parseEventFilter } from "./event-filter.ts";
import { EventStream } from "./event-stream.ts";
import type { PublishedEvent } from "./event-stream.ts";
import { LogStream } from "./log-stream.ts";
import { PendingQueries } from "./pending-queries.ts";
import { QueryStream } from "./query-stream.ts";
import type { OfferOutcome } from "./record-queue.ts";

export interface ConnectionStreamsOptions {
  readonly outbox: ConnectionOutbox;
  readonly limits: ConnectionLimits;
  readonly recentLogLines: () => readonly string[];
  /** The first record of a burst did not fit. */
  readonly onDropping: (what: "event" | "logs") => void;
}

export class ConnectionStreams {
  readonly #outbox: ConnectionOutbox;
  readonly #limits: ConnectionLimits;
  readonly #recentLogLines: () => readonly string[];
  readonly #onDropping: (what: "event" | "logs") => void;
  readonly #streams = new Map<bigint, EventStream>();
  readonly #queries = new Set<QueryStream>();
  readonly #pendingQueries: PendingQueries;
  #monitor: LogStream | undefined;
  #droppedRecordCount = 0;

  constructor(options: ConnectionStreamsOptions) {
    this.#outbox = options.outbox;
    this.#limits = options.limits;
    this.#recentLogLines = options.recentLogLines;
    this.#onDropping = options.onDropping;
    this.#pendingQueries = new PendingQueries(options.limits.pendingQueryLimit);
  }

  get droppedRecordCount(): number {
    return this.#droppedRecordCount;
  }

  /** Replies, and opens the stream if it may be. */
  openStream(seq: bigint, filter: string): void {
    const matches = parseEventFilter(filter);
    if (this.#streams.has(seq)) {
      this.#outbox.addReply(seq, "Stream with given sequence exists");
    } else if (matches === undefined) {
      this.#outbox.addReply(seq, "Invalid event filter");
    } else if (this.#streams.size >= this.#limits.streamLimit) {
      this.#outbox.addReply(seq, `Too many streams: stop one of ${this.#limits.streamLimit}`);
    } else {
      const { recordLimit } = this.#limits;
      const pendingQueries = this.#pendingQueries;
      const stream = new EventStream({ seq, matches, pendingQueries, recordLimit });
      this.#outbox.addReply(seq, "");
      this.#streams.set(seq, stream);
      this.#outbox.addSource(stream);
    }
  }

  /** Replies, and opens the monitor if it may be. */
  openMonitor(seq: bigint, levelName: string): void {
    const level = levelName.toUpperCase();
    if (!isLogLevel(level)) {
      this.#outbox.addReply(seq, `Unknown log level: ${level}`);
    } else if (this.#monitor !== undefined) {
      this.#outbox.addReply(seq, "Monitor already exists");
    } else {
      const backlog = this.#recentLogLines();
      const { recordLimit } = this.#limits;
      this.#outbox.addReply(seq, "");
      this.#monitor = new LogStream({ seq, level, backlog, recordLimit });
      this.#outbox.addSource(this.#monitor);
    }
  }

  /** Ends the stream and the monitor of that number, and replies whether there is any or not. */
  stop(seq: bigint, stoppedSeq: bigint): void {
    const stream = this.#streams.get(stoppedSeq);
    if (stream !== undefined) {
      this.#streams.delete(stoppedSeq);
      this.#outbox.removeSource(stream);
    }
    if (this.#monitor?.seq === stoppedSeq) {
      this.#outbox.removeSource(this.#monitor);
      this.#monitor = undefined;
    }
    this.#outbox.addReply(seq, "");
  }

  /** @returns where the answers of a new query go; `undefined`, with a reply, at the limit. */
  prepareQuery(seq: bigint): QueryStream | undefined {
    const { queryLimit, recordLimit } = this.#limits;
    if (this.#queries.size >= queryLimit) {
      this.#outbox.addReply(seq, `Too many queries: wait until one of ${queryLimit} ends`);
      return undefined;
    }
    const stream = new QueryStream({ seq, recordLimit });
    this.#queries.add(stream);
    return stream;
  }

  openQuery(stream: QueryStream): void {
    if (this.#queries.has(stream)) this.#outbox.addSource(stream);
  }

  hasQuery(stream: QueryStream): boolean {
    return this.#queries.has(stream);
  }

  forgetQuery(stream: QueryStream): void {
    this.#queries.delete(stream);
  }

  forgetEndedQueries(): void {
    for (const query of this.#queries) {
      if (query.hasEnded) this.#queries.delete(query);
    }
  }

  findPendingQuery(id: bigint, nowMs: number): QueryEvent | undefined {
    return this.#pendingQueries.find(id, nowMs);
  }

  get hasEventStreams(): boolean {
    return this.#streams.size > 0;
  }

  get hasMonitor(): boolean {
    return this.#monitor !== undefined;
  }

  publishEvent(published: PublishedEvent): void {
    for (const stream of this.#streams.values()) {
      this.#noteDrops(stream.offer(published), "event");
    }
  }

  publishLog(line: string): void {
    if (this.#monitor !== undefined) this.#noteDrops(this.#monitor.offer(line), "logs");
  }

  close(): void {
    this.#streams.clear();
    this.#monitor = undefined;
    this.#queries.clear();
    this.#pendingQueries.clear();
    this.#outbox.removeAllSources();
  }

  #noteDrops(outcome: OfferOutcome, what: "event" | "logs"): void {
    if (outcome === "queued") return;
    this.#droppedRecordCount += 1;
    // Once per burst: the reference writes a line per record, which a monitor then drops too.
    if (outcome === "first-dropped") this.#onDropping(what);
  }
}
