import type { Member, QueryEvent, Tags } from "@x/serf";
import type { KeyOutcome, QueryAnswer, RunningQuery } from "@x/serf/node";
import type { Coordinate } from "@x/vivaldi";
import type { LogLevel } from "../../src/log/log-level.ts";
import type {
  AgentEvent,
  BackendKeys,
  BackendQuery,
  BackendStats,
  RpcBackend,
  Unsubscribe,
} from "../../src/rpc/server/rpc-backend.ts";

/** What a test says an agent does when a command reaches it. */
export interface BackendScript {
  join?: (addresses: readonly string[]) => Promise<number>;
  leave?: () => Promise<void>;
  forceLeave?: (name: string) => Promise<void>;
  userEvent?: (name: string) => void;
  updateTags?: () => Promise<void>;
  query?: (query: BackendQuery) => RunningQuery;
  respond?: (event: QueryEvent, payload: Uint8Array) => void;
  keys?: (command: keyof BackendKeys, key: string) => Promise<KeyOutcome>;
  coordinate?: (name: string) => Coordinate | undefined;
  stats?: () => void;
  shutdown?: () => void;
}

/** A command that arrived at the agent. */
export type BackendCall = readonly [method: string, ...parameters: unknown[]];

/** An agent without a cluster: it does as scripted, and remembers what it was asked. */
export class ScriptedBackend implements RpcBackend {
  script: BackendScript = {};
  memberList: readonly Member[] = [];
  statsGroups: BackendStats = {};
  logRing: string[] = [];
  shutdownCount = 0;
  readonly calls: BackendCall[] = [];
  /** What the server logged, as `[LEVEL] text`. */
  readonly logged: string[] = [];
  readonly counted: string[] = [];
  readonly #eventHandlers = new Set<(event: AgentEvent) => void>();
  #memberRevision = 0;
  readonly #logHandlers = new Set<(entry: { readonly line: string }) => void>();

  readonly keys: BackendKeys = {
    install: (key) => this.#key("install", key),
    use: (key) => this.#key("use", key),
    remove: (key) => this.#key("remove", key),
    list: () => this.#key("list", ""),
  };

  emit(event: AgentEvent): void {
    for (const handler of this.#eventHandlers) handler(event);
  }

  writeLog(line: string): void {
    this.logRing = [...this.logRing, line].slice(-512);
    for (const handler of this.#logHandlers) handler({ line });
  }

  get subscriberCount(): number {
    return this.#eventHandlers.size + this.#logHandlers.size;
  }

  /** Tests replace the list as they like. */
  get memberRevision(): number {
    this.#memberRevision += 1;
    return this.#memberRevision;
  }

  members(): readonly Member[] {
    return this.memberList;
  }

  join(
    addresses: readonly string[],
    options: { readonly ignoreOldEvents: boolean },
  ): Promise<number> {
    this.calls.push(["join", addresses, options]);
    return this.script.join?.(addresses) ?? Promise.resolve(addresses.length);
  }

  leave(): Promise<void> {
    this.calls.push(["leave"]);
    return this.script.leave?.() ?? Promise.resolve();
  }

  forceLeave(name: string, options: { readonly prune: boolean }): Promise<void> {
    this.calls.push(["forceLeave", name, options]);
    return this.script.forceLeave?.(name) ?? Promise.resolve();
  }

  userEvent(name: string, payload: Uint8Array, options: { readonly coalesce: boolean }): void {
    this.calls.push(["userEvent", name, [...payload], options]);
    this.script.userEvent?.(name);
  }

  query(query: BackendQuery): RunningQuery {
    this.calls.push(["query", query]);
    return this.script.query?.(query) ?? runningQuery([]);
  }

  respond(event: QueryEvent, payload: Uint8Array): void {
    this.calls.push(["respond", event.name, [...payload]]);
    this.script.respond?.(event, payload);
  }

  updateTags(change: { readonly set: Tags; readonly deleted: readonly string[] }): Promise<void> {
    this.calls.push(["updateTags", change]);
    return this.script.updateTags?.() ?? Promise.resolve();
  }

  stats(): BackendStats {
    this.script.stats?.();
    return this.statsGroups;
  }

  coordinate(name: string): Coordinate | undefined {
    this.calls.push(["coordinate", name]);
    return this.script.coordinate?.(name);
  }

  subscribeEvents(handler: (event: AgentEvent) => void): Unsubscribe {
    this.#eventHandlers.add(handler);
    return () => this.#eventHandlers.delete(handler);
  }

  subscribeLog(handler: (entry: { readonly line: string }) => void): Unsubscribe {
    this.#logHandlers.add(handler);
    return () => this.#logHandlers.delete(handler);
  }

  recentLogLines(): readonly string[] {
    return this.logRing;
  }

  log(level: LogLevel, text: string): void {
    this.logged.push(`[${level}] ${text}`);
  }

  count(metric: string): void {
    this.counted.push(metric);
  }

  shutdown(): void {
    this.shutdownCount += 1;
    this.script.shutdown?.();
  }

  #key(command: keyof BackendKeys, key: string): Promise<KeyOutcome> {
    this.calls.push(["keys", command, key]);
    return this.script.keys?.(command, key) ?? Promise.resolve(keyOutcome());
  }
}

/** @param answers - come at once; the query is over after the last. */
export function runningQuery(
  answers: Iterable<QueryAnswer> | AsyncIterable<QueryAnswer>,
): RunningQuery & { isClosed: boolean } {
  return {
    id: 1,
    lamportTime: 1n,
    deadlineMs: 0,
    expected: [],
    isClosed: false,
    missing: () => [],
    close() {
      this.isClosed = true;
    },
    async *[Symbol.asyncIterator]() {
      yield* answers;
    },
  };
}

export function keyOutcome(change: Partial<KeyOutcome> = {}): KeyOutcome {
  return {
    messages: new Map(),
    keys: new Map(),
    primaryKeys: new Map(),
    memberCount: 1,
    errorCount: 0,
    responseCount: 1,
    ...change,
  };
}

export function member(name: string, change: Partial<Member> = {}): Member {
  return {
    name,
    endpoint: { address: "127.0.0.1", port: 7946 },
    addressBytes: Uint8Array.of(127, 0, 0, 1),
    tags: {},
    status: "alive",
    versions: {
      protocolMin: 1,
      protocolMax: 5,
      protocolCurrent: 2,
      delegateMin: 2,
      delegateMax: 5,
      delegateCurrent: 5,
    },
    ...change,
  };
}

export function userEvent(
  name: string,
  change: { readonly lamportTime?: bigint; readonly payload?: Uint8Array } = {},
): AgentEvent {
  return {
    kind: "user",
    name,
    lamportTime: change.lamportTime ?? 1n,
    payload: change.payload ?? new Uint8Array(),
    coalesce: false,
  };
}

export function queryEvent(name: string, change: Partial<QueryEvent> = {}): QueryEvent {
  return {
    kind: "query",
    lamportTime: 1n,
    id: 7,
    name,
    payload: new Uint8Array(),
    sourceNode: "asker",
    timeoutMs: 60_000,
    respond: () => {},
    ...change,
  };
}
