/**
 * Everything an agent can be told, and what holds when nothing is said.
 *
 * Read next: `config-keys.ts` (names in files), `config-merge.ts` (which of two values wins).
 * Source: agent specification §1.
 */

/** Every field a text. */
export interface AgentTexts {
  /** Unique name in the cluster; empty = the host name. */
  readonly nodeName: string;
  /** `host`, `host:port`, `[v6]`, `[v6]:port`. */
  readonly bind: string;
  /** Network interface to bind to; empty = none. */
  readonly interfaceName: string;
  /** What the others are told to connect to; empty = the bind address. */
  readonly advertise: string;
  /** Base64 of 16, 24 or 32 bytes; empty = no encryption. */
  readonly encryptKey: string;
  readonly keyringFile: string;
  readonly logLevel: string;
  /** `text` or `json`. */
  readonly logFormat: string;
  /** Deprecated: becomes the tag `role`. */
  readonly role: string;
  readonly rpcAddress: string;
  readonly rpcAuth: string;
  /** A file holding the RPC token, so that it shows neither in configuration nor process lists. */
  readonly rpcAuthFile: string;
  /** `lan`, `wan` or `local`. */
  readonly profile: string;
  readonly snapshotPath: string;
  readonly tagsFile: string;
  /** Cluster name for mDNS discovery; empty = off. */
  readonly discover: string;
  readonly mdnsInterface: string;
  readonly syslogFacility: string;
  /** `host:port`; empty = off. */
  readonly statsiteAddress: string;
  /** `host:port`; empty = off. */
  readonly statsdAddress: string;
}

/** Every field a claim that stays true once a file or flag made it. */
export interface AgentClaims {
  readonly replayOnJoin: boolean;
  readonly mdnsDisableIpv4: boolean;
  readonly mdnsDisableIpv6: boolean;
  readonly enableSyslog: boolean;
  readonly rejoinAfterLeave: boolean;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  readonly disableNameResolution: boolean;
  readonly disableCoordinates: boolean;
  /** Show every failure and return of a member that flaps, as the reference does. */
  readonly disableFlapDamping: boolean;
  readonly validateNodeNames: boolean;
  /** Do not open the RPC door at all. */
  readonly disableRpc: boolean;
}

/** Every field a whole number. */
export interface AgentCounts {
  /** Serf protocol version spoken, 2 to 5. */
  readonly protocol: number;
  /** 0 = for ever. */
  readonly retryMaxAttempts: number;
  readonly queryResponseSizeLimit: number;
  readonly querySizeLimit: number;
  /** At most 9216. */
  readonly userEventSizeLimit: number;
}

/** Every field in milliseconds. */
export interface AgentDurations {
  readonly retryIntervalMs: number;
  readonly broadcastTimeoutMs: number;
  readonly reconnectIntervalMs: number;
  readonly reconnectTimeoutMs: number;
  readonly tombstoneTimeoutMs: number;
  /** How long a handler may run; 0 = as long as it likes. */
  readonly handlerTimeoutMs: number;
}

/** Every field a list that files and flags append to. */
export interface AgentLists {
  readonly eventHandlers: readonly string[];
  readonly startJoin: readonly string[];
  readonly retryJoin: readonly string[];
}

/** Everything at once, as an agent runs with it. */
export interface AgentConfig
  extends AgentTexts, AgentClaims, AgentCounts, AgentDurations, AgentLists {
  readonly tags: Readonly<Record<string, string>>;
  readonly enableCompression: boolean;
}

/** Where the RPC server listens unless told otherwise. */
export const defaultRpcAddress = "127.0.0.1:7373";

/** What holds when nothing is said. */
export const defaultAgentConfig: AgentConfig = {
  nodeName: "",
  bind: "0.0.0.0",
  interfaceName: "",
  advertise: "",
  encryptKey: "",
  keyringFile: "",
  logLevel: "INFO",
  logFormat: "text",
  role: "",
  rpcAddress: defaultRpcAddress,
  rpcAuth: "",
  rpcAuthFile: "",
  profile: "lan",
  snapshotPath: "",
  tagsFile: "",
  discover: "",
  mdnsInterface: "",
  syslogFacility: "LOCAL0",
  statsiteAddress: "",
  statsdAddress: "",
  replayOnJoin: false,
  mdnsDisableIpv4: false,
  mdnsDisableIpv6: false,
  enableSyslog: false,
  rejoinAfterLeave: false,
  leaveOnTerminate: false,
  skipLeaveOnInterrupt: false,
  disableNameResolution: false,
  disableCoordinates: false,
  disableFlapDamping: false,
  validateNodeNames: false,
  disableRpc: false,
  protocol: 5,
  retryMaxAttempts: 0,
  queryResponseSizeLimit: 1024,
  querySizeLimit: 1024,
  userEventSizeLimit: 512,
  retryIntervalMs: 30_000,
  broadcastTimeoutMs: 5_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: 24 * 3_600_000,
  tombstoneTimeoutMs: 24 * 3_600_000,
  handlerTimeoutMs: 0,
  eventHandlers: [],
  startJoin: [],
  retryJoin: [],
  tags: {},
  enableCompression: true,
};
