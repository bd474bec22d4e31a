/**
 * The flags of `serf agent`, and what they say about the configuration.
 *
 * Source: agent specification §1.
 */
import type { PartialAgentConfig } from "./config-merge.ts";
import { DurationError, parseDuration } from "./duration.ts";
import { type FlagSpec, type ParsedFlags, parseFlags } from "./flag-syntax.ts";
import { parseTag, TagError } from "./tag-text.ts";

/** Files and directories share one list, so that their common order is kept. */
const configList = "config";

function flag(
  name: string,
  kind: FlagSpec["kind"],
  help: string,
  more: Partial<FlagSpec> = {},
): FlagSpec {
  return { name, kind, help, ...more };
}

/** In the order of the help text. */
export const agentFlags: readonly FlagSpec[] = [
  flag("bind", "text", "Address to bind to.", {
    placeholder: "addr",
    shownDefault: "0.0.0.0:7946",
  }),
  flag("iface", "text", "Network interface to bind to.", { placeholder: "name" }),
  flag("advertise", "text", "Address to tell the other members.", { placeholder: "addr" }),
  flag("config-file", "list", "JSON file to read options from. May be repeated.", {
    placeholder: "path",
    sharedList: configList,
  }),
  flag("config-dir", "list", "Directory whose *.json files are read. May be repeated.", {
    placeholder: "path",
    sharedList: configList,
  }),
  flag("encrypt", "text", "Base64 key of 16, 24 or 32 bytes (see keygen).", { placeholder: "key" }),
  flag("keyring-file", "text", "File to keep the keys in.", { placeholder: "path" }),
  flag("event-handler", "list", "Script to run on events: [FILTER=]SCRIPT. May be repeated.", {
    placeholder: "spec",
  }),
  flag("join", "list", "Member to join at start. May be repeated.", { placeholder: "addr" }),
  flag("replay", "boolean", "Deliver user events from before the join."),
  flag("log-level", "text", "Least level to log.", {
    placeholder: "level",
    shownDefault: "INFO",
    choices: ["TRACE", "DEBUG", "INFO", "WARN", "ERR"],
  }),
  flag("log-format", "text", "Log lines for people (text) or machines (json).", {
    placeholder: "format",
    shownDefault: "text",
    choices: ["text", "json"],
  }),
  flag("node", "text", "Unique name of this member.", {
    placeholder: "name",
    shownDefault: "the host name",
  }),
  flag("protocol", "integer", "Protocol version to speak.", {
    placeholder: "n",
    shownDefault: "5",
  }),
  flag("role", "text", "Deprecated: use -tag role=ROLE.", { placeholder: "role" }),
  flag("rpc-addr", "text", "Address the RPC server listens on.", {
    placeholder: "addr",
    shownDefault: "127.0.0.1:7373",
  }),
  flag("rpc-auth-file", "text", "File holding the token RPC clients must present.", {
    placeholder: "path",
  }),
  flag("profile", "text", "Timing profile.", {
    placeholder: "name",
    shownDefault: "lan",
    choices: ["lan", "wan", "local"],
  }),
  flag("snapshot", "text", "File to remember the cluster in across restarts.", {
    placeholder: "path",
  }),
  flag("tag", "list", "Tag of this member: key=value. May be repeated.", { placeholder: "tag" }),
  flag("tags-file", "text", "File to keep the tags in.", { placeholder: "path" }),
  flag("discover", "text", "Find members of this cluster name by mDNS.", { placeholder: "name" }),
  flag("mdns-iface", "text", "Interface for mDNS.", { placeholder: "name" }),
  flag("mdns-disable-ipv4", "boolean", "No mDNS over IPv4."),
  flag("mdns-disable-ipv6", "boolean", "No mDNS over IPv6."),
  flag("syslog", "boolean", "Log to syslog as well."),
  flag("retry-join", "list", "Member to join, tried until it works. May be repeated.", {
    placeholder: "addr",
  }),
  flag("retry-interval", "text", "Time between tries.", {
    placeholder: "duration",
    shownDefault: "30s",
  }),
  flag("retry-max", "integer", "Give up after this many more tries; 0 = never.", {
    placeholder: "n",
    shownDefault: "0",
  }),
  flag("rejoin", "boolean", "Rejoin from the snapshot even after a leave."),
  flag("disable-compression", "boolean", "Send messages uncompressed."),
  flag("broadcast-timeout", "text", "How long leaves and tag changes wait to be told.", {
    placeholder: "duration",
    shownDefault: "5s",
  }),
];

/** What the command line says: the configuration part, and which files to read before it. */
export interface AgentFlags {
  readonly config: PartialAgentConfig;
  readonly configPaths: readonly string[];
  /** Values that are no tags or durations, all of them, in the reference's words. */
  readonly faults: readonly string[];
}

/** @throws {FlagError} for words that follow no flag. */
export function readAgentFlags(words: readonly string[]): AgentFlags {
  const parsed = parseFlags(words, agentFlags);
  const config: PartialAgentConfig = {};
  readTexts(parsed, config);
  readClaims(parsed, config);
  const faults: string[] = [];
  const tags: (readonly [string, string])[] = [];
  for (const text of parsed.lists.get("tag") ?? []) {
    collectFault(faults, () => void tags.push(parseTag(text)));
  }
  readDurations(parsed, config, faults);
  const list = (name: string): readonly string[] => parsed.lists.get(name) ?? [];
  config.eventHandlers = list("event-handler");
  config.startJoin = list("join");
  config.retryJoin = list("retry-join");
  config.tags = Object.fromEntries(tags);
  return { config, configPaths: list(configList), faults };
}

function collectFault(faults: string[], read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof TagError) && !(error instanceof DurationError)) throw error;
    faults.push(`Error: ${error.message}`);
  }
}

function readTexts(parsed: ParsedFlags, config: PartialAgentConfig): void {
  const fields = [
    ["bind", "bind"],
    ["iface", "interfaceName"],
    ["advertise", "advertise"],
    ["encrypt", "encryptKey"],
    ["keyring-file", "keyringFile"],
    ["log-level", "logLevel"],
    ["log-format", "logFormat"],
    ["node", "nodeName"],
    ["role", "role"],
    ["rpc-addr", "rpcAddress"],
    ["rpc-auth-file", "rpcAuthFile"],
    ["profile", "profile"],
    ["snapshot", "snapshotPath"],
    ["tags-file", "tagsFile"],
    ["discover", "discover"],
    ["mdns-iface", "mdnsInterface"],
  ] as const;
  for (const [name, field] of fields) {
    const value = parsed.values.get(name);
    if (typeof value === "string") config[field] = value;
  }
  const protocol = parsed.values.get("protocol");
  if (typeof protocol === "number") config.protocol = protocol;
  const retryMax = parsed.values.get("retry-max");
  if (typeof retryMax === "number") config.retryMaxAttempts = retryMax;
}

function readClaims(parsed: ParsedFlags, config: PartialAgentConfig): void {
  const fields = [
    ["replay", "replayOnJoin"],
    ["mdns-disable-ipv4", "mdnsDisableIpv4"],
    ["mdns-disable-ipv6", "mdnsDisableIpv6"],
    ["syslog", "enableSyslog"],
    ["rejoin", "rejoinAfterLeave"],
  ] as const;
  for (const [name, field] of fields) {
    if (parsed.values.get(name) === true) config[field] = true;
  }
  if (parsed.values.get("disable-compression") === true) config.enableCompression = false;
}

function readDurations(parsed: ParsedFlags, config: PartialAgentConfig, faults: string[]): void {
  const fields = [
    ["retry-interval", "retryIntervalMs"],
    ["broadcast-timeout", "broadcastTimeoutMs"],
  ] as const;
  for (const [name, field] of fields) {
    const value = parsed.values.get(name);
    if (typeof value !== "string" || value === "") continue;
    collectFault(faults, () => {
      config[field] = parseDuration(value).ms;
    });
  }
}
