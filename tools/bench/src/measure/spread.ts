/** How fast news of every kind reaches everybody. */
import { allHeard, BenchCluster, NotHeardError } from "../bench-cluster.ts";
import { wait, type Measurement } from "./measurement.ts";

const encoder = new TextEncoder();
/** What is told first finds code nobody has run yet: it counts for neither program. */
const warmUpCount = 3;
/** News that somebody has not heard by then counts as having taken so long, and is counted apart. */
const lostAfterMs = 20_000;

export interface SpreadSize {
  readonly memberCount: number;
  readonly events: number;
  readonly queries: number;
  readonly tagUpdates: number;
}

export function spread({ memberCount, events, queries, tagUpdates }: SpreadSize): Measurement {
  const of = `, ${memberCount} members`;
  return {
    name: `spread-${memberCount}`,
    runs: 1,
    async measure(program, flags) {
      const cluster = await BenchCluster.start({ program, memberCount, flags });
      try {
        await wait(5_000);
        const eventTimes = await userEvents(cluster, events);
        const queryTimes = await allQueries(cluster, queries);
        const tagTimes = await allTagUpdates(cluster, tagUpdates);
        const lost = [...eventTimes, ...queryTimes, ...tagTimes].filter((ms) => ms >= lostAfterMs);
        return {
          [`user event to all${of}, ms`]: eventTimes,
          [`query, all acks${of}, ms`]: queryTimes,
          [`tag update to all${of}, ms`]: tagTimes,
          [`of these not with all within 20 s${of}`]: [lost.length],
        };
      } finally {
        await cluster.close();
      }
    },
  };
}

/** Tells events one after the other. @returns milliseconds to the last that heard, each. */
async function userEvents(cluster: BenchCluster, count: number): Promise<number[]> {
  let heard: (index: number, name: string) => void = () => {};
  const stop = await cluster.watchEvents("user", (index, event) => {
    if (event.kind === "user") heard(index, event.name);
  });
  const times: number[] = [];
  for (let index = -warmUpCount; index < count; index += 1) {
    const name = `bench-${index}`;
    const sender = cluster.memberAt(index);
    const all = allHeard(cluster.members.length, performance.now(), lostAfterMs);
    heard = (member, event) => {
      if (event === name) all.heard(member);
    };
    await sender.client.userEvent(name, encoder.encode("payload"));
    const ms = await orLost(all.last);
    if (index >= 0) times.push(ms);
    // The next one shall not ride on what is left of this one.
    await wait(50);
  }
  stop();
  return times;
}

async function orLost(last: Promise<number>): Promise<number> {
  try {
    return await last;
  } catch (error) {
    if (!(error instanceof NotHeardError)) throw error;
    return lostAfterMs;
  }
}

async function allQueries(cluster: BenchCluster, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = -warmUpCount; index < count; index += 1) {
    const ms = await allAcked(cluster, index);
    if (index >= 0) times.push(ms);
    await wait(50);
  }
  return times;
}

async function allAcked(cluster: BenchCluster, index: number): Promise<number> {
  const { client } = cluster.memberAt(index);
  const startMs = performance.now();
  const stop = new AbortController();
  const question = { name: "bench", ack: true, timeoutMs: lostAfterMs };
  const acked = new Set<string>();
  try {
    for await (const answer of client.query(question, { signal: stop.signal })) {
      acked.add(answer.from);
      if (acked.size === cluster.members.length) return performance.now() - startMs;
    }
  } finally {
    stop.abort();
  }
  return lostAfterMs;
}

async function allTagUpdates(cluster: BenchCluster, count: number): Promise<number[]> {
  let heard: (index: number, line: string) => void = () => {};
  const stop = await cluster.watchLog((index, line) => heard(index, line));
  const times: number[] = [];
  for (let index = -warmUpCount; index < count; index += 1) {
    const who = cluster.memberAt(index);
    await wait(500);
    const all = allHeard(cluster.members.length, performance.now(), lostAfterMs);
    const mark = `EventMemberUpdate: ${who.agent.node}`;
    heard = (member, line) => {
      if (line.endsWith(mark)) all.heard(member);
    };
    const updated = who.client.updateTags({ set: { round: String(index) } });
    const ms = await orLost(all.last);
    await updated;
    if (index >= 0) times.push(ms);
  }
  stop();
  return times;
}
