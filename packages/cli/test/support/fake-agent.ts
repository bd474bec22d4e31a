import { startRpcServer, type RpcServer } from "@x/agent";
import {
  keyOutcome,
  member as memberAt,
  runningQuery,
  ScriptedBackend,
  type BackendCall,
  type BackendScript,
} from "../../../agent/test/support/scripted-backend.ts";
import { runCli } from "../../src/main.ts";
import { FakeTerminal, type FakeTerminalOptions } from "./fake-terminal.ts";

export { until } from "../../../agent/test/support/until.ts";

type Member = ScriptedBackend["memberList"][number];
type Query = ReturnType<ScriptedBackend["query"]>;
type Answer = Query extends AsyncIterable<infer Item> ? Item : never;
type KeyOutcome = ReturnType<typeof keyOutcome>;

/** An agent without a cluster, behind a real RPC server; it answers as its fields say. */
export class FakeAgent {
  coordinates = new Map<string, ReturnType<ScriptedBackend["coordinate"]>>();
  answers: readonly Answer[] = [];
  /** When set, a query goes on until this resolves. */
  queryEnds: Promise<void> = Promise.resolve();
  keyOutcome: Partial<KeyOutcome> = {};
  /** What the next calls fail with. */
  failure: Error | undefined;
  readonly #backend = new ScriptedBackend();
  #server: RpcServer | undefined;

  static async start(authKey = ""): Promise<FakeAgent> {
    const agent = new FakeAgent();
    const backend = agent.#backend;
    backend.script = agent.#script();
    agent.#server = await startRpcServer({ host: "127.0.0.1", port: 0, backend, authKey });
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

  set memberList(members: readonly Member[]) {
    this.#backend.memberList = members;
  }

  set statsGroups(groups: ScriptedBackend["statsGroups"]) {
    this.#backend.statsGroups = groups;
  }

  set logLines(lines: string[]) {
    this.#backend.logRing = lines;
  }

  /** Commands that arrived, handshakes included. */
  get commandCount(): number {
    return this.#backend.counted.filter((metric) => metric === "agent.ipc.command").length;
  }

  /** What was asked of the agent: the method and its arguments; coordinates are not told. */
  get asked(): readonly BackendCall[] {
    return this.#backend.calls.filter(([method]) => method !== "coordinate");
  }

  emit(event: Parameters<ScriptedBackend["emit"]>[0]): void {
    this.#backend.emit(event);
  }

  writeLog(line: string): void {
    this.#backend.writeLog(line);
  }

  #script(): BackendScript {
    const settled = <Result>(result: () => Result): Promise<Result> =>
      this.failure === undefined ? Promise.resolve(result()) : Promise.reject(this.failure);
    const fail = (): void => {
      if (this.failure !== undefined) throw this.failure;
    };
    return {
      join: (addresses) => settled(() => addresses.length),
      leave: () => settled(() => undefined),
      forceLeave: () => settled(() => undefined),
      updateTags: () => settled(() => undefined),
      userEvent: fail,
      stats: fail,
      query: () => {
        fail();
        return runningQuery(this.#answers());
      },
      keys: () =>
        settled(() => keyOutcome({ memberCount: 2, responseCount: 2, ...this.keyOutcome })),
      coordinate: (name) => this.coordinates.get(name),
      shutdown: () => void this.close(),
    };
  }

  async *#answers(): AsyncGenerator<Answer> {
    yield* this.answers;
    await this.queryEnds;
  }
}

export function member(name: string, change: Partial<Member> = {}): Member {
  return memberAt(name, { endpoint: { address: "127.0.0.1", port: 21_000 }, ...change });
}

export function ack(from: string): Answer {
  return { kind: "ack", from };
}

export function response(from: string, payload: string | Uint8Array): Answer {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return { kind: "response", from, payload: bytes };
}
