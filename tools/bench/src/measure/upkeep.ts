/**
 * What a member costs: processor, memory, datagrams and bytes, idle and for each user event.
 *
 * A window holds each member's regular exchange of state once, so that those fall into every window
 * alike: 30 seconds up to 32 members, 60 up to 64. It begins when all have had their first exchange,
 * which in the reference comes after a random part of 30 seconds and a whole interval, and when both
 * programs have done what they do once.
 */
import { BenchCluster } from "../bench-cluster.ts";
import { cpuMs, networkCounters, residentMib } from "../process-figures.ts";
import { wait, type Figures, type Measurement } from "./measurement.ts";

const eventCount = 10;
/** The greatest random wait before the first interval, and some time to settle. */
const settleMs = 35_000;

export function upkeep(memberCount: number): Measurement {
  const of = `, ${memberCount} members`;
  const windowMs = memberCount <= 32 ? 30_000 : 60_000;
  return {
    name: `upkeep-${memberCount}`,
    runs: 1,
    async measure(program, flags) {
      const cluster = await BenchCluster.start({
        program,
        memberCount,
        flags: ["-log-level=WARN", ...flags],
      });
      try {
        await wait(settleMs + windowMs);
        const pids = cluster.members.map(({ agent }) => agent.pid);
        const cpuBefore = pids.map(cpuMs);
        const idle = await traffic(() => wait(windowMs));
        const perMinute = 60_000 / windowMs;
        const cpu = pids.map((pid, index) => (cpuMs(pid) - (cpuBefore[index] ?? 0)) * perMinute);
        const resident = pids.map(residentMib);
        const telling = await traffic(() => tellEvents(cluster, windowMs));
        const perSecond = 1_000 / windowMs / memberCount;
        const perEvent = 1 / eventCount / memberCount;
        const figures: Figures = {
          [`idle CPU per agent-minute${of}, ms`]: cpu,
          [`idle resident${of}, MiB`]: resident,
          [`idle datagrams per member-second${of}`]: [idle.datagrams * perSecond],
          [`idle bytes per member-second${of}`]: [idle.octets * perSecond],
          [`datagrams per member for one event${of}`]: [
            (telling.datagrams - idle.datagrams) * perEvent,
          ],
          [`bytes per member for one event${of}`]: [(telling.octets - idle.octets) * perEvent],
        };
        return figures;
      } finally {
        await cluster.close();
      }
    },
  };
}

/** Spread evenly: the last one has the same time to be told everywhere as the others. */
async function tellEvents(cluster: BenchCluster, windowMs: number): Promise<void> {
  for (let index = 0; index < eventCount; index += 1) {
    await cluster.memberAt(index).client.userEvent(`bench-${index}`, new Uint8Array(32));
    await wait(windowMs / eventCount);
  }
}

async function traffic(
  during: () => Promise<void>,
): Promise<{ readonly datagrams: number; readonly octets: number }> {
  const before = networkCounters();
  await during();
  const after = networkCounters();
  return {
    datagrams: after.datagrams - before.datagrams,
    octets: after.octets - before.octets,
  };
}
