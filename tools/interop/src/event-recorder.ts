/**
 * Remembers everything an agent, ours or the reference's, tells one RPC client.
 */
import { connectRpc, type RpcClient, type RpcEvent } from "@x/agent/rpc-client";
import { type AgentProcess, until } from "./agent-process.ts";

/** A user event as it was heard; the payload in Latin-1, so that any bytes can be compared. */
export interface HeardEvent {
  readonly name: string;
  readonly payload: string;
}

/** Listens to one agent until it is closed. */
export class EventRecorder implements AsyncDisposable {
  readonly agent: AgentProcess;
  readonly client: RpcClient;
  readonly #events: RpcEvent[] = [];
  #lostCount = 0;

  private constructor(agent: AgentProcess, client: RpcClient) {
    this.agent = agent;
    this.client = client;
  }

  /** Connects and waits until the stream is granted: from here on nothing is missed. */
  static async listen(agent: AgentProcess): Promise<EventRecorder> {
    const client = await connectRpc({ address: agent.rpc });
    const recorder = new EventRecorder(agent, client);
    const stream = client.events("*", { bufferLimit: 100_000 });
    await stream.ready;
    void (async () => {
      try {
        for await (const event of stream) recorder.#events.push(event);
      } catch {
        // The agent was ended by the test; what is missing then, the test will miss.
        recorder.#lostCount += 1;
      }
    })();
    return recorder;
  }

  /** Whether the agent hung up. */
  get isLost(): boolean {
    return this.#lostCount > 0;
  }

  get events(): readonly RpcEvent[] {
    return this.#events;
  }

  /** User events whose name begins so, in the order heard. */
  heard(prefix = ""): HeardEvent[] {
    return this.#events.flatMap((event) =>
      event.kind === "user" && event.name.startsWith(prefix)
        ? [{ name: event.name, payload: Buffer.from(event.payload).toString("latin1") }]
        : [],
    );
  }

  /** Waits until a user event of this name was heard. */
  async hears(name: string): Promise<void> {
    await until(`${this.agent.node} hears ${name}`, () =>
      this.#events.some((event) => event.kind === "user" && event.name === name),
    );
  }

  /** Tags of a member as this agent knows them. */
  async tagsOf(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.client.members()).find((member) => member.name === name)?.tags;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client.close();
  }
}
