/** `members` calls on an agent that knows 40 members. */
import { BenchCluster } from "../bench-cluster.ts";
import { cpuMs } from "../process-figures.ts";
import { wait, type Measurement } from "./measurement.ts";

export const memberCalls: Measurement = {
  name: "members-40",
  runs: 2,
  async measure(program, flags) {
    const cluster = await BenchCluster.start({ program, memberCount: 40, flags });
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
