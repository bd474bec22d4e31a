/**
 * An agent that learns of 10,000 members at once: how long it does not answer meanwhile, and how
 * much memory each of them costs.
 *
 * It joins one member that knows them all (`crowd-member.ts`). They are alive as far as the agent
 * can tell, since every ping to them is answered.
 */
import { createSocket } from "node:dgram";
import { connectRpc } from "@x/agent/rpc-client";
import { AgentProcess, until } from "../../../interop/src/agent-process.ts";
import { residentMib } from "../process-figures.ts";
import { CrowdMember } from "./crowd-member.ts";
import { patienceMs, wait, type Measurement } from "./measurement.ts";
import { messagesIn, pingPacket, plainSettings } from "./raw-wire.ts";

const memberCount = 10_000;
const idleProbeMs = 3_000;

export const knownMembers: Measurement = {
  name: "known-members",
  runs: 2,
  async measure(program, flags) {
    const crowd = await CrowdMember.open(memberCount);
    const agent = await AgentProcess.start(program, {
      node: "one",
      flags: ["-profile=lan", "-log-level=WARN", ...flags],
    });
    try {
      const client = await connectRpc({ address: agent.rpc });
      await wait(3_000);
      const aloneMib = await settledMib(agent.pid);
      const pinger = await Pinger.open(agent);
      await wait(idleProbeMs);
      const idleWaitMs = pinger.takeLongestWaitMs();
      const startMs = performance.now();
      await client.join([crowd.address]);
      await until(
        "the agent knows the crowd",
        async () => Number((await client.stats())["serf"]?.["members"]) > memberCount,
        patienceMs,
      );
      const joinedMs = performance.now() - startMs;
      const mergeWaitMs = pinger.takeLongestWaitMs();
      await wait(idleProbeMs);
      const afterWaitMs = pinger.takeLongestWaitMs();
      pinger.close();
      await client.close();
      const crowdedMib = await settledMib(agent.pid);
      return {
        "longest wait for an answer to a ping, alone, ms": [idleWaitMs],
        "longest wait for an answer to a ping, merging 10,000 members, ms": [mergeWaitMs],
        "longest wait for an answer to a ping, 3 s after merging 10,000 members, ms": [afterWaitMs],
        "10,000 members joined and known, ms": [joinedMs],
        "memory per known member, at 10,000, KiB": [
          ((crowdedMib - aloneMib) * 1_024) / memberCount,
        ],
      };
    } finally {
      await agent.kill();
      await crowd.close();
    }
  },
};

/** The least it holds in a while, once that does not shrink any more. */
async function settledMib(pid: number): Promise<number> {
  let least = Infinity;
  let stableCount = 0;
  for (let poll = 0; poll < 45 && stableCount < 12; poll += 1) {
    const now = residentMib(pid);
    stableCount = now < least - 0.2 ? 0 : stableCount + 1;
    least = Math.min(least, now);
    await wait(1_000);
  }
  return least;
}

/** Pings an agent every millisecond and remembers the longest wait for an answer. */
class Pinger {
  readonly #socket = createSocket("udp4");
  readonly #sentMs = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #longestMs = 0;

  private constructor(agent: AgentProcess) {
    let sequence = 0;
    this.#socket.on("message", (bytes) => {
      for (const message of messagesIn(bytes)) {
        if (message.kind === "ack") this.#heard(message.sequenceNumber);
      }
    });
    this.#timer = setInterval(() => {
      sequence += 1;
      this.#sentMs.set(sequence, performance.now());
      const ping = pingPacket(agent.node, sequence, plainSettings);
      this.#socket.send(ping, agent.bindPort, "127.0.0.1");
    }, 1);
  }

  static async open(agent: AgentProcess): Promise<Pinger> {
    const pinger = new Pinger(agent);
    await new Promise<void>((resolve) => pinger.#socket.bind(0, "127.0.0.1", resolve));
    return pinger;
  }

  #heard(sequence: number): void {
    const sentMs = this.#sentMs.get(sequence);
    if (sentMs === undefined) return;
    this.#longestMs = Math.max(this.#longestMs, performance.now() - sentMs);
    this.#sentMs.delete(sequence);
  }

  /** Waits of pings unanswered so far count too. */
  takeLongestWaitMs(): number {
    const now = performance.now();
    let longest = this.#longestMs;
    for (const sentMs of this.#sentMs.values()) longest = Math.max(longest, now - sentMs);
    this.#longestMs = 0;
    this.#sentMs.clear();
    return longest;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}
