/**
 * Our agent killed 200 times at random moments while events flow, and restarted from its snapshot
 * each time: it always comes back, finds its cluster again, and never hears an event twice.
 *
 * `KILL_SEED` repeats a run's moments, as far as the machine's own timing lets it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRpc, type RpcClient } from "@x/agent/rpc-client";
import { afterAll, expect, it } from "vitest";
import { AgentGroup, AgentProcess, freePort, until } from "../src/agent-process.ts";
import { allList } from "../src/member-list.ts";
import { ourProgram } from "../src/programs.ts";

const ours = ourProgram();
const victimNames = ["victim-1", "victim-2", "victim-3", "victim-4"] as const;
const killsPerVictim = 50;
/** A life ends at a random moment up to here; a start takes a good part of it. */
const longestLifeMs = 1_600;
/** In every so manieth life the victim must first prove that it is back. */
const proofEvery = 5;
const eventPeriodMs = 150;

const seed = Number(process.env["KILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const folder = mkdtempSync(join(tmpdir(), "kill-restart-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers in [0, 1), the same for the same seed. */
function randomNumbers(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Sends numbered events for as long as it is not stopped. */
class EventFlow {
  readonly #client: RpcClient;
  readonly #running: Promise<void>;
  #isStopped = false;
  sentCount = 0;

  constructor(client: RpcClient) {
    this.#client = client;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const number = this.sentCount + 1;
      await this.#client.userEvent("tick", Buffer.from(String(number)));
      this.sentCount = number;
      await new Promise((resolve) => setTimeout(resolve, eventPeriodMs));
    }
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#running;
  }
}

/** One member through all its lives. */
class Victim {
  readonly name: string;
  readonly #ports: { readonly bindPort: number; readonly rpcPort: number };
  readonly #heardFile: string;
  #agent: AgentProcess | undefined;
  killCount = 0;

  constructor(name: string, ports: { readonly bindPort: number; readonly rpcPort: number }) {
    this.name = name;
    this.#ports = ports;
    this.#heardFile = join(folder, `${name}.heard`);
  }

  async start(flags: readonly string[] = []): Promise<AgentProcess> {
    this.#agent = await AgentProcess.launch(ours, {
      node: this.name,
      ...this.#ports,
      flags: [
        "-profile=local",
        `-snapshot=${join(folder, `${this.name}.snapshot`)}`,
        `-event-handler=user:tick=cat >> ${this.#heardFile}`,
        ...flags,
      ],
    });
    return this.#agent;
  }

  /** Every number it was told, in the order its script was run. */
  heard(): number[] {
    if (!existsSync(this.#heardFile)) return [];
    return readFileSync(this.#heardFile, "utf8").split("\n").slice(0, -1).map(Number);
  }

  /** It lists the stable members, and hears what was sent after its start. */
  async isBack(flow: EventFlow, stable: readonly string[]): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) throw new Error(`${this.name} has not been started`);
    const sent = flow.sentCount;
    await agent.sees("Log data will now stream in");
    await until(`${this.name} hears again`, () => this.heard().some((number) => number > sent));
    await using client = await connectRpc({ address: agent.rpc });
    await until(`${this.name} lists ${stable}`, async () => {
      const members = await client.members();
      const alive = members.filter(({ status }) => status === "alive").map(({ name }) => name);
      return stable.every((name) => alive.includes(name));
    });
  }

  async kill(): Promise<void> {
    if (this.#agent?.exitCode !== undefined) {
      throw new Error(`${this.name} ended by itself:\n${this.#agent.output}`);
    }
    await this.#agent?.kill();
    this.killCount += 1;
  }

  async end(): Promise<void> {
    await this.#agent?.kill();
  }
}

async function liveAndDie(
  victim: Victim,
  flow: EventFlow,
  stable: readonly string[],
  random: () => number,
): Promise<void> {
  while (victim.killCount < killsPerVictim) {
    await victim.start();
    if (victim.killCount % proofEvery === 0) await victim.isBack(flow, stable);
    const lifeMs = random() * longestLifeMs;
    await new Promise((resolve) => setTimeout(resolve, lifeMs));
    await victim.kill();
  }
}

function countsAbove(numbers: readonly number[], most: number): [number, number][] {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > most);
}

it(`killed 200 times while events flow, an agent always comes back and hears no event twice (seed ${seed})`, async () => {
  const group = new AgentGroup();
  const victims: Victim[] = [];
  let flow: EventFlow | undefined;
  try {
    const first = await group.start(ours, { node: "stable-1", flags: ["-profile=local"] });
    const joining = ["-profile=local", `-join=${first.bind}`];
    const second = await group.start(ours, { node: "stable-2", flags: joining });
    const stable = [first.node, second.node];
    await using client = await connectRpc({ address: second.rpc });
    flow = new EventFlow(client);
    for (const name of victimNames) {
      const ports = { bindPort: await freePort(), rpcPort: await freePort() };
      const victim = new Victim(name, ports);
      victims.push(victim);
      await victim.start([`-join=${first.bind}`]);
    }
    const running = flow;
    await Promise.all(victims.map((victim) => victim.isBack(running, stable)));
    // The first life ends as the others do; what it knows is in its snapshot.
    await Promise.all(victims.map((victim) => victim.kill()));

    await Promise.all(
      victims.map((victim, index) =>
        liveAndDie(victim, running, stable, randomNumbers(seed + index)),
      ),
    );

    await Promise.all(victims.map((victim) => victim.start()));
    await Promise.all(victims.map((victim) => victim.isBack(running, stable)));
    const everybody = [...stable, ...victimNames].map((name) => [name, "alive"] as const);
    await allList([first, second], Object.fromEntries(everybody));
    await flow.stop();
    for (const victim of victims) {
      expect(victim.killCount).toBe(killsPerVictim);
      expect(countsAbove(victim.heard(), 1), `${victim.name} heard twice`).toEqual([]);
      expect(victim.heard().length).toBeGreaterThan(killsPerVictim / proofEvery);
    }
  } finally {
    await flow?.stop().catch(() => undefined);
    await Promise.all(victims.map((victim) => victim.end()));
    await group.close();
  }
}, 400_000);
