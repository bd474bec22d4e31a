/**
 * How soon agents that are all told to join one of them know each other.
 *
 * Again and again with agents just started: what a join costs is code that runs for the first time,
 * and a single one of either program may take twice as long as the next.
 */
import { BenchCluster } from "../bench-cluster.ts";
import type { Measurement } from "./measurement.ts";

export function joined(memberCount: number): Measurement {
  return {
    name: `join-${memberCount}`,
    runs: 9,
    async measure(program, flags) {
      const cluster = await BenchCluster.start({ program, memberCount, flags });
      await cluster.close();
      return { [`join and agree, ${memberCount} members, ms`]: [cluster.joinedMs] };
    },
  };
}
