/**
 * What the program costs beyond Node itself: a start, a short command and an idle agent, beside a
 * Node that does nothing, in the same run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { residentMib } from "../process-figures.ts";
import type { Figures, Measurement } from "./measurement.ts";
import { wait } from "./measurement.ts";
import { idleMs, start } from "./start.ts";

/** Ends every figure of this measurement, in whose rows bare Node is in the reference's place. */
export const besideNode = ", beside bare Node";

const names = {
  ready: `start to RPC ready${besideNode}, ms`,
  command: `\`serf members\`${besideNode}, ms`,
  resident: `idle resident${besideNode} with two sockets, MiB`,
};

/** One UDP and one TCP socket, as every agent has, and nothing else. */
const twoSockets =
  'require("node:dgram").createSocket("udp4").bind(0, "127.0.0.1");' +
  'require("node:net").createServer().listen(0, "127.0.0.1", () => process.stdout.write("up"));';

export const beside: Measurement = {
  name: "beside-node",
  runs: 9,
  async measure(program, flags) {
    const figures = await start.measure(program, flags);
    return {
      [names.ready]: figures["start to RPC ready, ms"] ?? [],
      [names.command]: figures["`serf members`, ms"] ?? [],
      [names.resident]: figures["idle resident, MiB"] ?? [],
    };
  },
  measureReference: () => bareNode(idleMs),
};

/** @param restMs - how long the Node with two sockets is left to itself before it is looked at. */
export async function bareNode(restMs: number): Promise<Figures> {
  // Once beside each: a machine that has other work to do has less or more of it a second later.
  return {
    [names.ready]: [await bareStartMs()],
    [names.command]: [await bareStartMs()],
    [names.resident]: [await bareResidentMib(restMs)],
  };
}

/** From spawning `node -e 0` until it has ended. */
async function bareStartMs(): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const [exitCode] = (await once(child, "close")) as [number | null];
  if (exitCode !== 0) throw new Error(`node -e 0 ended with ${exitCode}`);
  return performance.now() - startMs;
}

async function bareResidentMib(restMs: number): Promise<number> {
  const child = spawn(process.execPath, ["-e", twoSockets], { stdio: ["ignore", "pipe", "pipe"] });
  try {
    await Promise.race([
      once(child.stdout, "data"),
      once(child, "close").then(() => {
        throw new Error("the bare Node with two sockets ended");
      }),
    ]);
    await wait(restMs);
    return residentMib(child.pid ?? -1);
  } finally {
    child.kill("SIGKILL");
  }
}
