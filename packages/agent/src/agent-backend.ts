/**
 * What the RPC server asks of an agent, done by its member of the cluster.
 *
 * Source: RPC specification §5.1 (rules and texts), agent specification §4 (log lines).
 */
import { SerfError, type QueryEvent, type SerfEvent, type Tags } from "@x/serf";
import type { KeyOutcome, RunningQuery, RunningSerf } from "@x/serf/node";
import type { Coordinate } from "@x/vivaldi";
import { AgentError } from "./agent-error.ts";
import { agentStats } from "./agent-stats.ts";
import { goQuote } from "./config/flag-syntax.ts";
import type { HandlerSpec } from "./handler/handler-spec.ts";
import type { AgentLog } from "./log/agent-log.ts";
import type { LogLevel } from "./log/log-level.ts";
import type { LogComponent } from "./log/log-line.ts";
import type {
  BackendKeys,
  BackendQuery,
  BackendStats,
  RpcBackend,
  Unsubscribe,
} from "./rpc/server/rpc-backend.ts";
import type { EventFanout } from "./event-fanout.ts";
import type { Metrics } from "./telemetry/metrics.ts";

const internalPrefix = "_serf_";
const pingQuery = "_serf_ping";
const decoder = new TextDecoder();

/** What the backend works with; all of it belongs to the agent. */
export interface AgentBackendParts {
  readonly serf: RunningSerf;
  readonly log: AgentLog;
  readonly metrics: Metrics;
  readonly events: EventFanout;
  readonly handlers: () => readonly HandlerSpec[];
  /** Makes tag changes survive a restart; throws the reference's text. */
  readonly persistTags: (tags: Tags) => void;
  readonly leave: () => Promise<void>;
  readonly shutdown: () => void;
}

/** Errors it throws carry the text a client is to read. */
export class AgentBackend implements RpcBackend {
  readonly keys: BackendKeys;
  readonly #parts: AgentBackendParts;

  constructor(parts: AgentBackendParts) {
    this.#parts = parts;
    const { serf } = parts;
    const say = (what: string): void => this.#log("INFO", `Initiating ${what}`);
    this.keys = {
      install: (key) => keyCall(say, "key installation", () => serf.keys.install(key)),
      use: (key) => keyCall(say, "primary key change", () => serf.keys.use(key)),
      remove: (key) => keyCall(say, "key removal", () => serf.keys.remove(key)),
      list: () => keyCall(say, "key listing", () => serf.keys.list()),
    };
  }

  get memberRevision(): number {
    return this.#parts.serf.memberRevision;
  }

  members(): RunningSerf["members"] {
    return this.#parts.serf.members;
  }

  async join(
    addresses: readonly string[],
    options: { readonly ignoreOldEvents: boolean },
  ): Promise<number> {
    const replay = !options.ignoreOldEvents;
    this.#log("INFO", `joining: [${addresses.join(" ")}] replay: ${replay}`);
    if (addresses.length === 0) return 0;
    try {
      const count = await this.#parts.serf.join(addresses, options);
      this.#log("INFO", `joined: ${count} nodes`);
      return count;
    } catch (error) {
      const failure = joinFailure(error);
      this.#log("WARN", `error joining: ${failure.message}`);
      throw failure;
    }
  }

  async leave(): Promise<void> {
    this.#log("INFO", "Graceful leave triggered", "agent.ipc");
    try {
      await this.#parts.leave();
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      const text =
        error.code === "leave-in-progress"
          ? "Leave already in progress"
          : "Leave called after Shutdown";
      throw new AgentError("refused", text, { cause: error });
    }
  }

  async forceLeave(name: string, options: { readonly prune: boolean }): Promise<void> {
    const suffix = options.prune ? " (prune)" : "";
    this.#log("INFO", `Force leaving node${suffix}: ${name}`);
    try {
      await this.#parts.serf.forceLeave(name, options);
    } catch (error) {
      const text =
        error instanceof SerfError && error.code === "broadcast-timeout"
          ? "timed out broadcasting node removal"
          : (error as Error).message;
      this.#log("WARN", `failed to remove node${suffix}: ${text}`);
      throw new AgentError("refused", text, { cause: error });
    }
  }

  userEvent(name: string, payload: Uint8Array, options: { readonly coalesce: boolean }): void {
    this.#log("DEBUG", () => {
      const shown = goQuote(decoder.decode(payload));
      return `Requesting user event send: ${name}. Coalesced: ${options.coalesce}. Payload: ${shown}`;
    });
    try {
      this.#parts.serf.userEvent(name, payload, options);
    } catch (error) {
      this.#log("WARN", `failed to send user event: ${(error as Error).message}`);
      throw error;
    }
  }

  query(query: BackendQuery): RunningQuery {
    const { name, payload, endEarly } = query;
    this.#log(
      "DEBUG",
      `Requesting query send: ${name}. Payload: ${goQuote(decoder.decode(payload ?? new Uint8Array()))}`,
    );
    if (name.startsWith(internalPrefix) && !(name === pingQuery && payload === undefined)) {
      throw new AgentError("refused", `Queries cannot contain the '${internalPrefix}' prefix`);
    }
    try {
      return this.#parts.serf.query(name, payload, {
        filterNodes: query.filterNodes,
        filterTags: query.filterTags,
        ack: query.ack,
        relayFactor: query.relayFactor,
        timeoutMs: query.timeoutMs,
        endEarly,
      });
    } catch (error) {
      const text =
        error instanceof SerfError && error.code === "query-unsupported"
          ? "Feature not supported"
          : (error as Error).message;
      this.#log("WARN", `failed to start user query: ${text}`);
      throw new AgentError("refused", text, { cause: error });
    }
  }

  respond(event: QueryEvent, payload: Uint8Array): void {
    event.respond(payload);
  }

  async updateTags(change: {
    readonly set: Tags;
    readonly deleted: readonly string[];
  }): Promise<void> {
    const tags = new Map(Object.entries(this.#parts.serf.localMember.tags));
    for (const name of change.deleted) tags.delete(name);
    for (const [name, value] of Object.entries(change.set)) tags.set(name, value);
    await this.setTags(Object.fromEntries(tags));
  }

  /** Replaces all tags, the file first. @throws {AgentError} `refused`, with the reference's text. */
  async setTags(tags: Tags): Promise<void> {
    const { serf } = this.#parts;
    const previous = serf.localMember.tags;
    this.#persistTags(tags);
    try {
      await serf.setTags(tags);
    } catch (error) {
      if (error instanceof SerfError && error.code === "broadcast-timeout") {
        throw new AgentError("refused", "timeout waiting for update broadcast", { cause: error });
      }
      // Deviation: the reference leaves refused tags in the file, and then cannot start from it.
      this.#persistTags(previous);
      throw new AgentError("refused", (error as Error).message, { cause: error });
    }
  }

  #persistTags(tags: Tags): void {
    try {
      this.#parts.persistTags(tags);
    } catch (error) {
      this.#log("ERR", (error as Error).message);
      throw error;
    }
  }

  stats(): BackendStats {
    return agentStats(this.#parts.serf, this.#parts.handlers());
  }

  coordinate(name: string): Coordinate | undefined {
    return this.#parts.serf.coordinate(name);
  }

  subscribeEvents(handler: (event: SerfEvent) => void): Unsubscribe {
    return this.#parts.events.subscribe(handler);
  }

  subscribeLog(handler: (entry: { readonly line: string }) => void): Unsubscribe {
    return this.#parts.log.ring.subscribe(handler);
  }

  recentLogLines(): readonly string[] {
    return this.#parts.log.ring.entries().map((entry) => entry.line);
  }

  log(level: LogLevel, text: string): void {
    const prefix = "agent.ipc: ";
    if (text.startsWith(prefix)) this.#log(level, text.slice(prefix.length), "agent.ipc");
    else this.#log(level, text);
  }

  count(metric: "agent.ipc.accept" | "agent.ipc.command"): void {
    this.#parts.metrics.count([metric]);
  }

  shutdown(): void {
    this.#parts.shutdown();
  }

  #log(level: LogLevel, text: string | (() => string), component: LogComponent = "agent"): void {
    this.#parts.log.log(level, component, text);
  }
}

async function keyCall(
  say: (what: string) => void,
  what: string,
  call: () => Promise<KeyOutcome>,
): Promise<KeyOutcome> {
  say(what);
  return call();
}

/** All failures of a join in the form the reference lists several errors in. */
export function joinFailure(error: unknown): AgentError {
  if (!(error instanceof SerfError)) {
    return new AgentError("join-failed", (error as Error).message, { cause: error });
  }
  if (error.code === "not-alive") {
    const text = "Serf can't Join after Leave or Shutdown";
    return new AgentError("join-failed", text, { cause: error });
  }
  const { failures } = error;
  const head = failures.length === 1 ? "1 error occurred:" : `${failures.length} errors occurred:`;
  const lines = failures.map((failure) => `\n\t* ${failure}`).join("");
  return new AgentError("join-failed", `${head}${lines}\n\n`, { cause: error });
}
