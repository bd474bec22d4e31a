/** `members` calls on an agent that knows 40 members. */
import { BenchCluster } from "../bench-cluster.ts";
import { cpuMs } from "../process-figures.ts";
import { wait, type Measurement } from "./measurement.ts";
import { RawRpc, rpcRequest } from "./raw-rpc.ts";

const warmUpCalls = 20_000;
const calls = 10_000;

export const memberCalls: Measurement = {
  name: "members-40",
  runs: 1,
  async measure(program, flags) {
    const cluster = await BenchCluster.start({ program, memberCount: 40, flags });
    try {
      await wait(3_000);
      const { agent } = cluster.first;
      const rpc = await RawRpc.connect(agent.rpcPort);
      const request = rpcRequest("members");
      const answerBytes = await rpc.answerBytes(request);
      const rate = (count: number, inFlight: number): Promise<number> =>
        rpc.rate(
          Array.from({ length: count }, () => request),
          answerBytes,
          inFlight,
        );
      // Whoever polls polls for long: what an agent does at first is left out, for both programs.
      await rate(warmUpCalls, 1);
      const single = await rate(calls, 1);
      const cpuBefore = cpuMs(agent.pid);
      const pipelined = await rate(calls, 100);
      const cpu = cpuMs(agent.pid) - cpuBefore;
      rpc.close();
      return {
        "`members` calls per second, 40 members": [single],
        "`members` calls per second, pipelined": [pipelined],
        "CPU per 1,000 `members` calls, ms": [(cpu * 1_000) / calls],
      };
    } finally {
      await cluster.close();
    }
  },
};
