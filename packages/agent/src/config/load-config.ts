/**
 * From the words of a command line to the configuration an agent runs with, or to the list of
 * everything that is wrong with it.
 *
 * Names are resolved and files opened later, where it can be waited for; here is what can be said
 * from the words alone. Source: agent specification §2 (order of checks, texts).
 */
import { type AgentConfig, defaultAgentConfig } from "./agent-config.ts";
import { readAgentFlags } from "./agent-flags.ts";
import { readConfigFiles } from "./config-file.ts";
import { mergeConfig } from "./config-merge.ts";
import { DurationError } from "./duration.ts";
import { AddressError, parsePort, splitHostOptionalPort } from "./host-port.ts";
import { TagError } from "./tag-text.ts";
import { InvalidHandlerError, parseHandlerSpec } from "../handler/handler-spec.ts";
import { isLogLevel, logLevels } from "../log/log-level.ts";

/** Why an agent cannot start: each text is one line (or block) for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

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
 * @param hostName - the name of this machine, used when no node name is given.
 * @throws {FlagError} when the words are no flags: the caller shows the usage text.
 * @throws {ConfigError} with every fault found.
 */
export function loadConfig(words: readonly string[], hostName: string): LoadedConfig {
  const flags = readFlags(words);
  const files = readConfigFiles(flags.configPaths);
  const faults = [...files.faults];
  let config = defaultAgentConfig;
  for (const file of files.configs) config = mergeConfig(config, file.config);
  config = mergeConfig(config, flags.config);

  const notices: string[] = [];
  const changes: { -readonly [Field in keyof AgentConfig]?: AgentConfig[Field] } = {};
  if (config.nodeName === "") changes.nodeName = hostName;
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
  config = { ...config, ...changes };
  faults.push(...findFaults(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return { config, notices };
}

function readFlags(words: readonly string[]): ReturnType<typeof readAgentFlags> {
  try {
    return readAgentFlags(words);
  } catch (error) {
    if (error instanceof TagError || error instanceof DurationError) {
      throw new ConfigError([`Error: ${error.message}`]);
    }
    throw error;
  }
}

/** Every fault that shows without asking the operating system, in the reference's order. */
function findFaults(config: AgentConfig): string[] {
  const faults: string[] = [];
  for (const spec of config.eventHandlers) {
    try {
      parseHandlerSpec(spec);
    } catch (error) {
      if (!(error instanceof InvalidHandlerError)) throw error;
      faults.push(error.message);
    }
  }
  if (config.mdnsInterface !== "" && config.discover === "") {
    faults.push("mDNS interface specified without enabling mDNS discovery");
  }
  if (config.mdnsInterface !== "" && config.mdnsDisableIpv4 && config.mdnsDisableIpv6) {
    faults.push("Invalid mDNS configuration: both IPv4 and IPv6 are disabled");
  }
  if (!isLogLevel(config.logLevel.toUpperCase())) {
    const valid = logLevels.join(" ");
    faults.push(`Invalid log level: ${config.logLevel}. Valid log levels are: [${valid}]`);
  }
  if (config.logFormat !== "text" && config.logFormat !== "json") {
    faults.push(`Invalid log format: ${config.logFormat}. Valid log formats are: [text json]`);
  }
  if (config.enableSyslog && !syslogFacilities.has(config.syslogFacility.toUpperCase())) {
    faults.push(`Syslog setup failed: invalid syslog facility: ${config.syslogFacility}`);
  }
  faults.push(
    ...addressFaults("bind", config.bind),
    ...addressFaults("advertise", config.advertise),
  );
  const keyFault = base64Fault(config.encryptKey);
  if (keyFault !== undefined) faults.push(`Invalid encryption key: ${keyFault}`);
  if (!["lan", "wan", "local"].includes(config.profile)) {
    faults.push(`Unknown profile: ${config.profile}`);
  }
  return faults;
}

function addressFaults(which: string, text: string): string[] {
  if (text === "") return [];
  try {
    parsePort(splitHostOptionalPort(text).port);
    return [];
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return [`Invalid ${which} address: ${error.message}`];
  }
}

/**
 * @returns the reference's complaint about a base64 text, with the position of the first byte
 *   that does not fit; `undefined` when the text is fine.
 */
export function base64Fault(text: string): string | undefined {
  // Line breaks are skipped by the reference's decoder.
  let significant = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === "\r" || character === "\n") continue;
    const left = significant % 4;
    if (character === "=") {
      const rest = text.slice(index).replaceAll(/[\r\n]/g, "");
      const wanted = left === 2 ? "==" : left === 3 ? "=" : undefined;
      if (wanted === undefined) return `illegal base64 data at input byte ${index}`;
      if (rest === wanted) return undefined;
      const after = rest.startsWith(wanted)
        ? index + wanted.length
        : index + Math.max(1, rest.length);
      return `illegal base64 data at input byte ${Math.min(after, text.length)}`;
    }
    if (!/[A-Za-z0-9+/]/.test(character)) return `illegal base64 data at input byte ${index}`;
    significant += 1;
  }
  return significant % 4 === 0
    ? undefined
    : `illegal base64 data at input byte ${text.length - (significant % 4)}`;
}
