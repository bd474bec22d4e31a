/** Events sent at a steady rate by one member: how many another one gets, at which rate none is lost. */
import type { Program } from "../../../interop/src/programs.ts";
import { BenchCluster } from "../bench-cluster.ts";
import { wait, type Measurement } from "./measurement.ts";

const ratesPerSecond = [60, 120, 240, 600, 1_200, 2_400, 3_600, 4_800, 7_200, 9_600];

export const carried: Measurement = {
  name: "carried",
  runs: 1,
  async measure(program, flags) {
    let best = 0;
    for (const rate of ratesPerSecond) {
      if (!(await carriesAll(program, flags, rate))) break;
      best = rate;
    }
    return { "events per second carried to another member, none lost": [best] };
  },
};

async function carriesAll(
  program: Program,
  flags: readonly string[],
  ratePerSecond: number,
): Promise<boolean> {
  const cluster = await BenchCluster.start({
    program,
    memberCount: 2,
    flags: ["-log-level=WARN", ...flags],
  });
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
