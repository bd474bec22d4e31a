/**
 * From the words of a command line to the configuration an agent runs with, or to the list of
 * everything that is wrong with it.
 *
 * Names are resolved and files opened later, where it can be waited for; here is what can be said
 * from the words alone. Source: agent specification §2 (order of checks, texts).
 */
import { type AgentConfig, defaultAgentConfig } from "./agent-config.ts";
import { readAgentFlags } from "./agent-flags.ts";
import { base64Fault } from "./base64-fault.ts";
import { type ConfigFiles, readConfigFiles } from "./config-file.ts";
import { type ConfigKey, configKeys } from "./config-keys.ts";
import { mergeConfig, type PartialAgentConfig } from "./config-merge.ts";
import { AddressError, parsePort, splitHostOptionalPort } from "./host-port.ts";
import { InvalidHandlerError, parseHandlerSpec } from "../handler/handler-spec.ts";
import { isLogLevel, type LogLevel, logLevels } from "../log/log-level.ts";

/** Why an agent cannot start: each text is one line (or block) for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** How a reload differs from a start. */
export interface LoadOptions {
  /** When a running agent reloads: the level to stay with where the configured one is none. */
  readonly keepLevel?: LogLevel;
}

/** A configuration without faults. */
export interface LoadedConfig {
  readonly config: AgentConfig;
  /** Things the operator should know that do not stop the start. */
  readonly notices: readonly string[];
}

const shortestRetryMs = 1_000;
const shortestBroadcastTimeoutMs = 1_000;
const syslogFacilities = new Set(
  `KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP
   LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7`.split(/\s+/),
);

/**
 * @param hostName - asked for the name of this machine when no node name is given.
 * @throws {FlagError} when the words are no flags: the caller shows the usage text.
 * @throws {ConfigError} with every fault found.
 */
export function loadConfig(
  words: readonly string[],
  hostName: () => string,
  options: LoadOptions = {},
): LoadedConfig {
  const flags = readAgentFlags(words);
  const files = readConfigFiles(flags.configPaths);
  const faults = [...flags.faults, ...files.faults];
  let config = defaultAgentConfig;
  for (const file of files.configs) config = mergeConfig(config, file.config);
  config = mergeConfig(config, flags.config);

  const notices: string[] = [];
  const changes: { -readonly [Field in keyof AgentConfig]?: AgentConfig[Field] } = {};
  if (config.nodeName === "") changes.nodeName = hostName();
  if (config.role !== "") {
    notices.push("Deprecation warning: 'Role' has been replaced with 'Tags'");
    changes.tags = { ...config.tags, role: config.role };
  }
  if (config.retryIntervalMs < shortestRetryMs) {
    notices.push("Warning: 'RetryInterval' is too low. Setting to 1s");
    changes.retryIntervalMs = shortestRetryMs;
  }
  if (config.broadcastTimeoutMs < shortestBroadcastTimeoutMs) {
    notices.push("Warning: 'BroadcastTimeout' is too low. Setting to 1s");
    changes.broadcastTimeoutMs = shortestBroadcastTimeoutMs;
  }
  if (config.rejoinAfterLeave && config.snapshotPath === "") {
    notices.push("Warning: 'RejoinAfterLeave' enabled without snapshot file");
  }
  const levelFault = logLevelFault(config.logLevel);
  if (levelFault !== undefined && options.keepLevel !== undefined) {
    notices.push(levelFault);
    changes.logLevel = options.keepLevel;
  }
  config = { ...config, ...changes };
  faults.push(...findFaults(config, (field, value) => origin(field, value, flags.config, files)));
  if (faults.length > 0) throw new ConfigError(faults);
  return { config, notices };
}

/**
 * Where a value stands, for values from files: ` (key 'profile' in 'a.json')`.
 *
 * Deviation: the reference names neither, and leaves the operator to search.
 */
function origin(
  field: keyof AgentConfig,
  value: string,
  flags: PartialAgentConfig,
  files: ConfigFiles,
): string {
  const holds = (config: PartialAgentConfig): boolean => {
    const found = config[field];
    return Array.isArray(found) ? found.includes(value) : found === value;
  };
  const key = configKeys.find(
    (entry): entry is Exclude<ConfigKey, { kind: "ignored-claim" }> =>
      entry.kind !== "ignored-claim" && entry.field === field,
  )?.key;
  const file = files.configs.findLast(({ config }) => holds(config))?.file;
  if (holds(flags) || file === undefined || key === undefined) return "";
  return ` (key '${key}' in '${file}')`;
}

function logLevelFault(level: string): string | undefined {
  if (isLogLevel(level.toUpperCase())) return undefined;
  return `Invalid log level: ${level.toUpperCase()}. Valid log levels are: [${logLevels.join(" ")}]`;
}

/** Every fault that shows without asking the operating system, in the reference's order. */
function findFaults(
  config: AgentConfig,
  at: (field: keyof AgentConfig, value: string) => string,
): string[] {
  const faults: string[] = [];
  const add = (field: keyof AgentConfig, value: string, fault: string | undefined): void => {
    if (fault !== undefined) faults.push(`${fault}${at(field, value)}`);
  };
  for (const spec of config.eventHandlers) {
    try {
      parseHandlerSpec(spec);
    } catch (error) {
      if (!(error instanceof InvalidHandlerError)) throw error;
      add("eventHandlers", spec, error.message);
    }
  }
  if (config.mdnsInterface !== "" && config.discover === "") {
    add(
      "mdnsInterface",
      config.mdnsInterface,
      "mDNS interface specified without enabling mDNS discovery",
    );
  }
  if (config.mdnsInterface !== "" && config.mdnsDisableIpv4 && config.mdnsDisableIpv6) {
    faults.push("Invalid mDNS configuration: both IPv4 and IPv6 are disabled");
  }
  const { logLevel, logFormat, syslogFacility, encryptKey, profile } = config;
  add("logLevel", logLevel, logLevelFault(logLevel));
  if (logFormat !== "text" && logFormat !== "json") {
    const text = `Invalid log format: ${logFormat}. Valid log formats are: [text json]`;
    add("logFormat", logFormat, text);
  }
  if (config.enableSyslog && !syslogFacilities.has(syslogFacility.toUpperCase())) {
    const text = `Syslog setup failed: invalid syslog facility: ${syslogFacility.toUpperCase()}`;
    add("syslogFacility", syslogFacility, text);
  }
  for (const field of ["bind", "advertise"] as const) {
    add(field, config[field], addressFault(field, config[field]));
  }
  const keyFault = base64Fault(encryptKey);
  if (keyFault !== undefined) {
    add("encryptKey", encryptKey, `Invalid encryption key: ${keyFault}`);
  }
  if (!["lan", "wan", "local"].includes(profile)) {
    add("profile", profile, `Unknown profile: ${profile}`);
  }
  return faults;
}

function addressFault(which: string, text: string): string | undefined {
  if (text === "") return undefined;
  try {
    parsePort(splitHostOptionalPort(text).port);
    return undefined;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return `Invalid ${which} address: ${error.message}`;
  }
}
