/**
 * Every knob of the protocol, with the three profiles of the reference.
 *
 * `resolveSwimOptions` fills in the profile, checks every bound and freezes the result; behind it
 * the core trusts its options.
 *
 * Source: behaviour specification §16 (defaults), §14 (limits).
 */
import type { Keyring } from "./keyring.ts";
import { checkSwimOptions } from "./option-bounds.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { WireLimits } from "./wire/index.ts";

/** How far apart the members are: one data centre, the internet, or one machine. */
export type SwimProfile = "lan" | "wan" | "local";

/** The settings of one member, complete. All times are whole or fractional milliseconds. */
export interface SwimOptions {
  /** Unique in the cluster; at most `nameBytesLimit` bytes of UTF-8. */
  readonly name: string;
  /** Where others reach this member. Port 1 to 65535. */
  readonly advertiseEndpoint: Endpoint;
  /** The port the sockets are bound to; stands in for port 0 in messages. Default: the advertised one. */
  readonly bindPort: number;
  /**
   * Name the advertised endpoint in pings, so that answers find it whatever way the ping came. Off
   * is right only where datagrams leave from that very endpoint: receivers then answer to where the
   * ping came from, as to members of the reference before 0.2.0, and each ping is 30 bytes shorter.
   */
  readonly nameSource: boolean;
  /** What others learn about this member besides its address; at most 512 opaque bytes. */
  readonly meta: Uint8Array;

  /** Protocol spoken, 1 to 5; 2 in every profile. 1 ignores ports in messages and pads when encrypting. */
  readonly protocolVersion: number;
  /** Versions of the layer above, each 0 to 255: understood from, to, and spoken. */
  readonly delegateProtocolMin: number;
  readonly delegateProtocolMax: number;
  readonly delegateProtocolVersion: number;

  /** Time between two probes; 0 = never probe. Shorter finds failures sooner and costs more packets. */
  readonly probeIntervalMs: number;
  /** Wait for a direct ack before asking others. At the 99th percentile of round trips it is well set. */
  readonly probeTimeoutMs: number;
  /** Relays asked to ping a silent member, 0 to 255. More relays survive more loss. */
  readonly indirectPingCount: number;
  /**
   * Ignore acks from addresses that were not asked. Off, they are reported only: members behind
   * address translation, or with several addresses, answer from elsewhere.
   */
  readonly strictAnswerSource: boolean;
  /** Never confirm a silent UDP path by a TCP ping. */
  readonly disableStreamPings: boolean;
  /** As above, for single members by name. */
  readonly disableStreamPingsFor?: (name: string) => boolean;
  /** Upper bound (exclusive) of the local health score, 1 to 256. 1 switches health awareness off. */
  readonly awarenessMaxMultiplier: number;

  /** Base of the wait between suspicion and death, 1 to 1000. Higher: fewer false deaths, later true ones. */
  readonly suspicionMultiplier: number;
  /** How much longer the wait is while nobody confirms, 1 to 1000. */
  readonly suspicionMaxTimeoutMultiplier: number;

  /** Time between two gossip rounds; 0 = no gossip. */
  readonly gossipIntervalMs: number;
  /** Members told per gossip round, 0 to 255; 0 = no gossip. */
  readonly gossipFanout: number;
  /** How long a dead member is still told news, and kept before it is reaped. */
  readonly gossipToTheDeadMs: number;
  /** Each rumour is sent `retransmitMultiplier · ceil(log10(n + 1))` times, 1 to 1000. */
  readonly retransmitMultiplier: number;
  /**
   * Send news at once on first sight, instead of at the next round. The number of transmissions
   * stays the same; only their time changes. Off, news takes a round per hop, as in the reference.
   */
  readonly eagerGossip: boolean;
  /** Most datagrams per second that eager gossip may send, 1 to 100,000. */
  readonly eagerGossipPerSecond: number;
  /**
   * A rumour that somebody is suspected makes a few members ping the suspect for themselves at once,
   * so that it hears the accusation and can refute, or a refused connection confirms it.
   */
  readonly checkSuspects: boolean;
  /**
   * Take a refused TCP connection for evidence: the probe ends sooner, and a suspicion others have
   * confirmed takes half its wait. Switch it off where a firewall refuses TCP to living members.
   */
  readonly believeRefusals: boolean;
  /** Part of each packet kept for the layer above while membership news is waiting, 0 to 0.5. */
  readonly userBroadcastShare: number;

  /** Time between two full exchanges (stretched in clusters above 32 members); 0 = never. */
  readonly pushPullIntervalMs: number;
  /** Dialling, and each direction of an exchange over TCP. */
  readonly streamTimeoutMs: number;
  /** Addresses contacted at the same time by `join`, 1 to 255. */
  readonly joinParallelism: number;
  /** Dead members that have been reaped and are still tried from time to time, 0 to 65,536. */
  readonly lostMemberLimit: number;
  /** First wait before a lost member is tried; doubles up to 64-fold. 0 = never try. */
  readonly lostMemberRetryMs: number;

  /** A dead member's name may be taken by another address after this time; 0 = never. */
  readonly deadReclaimMs: number;
  /** Refuse to send to a member whose name is not known. */
  readonly requireNames: boolean;
  /** Networks members may live in (`10.0.0.0/8`, `fd00::/8`); empty = everywhere. */
  readonly allowedNetworks: readonly string[];
  /** Separates clusters that share a network; at most 255 bytes of UTF-8. */
  readonly label: string;
  /** Inbound traffic carries no label, since a proxy removes it. */
  readonly skipInboundLabelCheck: boolean;
  /** Keys for AES-GCM; without one, nothing is encrypted. */
  readonly keyring?: Keyring;
  /** Refuse plaintext while a key exists. Off only to roll encryption out. */
  readonly verifyIncoming: boolean;
  /** Encrypt what is sent while a key exists. Off only to roll encryption out. */
  readonly verifyOutgoing: boolean;
  /** Compress packets where it saves bytes. */
  readonly compress: boolean;

  /** Bytes of one UDP packet, everything included, 512 to 65,507. Above the path's MTU packets fragment. */
  readonly datagramBytes: number;
  /** Messages waiting in each of the two hand-off queues, 1 to 1,048,576. */
  readonly inboundQueueLimit: number;
  /** Records in the member table, 2 to 1,048,576: a flood of invented names ends here. */
  readonly memberLimit: number;
  /** Rumours waiting to be told, 16 to 1,048,576. */
  readonly broadcastQueueLimit: number;
  /** Bytes of a member's name, 1 to 255. */
  readonly nameBytesLimit: number;
  /**
   * Ignore members whose names hold control characters. The reference takes any name, and whoever
   * shows names has to make them harmless anyway; default false.
   */
  readonly refuseControlCharacters: boolean;
  /** Connections accepted at the same time, 1 to 65,536, and from one address. */
  readonly inboundStreamLimit: number;
  readonly inboundStreamPerSourceLimit: number;
  /**
   * Bytes received on all accepted connections that are still open, and what their envelopes opened
   * to, 1 to 1,099,511,627,776: bounds the memory slow or hostile dialers can hold.
   */
  readonly inboundStreamBytesLimit: number;
  /** Push/pull exchanges served at the same time, 1 to 65,536. */
  readonly pushPullServeLimit: number;
  /** Pings on behalf of others waiting at the same time, 1 to 65,536. */
  readonly relayLimit: number;
  /**
   * Answers per second to an address named inside a message that is no member's, 0 to 100,000:
   * bounds what a forged source can be made to receive.
   */
  readonly strangerAnswersPerSecond: number;
  /**
   * How far above the known incarnation a claim about another member may be, 1 to 4,294,967,295.
   * A real member climbs by one per refutation.
   */
  readonly incarnationJumpLimit: number;
  /** Entries of a push/pull merged at a stretch, 1 to 65,536: bounds how long the event loop stalls. */
  readonly mergeSliceLimit: number;
  /** Sizes of what is decoded; what is not named keeps the codec's default. */
  readonly wireLimits: Partial<WireLimits>;
}

/** What a caller must and may say. */
export type SwimOptionsInput = Partial<SwimOptions> &
  Pick<SwimOptions, "name" | "advertiseEndpoint"> & {
    /** Default `lan`. */
    readonly profile?: SwimProfile;
  };

/** The options in which the profiles differ. */
type ProfileOptions = Pick<
  SwimOptions,
  | "streamTimeoutMs"
  | "indirectPingCount"
  | "retransmitMultiplier"
  | "suspicionMultiplier"
  | "pushPullIntervalMs"
  | "probeTimeoutMs"
  | "probeIntervalMs"
  | "gossipFanout"
  | "gossipIntervalMs"
  | "gossipToTheDeadMs"
>;

const LAN: ProfileOptions = {
  streamTimeoutMs: 10_000,
  indirectPingCount: 3,
  retransmitMultiplier: 4,
  suspicionMultiplier: 4,
  pushPullIntervalMs: 30_000,
  probeTimeoutMs: 500,
  probeIntervalMs: 1_000,
  gossipFanout: 3,
  gossipIntervalMs: 200,
  gossipToTheDeadMs: 30_000,
};

const WAN: ProfileOptions = {
  streamTimeoutMs: 30_000,
  indirectPingCount: 3,
  retransmitMultiplier: 4,
  suspicionMultiplier: 6,
  pushPullIntervalMs: 60_000,
  probeTimeoutMs: 3_000,
  probeIntervalMs: 5_000,
  gossipFanout: 4,
  gossipIntervalMs: 500,
  gossipToTheDeadMs: 60_000,
};

const LOCAL: ProfileOptions = {
  streamTimeoutMs: 1_000,
  indirectPingCount: 1,
  retransmitMultiplier: 2,
  suspicionMultiplier: 3,
  pushPullIntervalMs: 15_000,
  probeTimeoutMs: 200,
  probeIntervalMs: 1_000,
  gossipFanout: 3,
  gossipIntervalMs: 100,
  gossipToTheDeadMs: 15_000,
};

const PROFILES: Readonly<Record<SwimProfile, ProfileOptions>> = {
  lan: LAN,
  wan: WAN,
  local: LOCAL,
};

/** Same in every profile. */
const SHARED: Omit<
  SwimOptions,
  | keyof ProfileOptions
  | "name"
  | "advertiseEndpoint"
  | "bindPort"
  | "keyring"
  | "disableStreamPingsFor"
> = {
  nameSource: true,
  meta: new Uint8Array(0),
  protocolVersion: 2,
  delegateProtocolMin: 0,
  delegateProtocolMax: 0,
  delegateProtocolVersion: 0,
  strictAnswerSource: false,
  disableStreamPings: false,
  awarenessMaxMultiplier: 8,
  suspicionMaxTimeoutMultiplier: 6,
  eagerGossip: true,
  eagerGossipPerSecond: 1_000,
  checkSuspects: true,
  believeRefusals: true,
  userBroadcastShare: 0.25,
  joinParallelism: 8,
  lostMemberLimit: 256,
  lostMemberRetryMs: 30_000,
  deadReclaimMs: 0,
  requireNames: false,
  allowedNetworks: [],
  label: "",
  skipInboundLabelCheck: false,
  verifyIncoming: true,
  verifyOutgoing: true,
  compress: true,
  datagramBytes: 1_400,
  inboundQueueLimit: 1_024,
  memberLimit: 131_072,
  broadcastQueueLimit: 65_536,
  nameBytesLimit: 255,
  refuseControlCharacters: false,
  inboundStreamLimit: 1_024,
  inboundStreamPerSourceLimit: 256,
  inboundStreamBytesLimit: 268_435_456,
  pushPullServeLimit: 127,
  relayLimit: 1_024,
  strangerAnswersPerSecond: 1_000,
  incarnationJumpLimit: 1_048_576,
  mergeSliceLimit: 128,
  wireLimits: {},
};

/**
 * Completes, checks and freezes the settings of one member.
 *
 * @throws {RangeError | TypeError} naming the option, its value and its bound.
 *
 * @example
 * resolveSwimOptions({ name: "a", advertiseEndpoint: { address: "127.0.0.1", port: 7946 } }).probeIntervalMs; // => 1_000
 */
export function resolveSwimOptions(input: SwimOptionsInput): SwimOptions {
  const { profile = "lan", ...given } = input;
  const profileOptions = PROFILES[profile];
  if (profileOptions === undefined) {
    throw new TypeError(`profile is ${JSON.stringify(profile)}: choose "lan", "wan" or "local"`);
  }
  const options: SwimOptions = {
    ...SHARED,
    ...profileOptions,
    bindPort: input.advertiseEndpoint.port,
    ...withoutUndefined(given),
  };
  checkSwimOptions(options);
  return Object.freeze(options);
}

/** An option set to `undefined` by a caller means "not set", not "no value". */
function withoutUndefined(
  given: Omit<SwimOptionsInput, "profile">,
): Omit<SwimOptionsInput, "profile"> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Omit<SwimOptionsInput, "profile">;
}
