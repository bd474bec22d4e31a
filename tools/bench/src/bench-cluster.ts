/**
 * A cluster of real agents of one program, with an RPC connection to each.
 */
import { setMaxListeners } from "node:events";
import { connectRpc, type RpcClient, type RpcEvent } from "@x/agent/rpc-client";
import { AgentGroup, type AgentProcess, until } from "../../interop/src/agent-process.ts";
import type { Program } from "../../interop/src/programs.ts";

/** One agent and a connection to it. */
export interface BenchMember {
  readonly agent: AgentProcess;
  readonly client: RpcClient;
}

export interface ClusterOptions {
  readonly program: Program;
  readonly memberCount: number;
  readonly profile?: "lan" | "local";
  readonly flags?: readonly string[];
  /** Milliseconds an operation may take before the benchmark gives up. */
  readonly patienceMs?: number;
}

const startsAtOnce = 8;

export class BenchCluster {
  readonly members: readonly BenchMember[];
  readonly #group: AgentGroup;
  readonly #patienceMs: number;
  /** From the first join to everybody seeing everybody, in milliseconds. */
  joinedMs = Number.NaN;

  private constructor(group: AgentGroup, members: readonly BenchMember[], patienceMs: number) {
    this.#group = group;
    this.members = members;
    this.#patienceMs = patienceMs;
  }

  /** Starts the agents and joins them to the first, one join each at the same time. */
  static async start(options: ClusterOptions): Promise<BenchCluster> {
    const group = new AgentGroup();
    try {
      const members: BenchMember[] = [];
      const flags = [`-profile=${options.profile ?? "lan"}`, ...(options.flags ?? [])];
      for (let index = 0; index < options.memberCount; index += startsAtOnce) {
        const names = Array.from(
          { length: Math.min(startsAtOnce, options.memberCount - index) },
          (_, offset) => `m${index + offset}`,
        );
        members.push(
          ...(await Promise.all(
            names.map(async (node) => {
              const agent = await group.start(options.program, { node, flags });
              return { agent, client: await connectRpc({ address: agent.rpc }) };
            }),
          )),
        );
      }
      const cluster = new BenchCluster(group, members, options.patienceMs ?? 120_000);
      await cluster.#join();
      return cluster;
    } catch (error) {
      await group.close();
      throw error;
    }
  }

  get first(): BenchMember {
    const [first] = this.members;
    if (first === undefined) throw new Error("the cluster is empty");
    return first;
  }

  /** Round and round, from either end. */
  memberAt(index: number): BenchMember {
    return this.members.at(index % this.members.length) ?? this.first;
  }

  async #join(): Promise<void> {
    const startMs = performance.now();
    const { length } = this.members;
    await Promise.all(
      this.members.slice(1).map(({ client }) => client.join([this.first.agent.bind])),
    );
    // Whoever has seen everybody needs not be asked again.
    const waiting = new Set(this.members);
    await until(
      "everybody sees everybody",
      async () => {
        for (const member of waiting) {
          const seen = await member.client.membersFiltered({ status: "alive" });
          if (seen.length < length) return false;
          waiting.delete(member);
        }
        return true;
      },
      this.#patienceMs,
    );
    this.joinedMs = performance.now() - startMs;
  }

  /**
   * Calls back for every event of every member.
   *
   * @returns what ends it.
   */
  async watchEvents(
    filter: string,
    heard: (memberIndex: number, event: RpcEvent) => void,
  ): Promise<() => void> {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    await Promise.all(
      this.members.map(async ({ client }, index) => {
        const events = client.events(filter, { signal: stop.signal, bufferLimit: 100_000 });
        await events.ready;
        void drain(events, (event) => heard(index, event));
      }),
    );
    return () => stop.abort();
  }

  /** Calls back for every log line of every member. */
  async watchLog(heard: (memberIndex: number, line: string) => void): Promise<() => void> {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    await Promise.all(
      this.members.map(async ({ client }, index) => {
        const lines = client.monitor("INFO", { signal: stop.signal });
        await lines.ready;
        void drain(lines, (line) => heard(index, line));
      }),
    );
    return () => stop.abort();
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map(({ client }) => client.close()));
    await this.#group.close();
  }
}

async function drain<Item>(items: AsyncIterable<Item>, heard: (item: Item) => void): Promise<void> {
  try {
    for await (const item of items) heard(item);
  } catch {
    // Aborted by whoever watches, or the agent is gone, which is what is being measured.
  }
}

/** Not all members have heard in time. */
export class NotHeardError extends Error {
  override readonly name = "NotHeardError";
}

/** Waits until `expected` members were heard. @returns milliseconds from `startMs` to the last. */
export function allHeard(
  expectedCount: number,
  startMs: number,
  patienceMs: number,
): { readonly heard: (memberIndex: number) => void; readonly last: Promise<number> } {
  const seen = new Set<number>();
  let resolve: (ms: number) => void = () => {};
  const last = new Promise<number>((settle, reject) => {
    const timer = setTimeout(
      () =>
        reject(new NotHeardError(`${seen.size} of ${expectedCount} heard it in ${patienceMs} ms`)),
      patienceMs,
    );
    resolve = (ms) => {
      clearTimeout(timer);
      settle(ms);
    };
  });
  return {
    heard: (index) => {
      seen.add(index);
      if (seen.size === expectedCount) resolve(performance.now() - startMs);
    },
    last,
  };
}
