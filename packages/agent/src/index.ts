/**
 * The long-running Serf node: configuration, scripts, RPC, discovery.
 *
 * Reading order: `agent.ts` (the parts and their order), `config/load-config.ts` (what it is told),
 * `handler/handler-runner.ts` (scripts), `rpc/server/rpc-server.ts` (the door). RPC clients want
 * `@x/agent/rpc-client`, which pulls in nothing else.
 *
 * @packageDocumentation
 */
export { Agent } from "./agent.ts";
export type { AgentParts } from "./agent.ts";
export { AgentBackend } from "./agent-backend.ts";
export type { AgentBackendParts } from "./agent-backend.ts";
export { AgentError } from "./agent-error.ts";
export type { AgentErrorCode } from "./agent-error.ts";
export { NetworkError, resolveNetwork } from "./agent-network.ts";
export type { AgentNetwork, ResolvedAddress } from "./agent-network.ts";
export { defaultAgentConfig, defaultRpcAddress } from "./config/agent-config.ts";
export type { AgentConfig } from "./config/agent-config.ts";
export { agentFlags } from "./config/agent-flags.ts";
export { errnoText } from "./config/config-file.ts";
export { joinHostPort } from "./config/host-port.ts";
export { ConfigError, loadConfig } from "./config/load-config.ts";
export type { LoadedConfig, LoadOptions } from "./config/load-config.ts";
export { EventFanout } from "./event-fanout.ts";
export { AgentLog } from "./log/agent-log.ts";
export type { AgentLogOptions, LogSink } from "./log/agent-log.ts";
export { isLogLevel, logLevels } from "./log/log-level.ts";
export type { LogLevel } from "./log/log-level.ts";
export { openSyslog } from "./log/syslog.ts";
export { retryJoin } from "./retry-join.ts";
export type { RetryJoinOptions } from "./retry-join.ts";
export { startRpcServer } from "./rpc/server/rpc-server.ts";
export type { RpcServer, RpcServerCounters, RpcServerOptions } from "./rpc/server/rpc-server.ts";
export type { RpcBackend } from "./rpc/server/rpc-backend.ts";
export { Metrics } from "./telemetry/metrics.ts";
export type { MetricKind, MetricSink } from "./telemetry/metrics.ts";
export { openStatsd, openStatsite } from "./telemetry/statsd.ts";
