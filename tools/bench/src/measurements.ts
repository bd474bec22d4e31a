/**
 * What is measured. Each measurement runs one program once and returns figures; the runner
 * alternates the programs and repeats.
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { connectRpc } from "@x/agent/rpc-client";
import { AgentProcess, runCommand, until } from "../../interop/src/agent-process.ts";
import type { Program } from "../../interop/src/programs.ts";
import { allHeard, BenchCluster } from "./bench-cluster.ts";
import { cpuMs, networkCounters, residentMib } from "./process-figures.ts";

/** Name of a figure with its unit → the values of one run. */
export type Figures = Record<string, number[]>;

export interface Measurement {
  readonly name: string;
  /** Runs of each program; slow ones fewer. */
  readonly runs: number;
  measure(program: Program): Promise<Figures>;
}

const patienceMs = 60_000;
const encoder = new TextEncoder();

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Start to RPC ready, one short command, and the resident memory of one idle agent. */
const start: Measurement = {
  name: "start",
  runs: 7,
  async measure(program) {
    const startMs = performance.now();
    const agent = await AgentProcess.launch(program, { node: "one", flags: ["-profile=lan"] });
    try {
      for (;;) {
        if (await isListening(agent.rpcPort)) break;
        if (performance.now() - startMs > patienceMs) throw new Error("the agent does not listen");
        await new Promise((resolve) => setImmediate(resolve));
      }
      const client = await connectRpc({ address: agent.rpc });
      await client.members();
      const readyMs = performance.now() - startMs;
      await client.close();
      await agent.sees("Log data will now stream in");
      const commandStartMs = performance.now();
      await agent.command(program, ["members"]);
      const commandMs = performance.now() - commandStartMs;
      await wait(3_000);
      return {
        "start to RPC ready, ms": [readyMs],
        "`serf members`, ms": [commandMs],
        "idle resident, MiB": [residentMib(agent.pid)],
      };
    } finally {
      await agent.kill();
    }
  },
};

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Join, idle cost, and how fast news of every kind reaches everybody. */
function spread(memberCount: number, eventCount: number): Measurement {
  const of = `, ${memberCount} members`;
  return {
    name: `spread-${memberCount}`,
    runs: 2,
    async measure(program) {
      const cluster = await BenchCluster.start({ program, memberCount });
      try {
        const figures: Figures = { [`join and agree${of}, ms`]: [cluster.joinedMs] };
        await wait(5_000);
        Object.assign(figures, await idleCost(cluster, of));
        figures[`user event to all${of}, ms`] = await userEvents(cluster, eventCount);
        figures[`query, all acks${of}, ms`] = await queries(cluster, Math.ceil(eventCount / 3));
        figures[`tag update to all${of}, ms`] = await tagUpdates(cluster, 6);
        return figures;
      } finally {
        await cluster.close();
      }
    },
  };
}

const idleWindowMs = 15_000;

async function idleCost(cluster: BenchCluster, of: string): Promise<Figures> {
  const pids = cluster.members.map(({ agent }) => agent.pid);
  const before = pids.map(cpuMs);
  const networkBefore = networkCounters();
  await wait(idleWindowMs);
  const network = networkCounters();
  const perMinute = 60_000 / idleWindowMs;
  const used = pids.map((pid, index) => (cpuMs(pid) - (before[index] ?? 0)) * perMinute);
  const perMember = 1 / pids.length / (idleWindowMs / 1_000);
  return {
    [`idle CPU per agent-minute${of}, ms`]: used,
    [`idle resident${of}, MiB`]: pids.map(residentMib),
    [`idle datagrams per member-second${of}`]: [
      (network.datagrams - networkBefore.datagrams) * perMember,
    ],
    [`idle bytes per member-second${of}`]: [(network.octets - networkBefore.octets) * perMember],
  };
}

async function userEvents(cluster: BenchCluster, count: number): Promise<number[]> {
  let heard: (index: number, name: string) => void = () => {};
  const stop = await cluster.watchEvents("user", (index, event) => {
    if (event.kind === "user") heard(index, event.name);
  });
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `bench-${index}`;
    const sender = cluster.members[index % cluster.members.length] ?? cluster.first;
    const all = allHeard(cluster.members.length, performance.now(), patienceMs);
    heard = (member, event) => {
      if (event === name) all.heard(member);
    };
    await sender.client.userEvent(name, encoder.encode("payload"));
    times.push(await all.last);
    // The next one shall not ride on what is left of this one.
    await wait(50);
  }
  stop();
  return times;
}

async function queries(cluster: BenchCluster, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const asker = cluster.members[index % cluster.members.length] ?? cluster.first;
    const startMs = performance.now();
    const stop = new AbortController();
    const answers = asker.client.query(
      { name: "bench", ack: true, timeoutMs: 5_000 },
      { signal: stop.signal },
    );
    const acked = new Set<string>();
    try {
      for await (const answer of answers) {
        acked.add(answer.from);
        if (acked.size === cluster.members.length) break;
      }
    } finally {
      stop.abort();
    }
    if (acked.size < cluster.members.length) {
      throw new Error(`only ${acked.size} of ${cluster.members.length} acked`);
    }
    times.push(performance.now() - startMs);
    await wait(50);
  }
  return times;
}

async function tagUpdates(cluster: BenchCluster, count: number): Promise<number[]> {
  let heard: (index: number, line: string) => void = () => {};
  const stop = await cluster.watchLog((index, line) => heard(index, line));
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const who = cluster.members[index % cluster.members.length] ?? cluster.first;
    await wait(500);
    const all = allHeard(cluster.members.length, performance.now(), patienceMs);
    const mark = `EventMemberUpdate: ${who.agent.node}`;
    heard = (member, line) => {
      if (line.endsWith(mark)) all.heard(member);
    };
    const updated = who.client.updateTags({ set: { round: String(index) } });
    times.push(await all.last);
    await updated;
  }
  stop();
  return times;
}

/** A leave: how long it takes to be answered, and to be known to the others. */
const leave: Measurement = {
  name: "leave",
  runs: 3,
  async measure(program) {
    const cluster = await BenchCluster.start({ program, memberCount: 9 });
    try {
      // Long enough that every member has probed every other.
      await wait(15_000);
      const leaver = cluster.members.at(-1) ?? cluster.first;
      let heard: (index: number, line: string) => void = () => {};
      const stop = await cluster.watchLog((index, line) => heard(index, line));
      const startMs = performance.now();
      const all = allHeard(8, startMs, patienceMs);
      heard = (member, line) => {
        const isLeave = /EventMemberLeave.*: m8 /.test(line);
        if (isLeave && member !== 8) all.heard(member);
      };
      const answered = leaver.client.leave().then(() => performance.now() - startMs);
      const seenMs = await all.last;
      const answeredMs = await answered;
      stop();
      return { "leave answered, ms": [answeredMs], "leave known to all 8, ms": [seenMs] };
    } finally {
      await cluster.close();
    }
  },
};

function crash(profile: "lan" | "local"): Measurement {
  return {
    name: `crash-${profile}`,
    runs: 4,
    async measure(program) {
      const cluster = await BenchCluster.start({ program, memberCount: 17, profile });
      try {
        await wait(3_000);
        let heard: (index: number, line: string) => void = () => {};
        const stop = await cluster.watchLog((index, line) => heard(index, line));
        const all = allHeard(16, performance.now(), patienceMs);
        let falseCount = 0;
        heard = (member, line) => {
          if (/EventMemberFailed: m16 /.test(line)) all.heard(member);
          else if (line.includes("EventMemberFailed")) falseCount += 1;
        };
        cluster.members.at(-1)?.agent.signal("SIGKILL");
        const seenMs = await all.last;
        stop();
        return {
          [`crash known to all 16, ${profile}, ms`]: [seenMs],
          [`false failures, ${profile}`]: [falseCount],
        };
      } finally {
        await cluster.close();
      }
    },
  };
}

/** One agent under load from RPC and UDP. */
const load: Measurement = {
  name: "load",
  runs: 3,
  async measure(program) {
    const agent = await AgentProcess.start(program, { node: "one", flags: ["-log-level=WARN"] });
    try {
      const client = await connectRpc({ address: agent.rpc });
      const events = await acceptEvents(agent, client);
      const pings = await answerPings(agent);
      await client.close();
      return { ...events, ...pings };
    } finally {
      await agent.kill();
    }
  },
};

type Client = Awaited<ReturnType<typeof connectRpc>>;

async function acceptEvents(agent: AgentProcess, client: Client): Promise<Figures> {
  const count = 20_000;
  const inFlight = 500;
  const payload = encoder.encode("x");
  const cpuBefore = cpuMs(agent.pid);
  const startMs = performance.now();
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      await client.userEvent(`e${sent}`, payload);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - startMs) / 1_000;
  return {
    "events accepted per second": [count / seconds],
    "CPU per 10,000 events accepted, ms": [((cpuMs(agent.pid) - cpuBefore) * 10_000) / count],
  };
}

/** Raw pings of the wire, acks counted. Source: wire specification §14. */
async function answerPings(agent: AgentProcess): Promise<Figures> {
  const count = 20_000;
  const window = 64;
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const name = Buffer.from(agent.node);
  const ping = (sequence: number): Buffer => {
    const head = Buffer.from([0x00, 0x82, 0xa4, ...Buffer.from("Node"), 0xa0 + name.length]);
    const tail = Buffer.from([0xa5, ...Buffer.from("SeqNo"), 0xce, 0, 0, 0, 0]);
    tail.writeUInt32BE(sequence, tail.length - 4);
    return Buffer.concat([head, name, tail]);
  };
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    sent += 1;
    socket.send(ping(sent), agent.bindPort, "127.0.0.1");
  };
  const cpuBefore = cpuMs(agent.pid);
  const startMs = performance.now();
  socket.on("message", () => {
    answered += 1;
    if (sent < count) send();
  });
  for (let index = 0; index < window; index += 1) send();
  await until("all pings are answered", () => answered >= count - window, patienceMs);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpu = cpuMs(agent.pid) - cpuBefore;
  socket.close();
  return {
    "pings answered per second": [answered / seconds],
    "CPU per 10,000 pings, ms": [(cpu * 10_000) / answered],
  };
}

/** `members` calls on an agent that knows 40 members. */
const membersCalls: Measurement = {
  name: "members-40",
  runs: 2,
  async measure(program) {
    const cluster = await BenchCluster.start({ program, memberCount: 40 });
    try {
      await wait(3_000);
      const { client, agent } = cluster.first;
      const single = 1_000;
      let startMs = performance.now();
      for (let index = 0; index < single; index += 1) await client.members();
      const singleRate = single / ((performance.now() - startMs) / 1_000);
      const many = 4_000;
      const cpuBefore = cpuMs(agent.pid);
      startMs = performance.now();
      let sent = 0;
      const worker = async (): Promise<void> => {
        while (sent < many) {
          sent += 1;
          await client.members();
        }
      };
      await Promise.all(Array.from({ length: 100 }, worker));
      const manyRate = many / ((performance.now() - startMs) / 1_000);
      return {
        "`members` calls per second, 40 members": [singleRate],
        "`members` calls per second, pipelined": [manyRate],
        "CPU per 1,000 `members` calls, ms": [((cpuMs(agent.pid) - cpuBefore) * 1_000) / many],
      };
    } finally {
      await cluster.close();
    }
  },
};

/** Events sent at a steady rate by one member: how many another one gets, at which rate none is lost. */
const carried: Measurement = {
  name: "carried",
  runs: 2,
  async measure(program) {
    let best = 0;
    for (const rate of [60, 120, 240, 600, 1_200, 2_400, 3_600, 4_800]) {
      if (!(await carriesAll(program, rate))) break;
      best = rate;
    }
    return { "events per second carried to another member, none lost": [best] };
  },
};

async function carriesAll(program: Program, ratePerSecond: number): Promise<boolean> {
  const cluster = await BenchCluster.start({ program, memberCount: 2, flags: ["-log-level=WARN"] });
  try {
    const seconds = 5;
    const total = ratePerSecond * seconds;
    const received = new Set<string>();
    const stop = await cluster.watchEvents("user", (index, event) => {
      if (index === 1 && event.kind === "user") received.add(event.name);
    });
    const startMs = performance.now();
    let sent = 0;
    while (sent < total) {
      const due = Math.min(total, ((performance.now() - startMs) / 1_000) * ratePerSecond);
      const calls: Promise<void>[] = [];
      while (sent < due) {
        sent += 1;
        calls.push(cluster.first.client.userEvent(`e${sent}`));
      }
      await Promise.all(calls);
      await wait(5);
    }
    const deadline = performance.now() + 5_000;
    while (received.size < total && performance.now() < deadline) await wait(50);
    stop();
    return received.size === total;
  } finally {
    await cluster.close();
  }
}

/** Whether our own command line works on this program at all, before hours are spent. */
export async function checkProgram(program: Program): Promise<void> {
  const { exitCode } = await runCommand(program, ["version"]);
  if (exitCode !== 0) throw new Error(`${program.executable} does not run`);
}

export const measurements: readonly Measurement[] = [
  start,
  load,
  spread(16, 30),
  spread(40, 15),
  leave,
  crash("lan"),
  crash("local"),
  membersCalls,
  carried,
];
