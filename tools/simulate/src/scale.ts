/**
 * `pnpm sim scale`: how far the simulation itself carries, as time and memory per member.
 *
 * One run a size, each in a process of its own so that memory is that run's alone. A run joins all
 * members through the first, lets the cluster rest, measures steady state, crashes one member and
 * waits until everybody knows.
 */
import { Cluster } from "./cluster.ts";

export interface ScalePlan {
  readonly members: number;
  readonly layer: "swim" | "serf";
  readonly seed: number;
  /** Members that join per virtual second. */
  readonly joinsPerSecond: number;
  readonly compress: boolean;
  /** Times a rumour is told, as a multiple of log10 n; 4 is the default of every profile but local. */
  readonly retransmitMultiplier: number;
  /** Datagrams a member may send per second to spread news at once; 1,000 is the default. */
  readonly eagerPerSecond: number;
  /** How long steady state is measured. */
  readonly steadyMs: number;
}

export interface ScaleFigures {
  readonly members: number;
  readonly layer: string;
  readonly compress: boolean;
  readonly retransmitMultiplier: number;
  /** From the first join until all agree: virtual time, seconds of CPU, seconds on the clock. */
  readonly formedVirtualS: number;
  readonly formedCpuS: number;
  readonly formedRealS: number;
  /** How many times faster than real time the quiet cluster runs, by CPU time. */
  readonly steadySpeed: number;
  readonly steadyCpuUsPerMemberSecond: number;
  readonly detectedVirtualS: number;
  readonly knownToAllVirtualS: number;
  readonly crashCpuS: number;
  /** All of it. */
  readonly totalCpuS: number;
  readonly totalRealS: number;
  readonly datagrams: number;
  readonly heapMiB: number;
  readonly residentMiB: number;
  readonly residentKiBPerMember: number;
}

type Progress = (what: string) => void;

/** Runs one size in this process. */
export function measureScale(plan: ScalePlan, progress: Progress): ScaleFigures {
  const { compress, eagerPerSecond, layer, members, retransmitMultiplier, seed, steadyMs } = plan;
  const swim = { compress, retransmitMultiplier, eagerGossipPerSecond: eagerPerSecond };
  const cluster = new Cluster({
    seed,
    layer,
    swim,
    keepEvents: 0,
    digest: false,
    expectedMembers: members,
  });
  const whole = new Stopwatch();
  startJoins(cluster, plan);
  runUntil(cluster, () => cluster.views.upCount === members && cluster.views.allAgree, progress);
  const formed = whole.read();
  const formedVirtualS = cluster.nowMs / 1_000;

  // Rumours of the joins are still told for a while; steady is after them.
  const restMs = 60_000;
  for (let atMs = 0; atMs < restMs; atMs += 1_000) step(cluster, progress);
  const steady = new Stopwatch();
  cluster.simulation.runFor(steadyMs);
  const steadyCpuS = steady.read().cpuS;

  const victim = `m${Math.floor(members / 2)}`;
  const crash = new Stopwatch();
  const crashMs = cluster.nowMs;
  cluster.crash(victim, "machine");
  runUntil(cluster, () => cluster.views.hopefulCount(victim) < members - 1, progress, 100);
  const detectedVirtualS = (cluster.nowMs - crashMs) / 1_000;
  runUntil(cluster, () => cluster.views.allAgree, progress, 100);
  const memory = process.memoryUsage();
  const total = whole.read();
  return {
    members,
    layer,
    compress,
    retransmitMultiplier,
    formedVirtualS,
    formedCpuS: formed.cpuS,
    formedRealS: formed.realS,
    steadySpeed: steadyMs / 1_000 / steadyCpuS,
    steadyCpuUsPerMemberSecond: (steadyCpuS * 1e6) / members / (steadyMs / 1_000),
    detectedVirtualS,
    knownToAllVirtualS: (cluster.nowMs - crashMs) / 1_000,
    crashCpuS: crash.read().cpuS,
    totalCpuS: total.cpuS,
    totalRealS: total.realS,
    datagrams: cluster.simulation.traffic().datagramsSent,
    heapMiB: (memory.heapUsed + memory.arrayBuffers) / 1_048_576,
    residentMiB: memory.rss / 1_048_576,
    residentKiBPerMember: memory.rss / 1_024 / members,
  };
}

function startJoins(cluster: Cluster, { joinsPerSecond, members }: ScalePlan): void {
  const join = (index: number): void => {
    cluster.add(`m${index}`);
    cluster.join(`m${index}`, "m0");
    if (index + 1 < members)
      cluster.simulation.after(1_000 / joinsPerSecond, () => join(index + 1));
  };
  cluster.add("m0");
  if (members > 1) cluster.simulation.after(1, () => join(1));
}

/** Seconds on the clock, and of CPU: on a busy machine only the second says what a run costs. */
class Stopwatch {
  readonly #startMs = performance.now();
  readonly #cpu = process.cpuUsage();

  read(): { readonly realS: number; readonly cpuS: number } {
    const { system, user } = process.cpuUsage(this.#cpu);
    return { realS: (performance.now() - this.#startMs) / 1_000, cpuS: (system + user) / 1e6 };
  }
}

function runUntil(
  cluster: Cluster,
  isDone: () => boolean,
  progress: Progress,
  everyMs: number = 200,
): void {
  const endMs = cluster.nowMs + 3_600_000;
  while (!isDone()) {
    if (cluster.nowMs >= endMs)
      throw new Error(`${cluster.views.agreeingCount} agree after an hour`);
    step(cluster, progress, everyMs);
  }
}

function step(cluster: Cluster, progress: Progress, everyMs: number = 1_000): void {
  cluster.simulation.runFor(everyMs);
  const { agreeingCount, upCount } = cluster.views;
  const residentMiB = Math.round(process.memoryUsage.rss() / 1_048_576);
  progress(
    `${(cluster.nowMs / 1_000).toFixed(1)} s  ${agreeingCount}/${upCount} agree  ${residentMiB} MiB`,
  );
}
