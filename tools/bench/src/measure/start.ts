/** Start to RPC ready, one short command, and the resident memory of one idle agent. */
import { connect } from "node:net";
import { connectRpc } from "@x/agent/rpc-client";
import { AgentProcess, freePort } from "../../../interop/src/agent-process.ts";
import { cpuMs, residentMib } from "../process-figures.ts";
import { patienceMs, wait, type Measurement } from "./measurement.ts";

/** So long an agent is left to itself before its memory is looked at. */
export const idleMs = 3_000;

const lookEveryMs = 1;

export const start: Measurement = {
  name: "start",
  runs: 5,
  async measure(program, flags) {
    const [bindPort, rpcPort] = [await freePort(), await freePort()];
    const startMs = performance.now();
    const agent = await AgentProcess.launch(program, {
      node: "one",
      bindPort,
      rpcPort,
      flags: ["-profile=lan", ...flags],
    });
    try {
      for (;;) {
        if (await isListening(agent.rpcPort)) break;
        if (agent.exitCode !== undefined || performance.now() - startMs > patienceMs) {
          throw new Error(`the agent does not listen: ${agent.output}`);
        }
        // Not at every turn: whoever looks takes processor time from whoever starts.
        await wait(lookEveryMs);
      }
      const client = await connectRpc({ address: agent.rpc });
      await client.members();
      const readyMs = performance.now() - startMs;
      const readyCpuMs = cpuMs(agent.pid);
      await client.close();
      await agent.sees("Log data will now stream in");
      const commandStartMs = performance.now();
      await agent.command(program, ["members"]);
      const commandMs = performance.now() - commandStartMs;
      await wait(idleMs);
      return {
        "start to RPC ready, ms": [readyMs],
        "CPU until RPC ready, ms": [readyCpuMs],
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
