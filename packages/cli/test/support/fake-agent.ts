import { type RpcBackend, type RpcServer, startRpcServer } from "@x/agent";
import { runCli } from "../../src/main.ts";
import { FakeTerminal, type FakeTerminalOptions } from "./fake-terminal.ts";

type Member = ReturnType<RpcBackend["members"]>[number];
type AgentEvent = Parameters<Parameters<RpcBackend["subscribeEvents"]>[0]>[0];
type Query = ReturnType<RpcBackend["query"]>;
type Answer = Query extends AsyncIterable<infer Item> ? Item : never;
type KeyOutcome = Awaited<ReturnType<RpcBackend["keys"]["list"]>>;

/** What was asked of the agent: the method and its arguments. */
export type Asked = readonly [method: string, ...details: unknown[]];

/** An agent without a cluster, behind a real RPC server; it answers as its fields say. */
export class FakeAgent implements RpcBackend {
  memberList: readonly Member[] = [];
  statsGroups: Record<string, Record<string, string>> = {};
  coordinates = new Map<string, ReturnType<RpcBackend["coordinate"]>>();
  answers: readonly Answer[] = [];
  /** When set, a query goes on until this resolves. */
  queryEnds: Promise<void> = Promise.resolve();
  keyOutcome: Partial<KeyOutcome> = {};
  /** What the next call fails with. */
  failure: Error | undefined;
  logLines: string[] = [];
  /** Commands that arrived, handshakes included. */
  commandCount = 0;
  readonly asked: Asked[] = [];
  readonly #eventHandlers = new Set<(event: AgentEvent) => void>();
  readonly #logHandlers = new Set<(entry: { readonly line: string }) => void>();
  #server: RpcServer | undefined;
  #memberRevision = 0;

  readonly keys: RpcBackend["keys"] = {
    install: (key) => this.#key("install", key),
    use: (key) => this.#key("use", key),
    remove: (key) => this.#key("remove", key),
    list: () => this.#key("list", ""),
  };

  static async start(authKey = ""): Promise<FakeAgent> {
    const agent = new FakeAgent();
    agent.#server = await startRpcServer({ host: "127.0.0.1", port: 0, backend: agent, authKey });
    return agent;
  }

  get address(): string {
    return `127.0.0.1:${this.#server?.address.port ?? 0}`;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  /** Runs one command against this agent. */
  async serf(
    words: readonly string[],
    options: FakeTerminalOptions = {},
  ): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const terminal = this.terminal(options);
    const exitCode = await runCli(words, terminal);
    return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr };
  }

  /** A terminal whose environment names this agent. */
  terminal(options: FakeTerminalOptions = {}): FakeTerminal {
    const environment = { SERF_RPC_ADDR: this.address, ...options.environment };
    return new FakeTerminal({ ...options, environment });
  }

  /** Tests replace the list as they like. */
  get memberRevision(): number {
    this.#memberRevision += 1;
    return this.#memberRevision;
  }

  emit(event: AgentEvent): void {
    for (const handler of this.#eventHandlers) handler(event);
  }

  writeLog(line: string): void {
    for (const handler of this.#logHandlers) handler({ line });
  }

  members(): readonly Member[] {
    return this.memberList;
  }

  join(addresses: readonly string[], options: unknown): Promise<number> {
    return this.#do(addresses.length, "join", addresses, options);
  }

  leave(): Promise<void> {
    return this.#do(undefined, "leave");
  }

  forceLeave(name: string, options: unknown): Promise<void> {
    return this.#do(undefined, "forceLeave", name, options);
  }

  userEvent(name: string, payload: Uint8Array, options: unknown): void {
    this.asked.push(["userEvent", name, new TextDecoder().decode(payload), options]);
    if (this.failure !== undefined) throw this.failure;
  }

  query(query: Parameters<RpcBackend["query"]>[0]): Query {
    this.asked.push(["query", query]);
    if (this.failure !== undefined) throw this.failure;
    const { answers, queryEnds } = this;
    return {
      id: 1,
      lamportTime: 1n,
      deadlineMs: 0,
      expected: [],
      missing: () => [],
      close: () => {},
      async *[Symbol.asyncIterator]() {
        yield* answers;
        await queryEnds;
      },
    };
  }

  respond(): void {}

  updateTags(change: unknown): Promise<void> {
    return this.#do(undefined, "updateTags", change);
  }

  stats(): ReturnType<RpcBackend["stats"]> {
    if (this.failure !== undefined) throw this.failure;
    return this.statsGroups;
  }

  coordinate(name: string): ReturnType<RpcBackend["coordinate"]> {
    return this.coordinates.get(name);
  }

  subscribeEvents(handler: (event: AgentEvent) => void): () => void {
    this.#eventHandlers.add(handler);
    return () => this.#eventHandlers.delete(handler);
  }

  subscribeLog(handler: (entry: { readonly line: string }) => void): () => void {
    this.#logHandlers.add(handler);
    return () => this.#logHandlers.delete(handler);
  }

  recentLogLines(): readonly string[] {
    return this.logLines;
  }

  log(): void {}

  count(metric: string): void {
    if (metric === "agent.ipc.command") this.commandCount += 1;
  }

  shutdown(): void {
    void this.close();
  }

  async #key(command: string, key: string): Promise<KeyOutcome> {
    const nothing: KeyOutcome = {
      messages: new Map(),
      keys: new Map(),
      primaryKeys: new Map(),
      memberCount: 2,
      errorCount: 0,
      responseCount: 2,
    };
    return this.#do({ ...nothing, ...this.keyOutcome }, `keys.${command}`, key);
  }

  async #do<Result>(result: Result, ...asked: Asked): Promise<Result> {
    this.asked.push(asked);
    if (this.failure !== undefined) throw this.failure;
    return result;
  }
}

export function member(name: string, change: Partial<Member> = {}): Member {
  return {
    name,
    endpoint: { address: "127.0.0.1", port: 21000 },
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

export function ack(from: string): Answer {
  return { kind: "ack", from };
}

export function response(from: string, payload: string | Uint8Array): Answer {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return { kind: "response", from, payload: bytes };
}

/** Polls until the condition holds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
