/**
 * The names of the options in configuration files, and the kind of value each takes.
 *
 * One table serves decoding, merging and the documentation, so they cannot disagree.
 * Source: agent specification §1, §2.
 */
import type {
  AgentClaims,
  AgentCounts,
  AgentDurations,
  AgentLists,
  AgentTexts,
} from "./agent-config.ts";

/** A name, the kind of its value, and the field it fills. */
export type ConfigKey =
  | { readonly key: string; readonly kind: "text"; readonly field: keyof AgentTexts }
  | { readonly key: string; readonly kind: "claim"; readonly field: keyof AgentClaims }
  | { readonly key: string; readonly kind: "count"; readonly field: keyof AgentCounts }
  | { readonly key: string; readonly kind: "duration"; readonly field: keyof AgentDurations }
  | { readonly key: string; readonly kind: "list"; readonly field: keyof AgentLists }
  | { readonly key: string; readonly kind: "tags"; readonly field: "tags" }
  /** A boolean of which the last one given wins, whichever it is. */
  | { readonly key: string; readonly kind: "switch"; readonly field: "enableCompression" }
  /** Understood and of no effect, as in the reference. */
  | { readonly key: string; readonly kind: "ignored-claim" };

/** Keys of the object under `mdns` are written `mdns.<key>` here. */
export const configKeys: readonly ConfigKey[] = [
  { key: "node_name", kind: "text", field: "nodeName" },
  { key: "bind", kind: "text", field: "bind" },
  { key: "interface", kind: "text", field: "interfaceName" },
  { key: "advertise", kind: "text", field: "advertise" },
  { key: "encrypt_key", kind: "text", field: "encryptKey" },
  { key: "keyring_file", kind: "text", field: "keyringFile" },
  { key: "log_level", kind: "text", field: "logLevel" },
  { key: "log_format", kind: "text", field: "logFormat" },
  { key: "role", kind: "text", field: "role" },
  { key: "rpc_addr", kind: "text", field: "rpcAddress" },
  { key: "rpc_auth", kind: "text", field: "rpcAuth" },
  { key: "rpc_auth_file", kind: "text", field: "rpcAuthFile" },
  { key: "profile", kind: "text", field: "profile" },
  { key: "snapshot_path", kind: "text", field: "snapshotPath" },
  { key: "tags_file", kind: "text", field: "tagsFile" },
  { key: "discover", kind: "text", field: "discover" },
  { key: "mdns.interface", kind: "text", field: "mdnsInterface" },
  { key: "syslog_facility", kind: "text", field: "syslogFacility" },
  { key: "statsite_addr", kind: "text", field: "statsiteAddress" },
  { key: "statsd_addr", kind: "text", field: "statsdAddress" },
  { key: "replay_on_join", kind: "claim", field: "replayOnJoin" },
  { key: "mdns.disable_ipv4", kind: "claim", field: "mdnsDisableIpv4" },
  { key: "mdns.disable_ipv6", kind: "claim", field: "mdnsDisableIpv6" },
  { key: "enable_syslog", kind: "claim", field: "enableSyslog" },
  { key: "rejoin_after_leave", kind: "claim", field: "rejoinAfterLeave" },
  { key: "leave_on_terminate", kind: "claim", field: "leaveOnTerminate" },
  { key: "skip_leave_on_interrupt", kind: "claim", field: "skipLeaveOnInterrupt" },
  { key: "disable_name_resolution", kind: "claim", field: "disableNameResolution" },
  { key: "disable_coordinates", kind: "claim", field: "disableCoordinates" },
  { key: "disable_flap_damping", kind: "claim", field: "disableFlapDamping" },
  { key: "validate_node_names", kind: "claim", field: "validateNodeNames" },
  { key: "disable_rpc", kind: "claim", field: "disableRpc" },
  { key: "MsgpackUseNewTimeFormat", kind: "ignored-claim" },
  { key: "protocol", kind: "count", field: "protocol" },
  { key: "retry_max_attempts", kind: "count", field: "retryMaxAttempts" },
  { key: "query_response_size_limit", kind: "count", field: "queryResponseSizeLimit" },
  { key: "query_size_limit", kind: "count", field: "querySizeLimit" },
  { key: "user_event_size_limit", kind: "count", field: "userEventSizeLimit" },
  { key: "retry_interval", kind: "duration", field: "retryIntervalMs" },
  { key: "broadcast_timeout", kind: "duration", field: "broadcastTimeoutMs" },
  { key: "reconnect_interval", kind: "duration", field: "reconnectIntervalMs" },
  { key: "reconnect_timeout", kind: "duration", field: "reconnectTimeoutMs" },
  { key: "tombstone_timeout", kind: "duration", field: "tombstoneTimeoutMs" },
  { key: "handler_timeout", kind: "duration", field: "handlerTimeoutMs" },
  { key: "event_handlers", kind: "list", field: "eventHandlers" },
  { key: "start_join", kind: "list", field: "startJoin" },
  { key: "retry_join", kind: "list", field: "retryJoin" },
  { key: "tags", kind: "tags", field: "tags" },
  { key: "enable_compression", kind: "switch", field: "enableCompression" },
];
