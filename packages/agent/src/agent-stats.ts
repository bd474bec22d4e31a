/**
 * Figures about an agent, in the groups and under the names of the reference.
 *
 * Source: RPC specification §5.1, stats.
 */
import { availableParallelism, cpus } from "node:os";
import type { RunningSerf } from "@x/serf/node";
import type { HandlerSpec } from "./handler/handler-spec.ts";
import type { BackendStats } from "./rpc/server/rpc-backend.ts";

/** Names of processors as the reference's platform calls them. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** @returns the groups `agent`, `runtime`, `serf`, `tags` and `event_handlers`; all values are texts. */
export function agentStats(serf: RunningSerf, handlers: readonly HandlerSpec[]): BackendStats {
  const scripts = handlers.map(({ filter, script }): [string, string] => [
    `${filter.event}:${filter.name}`,
    script,
  ]);
  return {
    agent: { name: serf.localMember.name },
    runtime: {
      os: process.platform === "win32" ? "windows" : process.platform,
      arch: architectures[process.arch] ?? process.arch,
      version: `node${process.version}`,
      max_procs: String(availableParallelism()),
      goroutines: "1",
      cpu_count: String(cpus().length),
    },
    serf: serf.stats(),
    tags: serf.localMember.tags,
    event_handlers: Object.fromEntries(scripts),
  };
}
