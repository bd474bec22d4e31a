/**
 * Every knob of Serf, with the defaults of the reference.
 *
 * `resolveSerfOptions` fills them in, checks every bound and freezes the result; behind it the core
 * trusts its options. Knobs of the layer below stand under `swim`.
 *
 * Source: Serf specification §17.
 */
import { resolveSwimOptions, type SwimOptions, type SwimOptionsInput } from "@x/swim";
import { SerfError } from "./errors.ts";
import type { Member, Tags } from "./member.ts";
import { validateMemberName } from "./name-rules.ts";
import { encodeTags, tagBytesLimit } from "./wire/tag-codec.ts";

/** Protocol versions of Serf this package speaks. Source: Serf specification §18. */
export const SERF_PROTOCOL_MIN = 2;
/** See {@link SERF_PROTOCOL_MIN}. */
export const SERF_PROTOCOL_MAX = 5;

/** No user event may be configured to be longer. Source: Serf specification §9. */
export const USER_EVENT_BYTES_HARD_LIMIT = 9_216;

/** Both above 0, or coalescing is off. */
export interface CoalescePeriods {
  /** Longest wait from the first event of a batch, in milliseconds. */
  readonly coalescePeriodMs: number;
  /** Silence that ends a batch, in milliseconds. */
  readonly quiescentPeriodMs: number;
}

/** The settings of one member, complete. */
export interface SerfOptions {
  /** Unique in the cluster. */
  readonly name: string;
  /** At most 512 bytes encoded. Below version 3 only `role` is told. */
  readonly tags: Tags;
  /** Serf's version spoken, 2 to 5; below 4 it may not ask queries. Default 4, as the library of the reference. */
  readonly protocolVersion: number;
  /** The layer below, complete. */
  readonly swim: SwimOptions;

  /** Wait for an own leave, force-leave or tag update to be told often enough. Default 5 s. */
  readonly broadcastTimeoutMs: number;
  /**
   * How long a member that left still answers probes and gossips. Default 1 s; with eager gossip a
   * quarter of a gossip interval, since the farewell is out at once.
   */
  readonly leavePropagateDelayMs: number;
  /** A member that claims to leave but stays alive counts as alive again after this time. Default 60 s; 0 = never. */
  readonly stuckLeavingMs: number;

  /** User event times remembered, 1 to 65,536. Default 512. */
  readonly eventBufferSlots: number;
  /** Query times remembered, 1 to 65,536. Default 512. */
  readonly queryBufferSlots: number;
  /** Bytes of user events remembered, over all times. Default 8 MiB. */
  readonly eventBufferBytesLimit: number;
  /** Queries remembered, over all times. Default 262,144. */
  readonly queryBufferLimit: number;
  /** Name and payload of a user event together, and encoded. Default 512, at most 9216. */
  readonly userEventSizeLimit: number;
  /** An encoded query. Default 1024. */
  readonly querySizeLimit: number;
  /** An encoded answer. Default 1024. */
  readonly queryResponseSizeLimit: number;
  /** Bytes of answers, and of names they come from, taken for one query. Default 64 MiB. */
  readonly answerBytesLimit: number;
  /** Default timeout = gossip interval · this · ⌈log10(n + 1)⌉. Default 16. */
  readonly queryTimeoutMultiplier: number;
  /** Own queries waiting for answers at the same time. Default 4096. */
  readonly outstandingQueryLimit: number;
  /** When missing members are asked again, as parts of the timeout. Default [0.4, 0.6, 0.8]. */
  readonly reaskAt: readonly number[];
  /** Members asked again at one time; 0 = never ask again. Default 64. */
  readonly reaskMemberLimit: number;
  /** Own answers kept to be sent again to an asker who asks again. Default 256. */
  readonly recentAnswerLimit: number;
  /** Answers passed on for others per second. Default 512. */
  readonly relaysPerSecond: number;

  /** How often old members and intents are looked for. Default 15 s. */
  readonly reapIntervalMs: number;
  /** A failed member is forgotten after this time. Default 24 h. */
  readonly reconnectTimeoutMs: number;
  /** A member that left is forgotten after this time. Default 24 h. */
  readonly tombstoneTimeoutMs: number;
  /** Replaces either timeout for single members. Must not throw. */
  readonly reapTimeoutFor?: (member: Member, timeoutMs: number) => number;
  /** Intents about unknown members are kept this long. Default 5 min. */
  readonly recentIntentTimeoutMs: number;
  /** Unknown names about which an intent is kept. Default 16,384. */
  readonly intentNameLimit: number;
  /** How often a failed member may be tried. Default 30 s; 0 = never. */
  readonly reconnectIntervalMs: number;
  /** Back within this time after a failure, a member is said to flap. Default 60 s. */
  readonly flapTimeoutMs: number;
  /**
   * A member that has failed so often in a row, and comes back without a join, stays failed until it
   * is well. Two suspicions it survived count as a failure. Default 2; 0 = show every turn, as the
   * reference.
   */
  readonly flapFailureLimit: number;
  /** Failures and suspicions are in a row when no more than this lies between them. Default 2 min. */
  readonly flapWindowMs: number;
  /** So long a held member must be alive and unsuspected. Default 30 s. */
  readonly flapStableMs: number;
  /** Members whose failures are remembered, the latest; 1 to 1,048,576. Default 4096. */
  readonly flapMemberLimit: number;
  /** First wait before the members of a snapshot are tried again; doubles up to 64-fold. Default 2 s. */
  readonly rejoinRetryMs: number;

  /** How often queue depths are looked at. Default 30 s. */
  readonly queueCheckIntervalMs: number;
  /** A queue this long is reported. Default 128. */
  readonly queueDepthWarning: number;
  /** Broadcasts a queue holds. Default 4096. */
  readonly maxQueueDepth: number;
  /** Above 0: a queue holds max(this, 2 · members) instead of `maxQueueDepth`. Default 0. */
  readonly minQueueDepth: number;

  /** Ask the others who may keep the name when it is taken twice. Default true. */
  readonly resolveNameConflicts: boolean;
  /** Neither tell nor learn network coordinates. Default false. */
  readonly disableCoordinates: boolean;
  /** Only letters, digits, `-` and `.`, at most 128 bytes. Default false. */
  readonly validateNames: boolean;
  /** Batches member events. Default off. */
  readonly memberCoalesce?: CoalescePeriods;
  /** Batches user events with the coalesce flag. Default off. */
  readonly userCoalesce?: CoalescePeriods;
  /**
   * Asked on every join exchange with all members of the other side, and on every announcement with
   * one; a text refuses. Must not throw.
   */
  readonly vetoMembers?: (members: readonly Member[]) => string | undefined;
}

/** What a caller must and may say; everything else has a default. */
export interface SerfOptionsInput extends Partial<Omit<SerfOptions, "name" | "swim">> {
  readonly name: string;
  /** The layer below: `advertiseEndpoint`, `profile`, `keyring` and every knob of `SwimOptions`. */
  readonly swim: Omit<SwimOptionsInput, "name" | "meta">;
}

const DEFAULTS: Omit<SerfOptions, "name" | "tags" | "swim"> = {
  protocolVersion: 4,
  broadcastTimeoutMs: 5_000,
  leavePropagateDelayMs: 1_000,
  stuckLeavingMs: 60_000,
  eventBufferSlots: 512,
  queryBufferSlots: 512,
  eventBufferBytesLimit: 8 * 1_048_576,
  queryBufferLimit: 262_144,
  userEventSizeLimit: 512,
  querySizeLimit: 1_024,
  queryResponseSizeLimit: 1_024,
  answerBytesLimit: 64 * 1_048_576,
  queryTimeoutMultiplier: 16,
  outstandingQueryLimit: 4_096,
  reaskAt: [0.4, 0.6, 0.8],
  reaskMemberLimit: 64,
  recentAnswerLimit: 256,
  relaysPerSecond: 512,
  reapIntervalMs: 15_000,
  reconnectTimeoutMs: 86_400_000,
  tombstoneTimeoutMs: 86_400_000,
  recentIntentTimeoutMs: 300_000,
  intentNameLimit: 16_384,
  reconnectIntervalMs: 30_000,
  flapTimeoutMs: 60_000,
  flapFailureLimit: 2,
  flapWindowMs: 120_000,
  flapStableMs: 30_000,
  flapMemberLimit: 4_096,
  rejoinRetryMs: 2_000,
  queueCheckIntervalMs: 30_000,
  queueDepthWarning: 128,
  maxQueueDepth: 4_096,
  minQueueDepth: 0,
  resolveNameConflicts: true,
  disableCoordinates: false,
  validateNames: false,
};

/**
 * Completes, checks and freezes the settings of one member.
 *
 * @throws {RangeError} naming the option, its value and its bound.
 * @throws {SerfError} `tags-too-large` or `invalid-name`.
 *
 * @example
 * const swim = { advertiseEndpoint: { address: "127.0.0.1", port: 7946 } };
 * resolveSerfOptions({ name: "a", swim }).eventBufferSlots; // => 512
 */
export function resolveSerfOptions(input: SerfOptionsInput): SerfOptions {
  const given = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  ) as unknown as SerfOptionsInput;
  const { tags = {}, swim, ...rest } = given;
  const settings = { ...DEFAULTS, ...rest };
  checkBounds(settings);
  const nameProblem = validateMemberName(input.name, settings.validateNames);
  if (nameProblem !== undefined) throw new SerfError("invalid-name", nameProblem);
  const swimOptions = resolveSwimOptions({
    ...swim,
    name: input.name,
    meta: checkedTags(tags, settings.protocolVersion),
    // Every version of Serf since 0.3 speaks version 2 of SWIM.
    protocolVersion: swim.protocolVersion ?? 2,
    delegateProtocolMin: SERF_PROTOCOL_MIN,
    delegateProtocolMax: SERF_PROTOCOL_MAX,
    delegateProtocolVersion: settings.protocolVersion,
  });
  const lingerMs = swimOptions.eagerGossip
    ? swimOptions.gossipIntervalMs / 4
    : settings.leavePropagateDelayMs;
  const resolved: SerfOptions = {
    ...settings,
    leavePropagateDelayMs: rest.leavePropagateDelayMs ?? lingerMs,
    tags: Object.freeze({ ...tags }),
    swim: swimOptions,
  };
  return Object.freeze(resolved);
}

/**
 * Encodes tags for the wire.
 *
 * @throws {SerfError} `tags-too-large`, with the reference's text.
 */
export function checkedTags(tags: Tags, protocolVersion: number): Uint8Array {
  const meta = encodeTags(tags, protocolVersion);
  if (meta.length > tagBytesLimit) {
    throw new SerfError(
      "tags-too-large",
      `Encoded length of tags exceeds limit of ${tagBytesLimit} bytes`,
    );
  }
  return meta;
}

/** Option → least and greatest value, all whole numbers but times. */
const BOUNDS: readonly (readonly [keyof typeof DEFAULTS, number, number])[] = [
  ["eventBufferSlots", 1, 65_536],
  ["queryBufferSlots", 1, 65_536],
  ["eventBufferBytesLimit", 1, 1 << 30],
  ["queryBufferLimit", 1, 1 << 24],
  ["querySizeLimit", 1, 1 << 20],
  ["queryResponseSizeLimit", 1, 1 << 20],
  ["answerBytesLimit", 1, 1 << 30],
  ["queryTimeoutMultiplier", 1, 1 << 20],
  ["outstandingQueryLimit", 1, 1 << 20],
  ["reaskMemberLimit", 0, 1 << 20],
  ["recentAnswerLimit", 0, 1 << 20],
  ["relaysPerSecond", 0, 1 << 20],
  ["intentNameLimit", 1, 1 << 20],
  ["queueDepthWarning", 1, 1 << 24],
  ["maxQueueDepth", 1, 1 << 24],
  ["minQueueDepth", 0, 1 << 24],
  ["flapFailureLimit", 0, 1 << 20],
  ["flapMemberLimit", 1, 1 << 20],
  ["broadcastTimeoutMs", 1, Infinity],
  ["leavePropagateDelayMs", 0, Infinity],
  ["stuckLeavingMs", 0, Infinity],
  ["reapIntervalMs", 1, Infinity],
  ["reconnectTimeoutMs", 0, Infinity],
  ["tombstoneTimeoutMs", 0, Infinity],
  ["recentIntentTimeoutMs", 0, Infinity],
  ["reconnectIntervalMs", 0, Infinity],
  ["flapTimeoutMs", 0, Infinity],
  ["flapWindowMs", 0, Infinity],
  ["flapStableMs", 0, Infinity],
  ["rejoinRetryMs", 1, Infinity],
  ["queueCheckIntervalMs", 1, Infinity],
];

function checkBounds(settings: Omit<SerfOptions, "name" | "tags" | "swim">): void {
  const { protocolVersion, userEventSizeLimit } = settings;
  const range = `Must be in range: [${SERF_PROTOCOL_MIN}, ${SERF_PROTOCOL_MAX}]`;
  if (!(protocolVersion >= SERF_PROTOCOL_MIN)) {
    throw new RangeError(`Protocol version '${protocolVersion}' too low. ${range}`);
  }
  if (!(protocolVersion <= SERF_PROTOCOL_MAX) || !Number.isInteger(protocolVersion)) {
    throw new RangeError(`Protocol version '${protocolVersion}' too high. ${range}`);
  }
  if (!(userEventSizeLimit <= USER_EVENT_BYTES_HARD_LIMIT && userEventSizeLimit >= 0)) {
    throw new RangeError(
      `user event size limit exceeds limit of ${USER_EVENT_BYTES_HARD_LIMIT} bytes`,
    );
  }
  for (const [option, least, greatest] of BOUNDS) {
    const value = settings[option];
    if (typeof value === "number" && value >= least && value <= greatest) continue;
    throw new RangeError(`${option} is ${String(value)}: choose ${least} to ${greatest}`);
  }
  for (const part of settings.reaskAt) {
    if (part > 0 && part < 1) continue;
    throw new RangeError(`reaskAt holds ${part}: choose parts above 0 and below 1`);
  }
}
