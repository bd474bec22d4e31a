/**
 * What a start needs before there is an agent: log, metrics, addresses, the RPC token.
 *
 * Source: agent specification §2 (texts).
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import {
  type AgentConfig,
  AgentLog,
  type AgentNetwork,
  errnoText,
  type LogLevel,
  Metrics,
  NetworkError,
  openStatsd,
  openStatsite,
  openSyslog,
  resolveNetwork,
} from "@x/agent";

/** The start went wrong; what was logged so far helps to see why. */
export class StartFailure extends Error {
  readonly log: AgentLog | undefined;

  constructor(message: string, log?: AgentLog) {
    super(message);
    this.log = log;
  }
}

/** @throws {StartFailure} when there is no syslog to be had. */
export async function openLog(
  config: AgentConfig,
  writeTerminal: (text: string) => void,
): Promise<AgentLog> {
  const log = new AgentLog({
    level: config.logLevel.toUpperCase() as LogLevel,
    format: config.logFormat === "json" ? "json" : "text",
    writeTerminal,
    now: () => new Date(),
  });
  if (config.enableSyslog) {
    try {
      log.addSink(await openSyslog(config.syslogFacility));
    } catch (error) {
      throw new StartFailure(`Syslog setup failed: ${(error as Error).message}`);
    }
  }
  return log;
}

/** @throws {StartFailure} when an address is none. */
export function openMetrics(config: AgentConfig): Metrics {
  const hasDaemon = config.statsiteAddress !== "" || config.statsdAddress !== "";
  // Only daemons are told the name, and asking for it takes Bun half a millisecond of a start.
  const metrics = new Metrics(() => Date.now(), hasDaemon ? hostname() : "");
  for (const [name, address, open] of [
    ["statsite", config.statsiteAddress, openStatsite],
    ["statsd", config.statsdAddress, openStatsd],
  ] as const) {
    if (address === "") continue;
    try {
      metrics.addSink(open(address));
    } catch (error) {
      throw new StartFailure(`Failed to start ${name} sink. Got: ${(error as Error).message}`);
    }
  }
  return metrics;
}

/** @throws {StartFailure} when an address cannot be resolved. */
export async function openNetwork(config: AgentConfig): Promise<AgentNetwork> {
  try {
    return await resolveNetwork(config);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    throw new StartFailure(error.message);
  }
}

/** @throws {StartFailure} when the file cannot be read or is empty. */
export function readAuthKey(config: AgentConfig): string {
  if (config.rpcAuth !== "" || config.rpcAuthFile === "") return config.rpcAuth;
  const path = config.rpcAuthFile;
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new StartFailure(`Error reading '${path}': open ${path}: ${errnoText(error)}`);
  }
  // Without this an emptied file would open the door to everybody.
  if (token === "") throw new StartFailure(`Error reading '${path}': it holds no token`);
  return token;
}
