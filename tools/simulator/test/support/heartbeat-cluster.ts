import { Simulation, type Endpoint, type SimulationOptions } from "@x/simulator";
import { HeartbeatCore, type HeartbeatEvent } from "./heartbeat-core.ts";

export type HeartbeatSimulation = Simulation<HeartbeatCore, HeartbeatEvent, never>;

/** Members m0, m1, … that send each other heartbeats. */
export function heartbeatCluster(
  memberCount: number,
  options: Partial<SimulationOptions<HeartbeatCore, HeartbeatEvent, never>> & {
    readonly silenceMs?: number;
    readonly fanOut?: number;
  } = {},
): HeartbeatSimulation {
  const { silenceMs, fanOut, ...rest } = options;
  const simulation: HeartbeatSimulation = new Simulation({ seed: 1, ...rest });
  const endpoints: Endpoint[] = Array.from({ length: memberCount }, (_, index) => ({
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    port: 10_000 + index,
  }));
  endpoints.forEach((endpoint, index) => {
    const name = `m${index}`;
    const start = (nowMs: number): HeartbeatCore =>
      new HeartbeatCore({
        others: endpoints.filter((other) => other !== endpoint),
        random: simulation.randomFor(name).toFunction(),
        nowMs,
        ...(silenceMs === undefined ? {} : { silenceMs }),
        ...(fanOut === undefined ? {} : { fanOut }),
      });
    simulation.addMember(name, start(0), { endpoint, restart: start });
  });
  return simulation;
}
