/**
 * What the RPC server needs of the agent behind it.
 *
 * A port: the server owns the protocol, the agent owns the meaning. Whatever a method throws or
 * rejects with, its `message` goes to the client verbatim; so the reference's texts of RPC
 * specification §5.1 are the implementer's to produce.
 */
import type { Member, MemberEvent, QueryEvent, Tags, UserEvent } from "@x/serf";
import type { KeyOutcome, RunningQuery } from "@x/serf/node";
import type { Coordinate } from "@x/vivaldi";
import type { LogLevel } from "../../log/log-level.ts";

/** An event as the agent delivers it: coalesced where it should be, internal queries left out. */
export type AgentEvent = MemberEvent | UserEvent | QueryEvent;

/** What is asked of the cluster. */
export interface BackendQuery {
  readonly name: string;
  /** Absent and empty are not the same: `_serf_ping` is allowed only without. */
  readonly payload: Uint8Array | undefined;
  readonly filterNodes: readonly string[];
  readonly filterTags: Tags;
  readonly ack: boolean;
  /** 0 to 255. */
  readonly relayFactor: number;
  /** Milliseconds; 0 is the default of the cluster's size. */
  readonly timeoutMs: number;
  /** The query may end before its deadline once all that could answer have. */
  readonly endEarly: boolean;
}

/** The four key commands, as the whole cluster carries them out. */
export interface BackendKeys {
  install(key: string): Promise<KeyOutcome>;
  use(key: string): Promise<KeyOutcome>;
  remove(key: string): Promise<KeyOutcome>;
  list(): Promise<KeyOutcome>;
}

/** Groups of named figures, all values text. Source: RPC specification §5.1, stats. */
export type BackendStats = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Ends a subscription; harmless when repeated. */
export type Unsubscribe = () => void;

export interface RpcBackend {
  readonly keys: BackendKeys;
  /** Every member of the table, failed and left ones included. */
  members(): readonly Member[];
  /** Another number than before once `members` may return something else. */
  readonly memberRevision: number;
  /** @returns the number of addresses contacted. */
  join(
    addresses: readonly string[],
    options: { readonly ignoreOldEvents: boolean },
  ): Promise<number>;
  /** The whole graceful leave. The server calls it once, however many clients ask. */
  leave(): Promise<void>;
  forceLeave(name: string, options: { readonly prune: boolean }): Promise<void>;
  /** Returns as soon as the event is queued. */
  userEvent(name: string, payload: Uint8Array, options: { readonly coalesce: boolean }): void;
  query(query: BackendQuery): RunningQuery;
  /** Answers a query this agent received, once. */
  respond(event: QueryEvent, payload: Uint8Array): void;
  /** Current tags − `deleted` + `set`: a tag in both ends up set. */
  updateTags(change: { readonly set: Tags; readonly deleted: readonly string[] }): Promise<void>;
  stats(): BackendStats;
  coordinate(name: string): Coordinate | undefined;
  /** The handler is called synchronously, in the agent's order, and never throws. */
  subscribeEvents(handler: (event: AgentEvent) => void): Unsubscribe;
  /**
   * Lines of every level, as they stand in the log, without the newline at their end. A line is
   * put together when it is first looked at: leave alone what nobody reads.
   */
  subscribeLog(handler: (entry: { readonly line: string }) => void): Unsubscribe;
  /** The last lines of every level, at most 512, oldest first. */
  recentLogLines(): readonly string[];
  /** Writes a line to the agent's log. */
  log(level: LogLevel, text: string): void;
  /** Adds one to a counter of the agent's metrics. */
  count(metric: "agent.ipc.accept" | "agent.ipc.command"): void;
  /** A client's `leave` was answered and its answer sent: the agent is to stop now. */
  shutdown(): void;
}
