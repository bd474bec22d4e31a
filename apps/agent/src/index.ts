/**
 * The full node as a function: `serf agent` and `serf-agent` are the same program.
 *
 * @packageDocumentation
 */
export { runAgentProgram } from "./agent-program.ts";
export type { AgentWorld } from "./agent-program.ts";
export { processWorld } from "./process-world.ts";
