/**
 * The bounds of every option, in one table.
 *
 * Source: behaviour specification §14, §16.
 */
import { hasControlCharacter, META_LIMIT_BYTES } from "./admission.ts";
import { NetworkList } from "./network-list.ts";
import type { SwimOptions } from "./swim-options.ts";
import { addressBytes, encodeName, isMemberAddress } from "./wire/index.ts";

type NumericOption = {
  [Key in keyof SwimOptions]-?: SwimOptions[Key] extends number ? Key : never;
}[keyof SwimOptions];

/** `[least, greatest]`, both allowed. Times end at a day: longer is a unit mistaken. */
const DAY_MS = 86_400_000;

const WHOLE_BOUNDS: Partial<Record<NumericOption, readonly [number, number]>> = {
  bindPort: [1, 65_535],
  protocolVersion: [1, 5],
  delegateProtocolMin: [0, 255],
  delegateProtocolMax: [0, 255],
  delegateProtocolVersion: [0, 255],
  indirectPingCount: [0, 255],
  awarenessMaxMultiplier: [1, 256],
  suspicionMultiplier: [1, 1_000],
  suspicionMaxTimeoutMultiplier: [1, 1_000],
  gossipFanout: [0, 255],
  retransmitMultiplier: [1, 1_000],
  eagerGossipPerSecond: [1, 100_000],
  joinParallelism: [1, 255],
  lostMemberLimit: [0, 65_536],
  datagramBytes: [512, 65_507],
  inboundQueueLimit: [1, 1_048_576],
  memberLimit: [2, 1_048_576],
  broadcastQueueLimit: [16, 1_048_576],
  nameBytesLimit: [1, 255],
  inboundStreamLimit: [1, 65_536],
  inboundStreamPerSourceLimit: [1, 65_536],
  inboundStreamBytesLimit: [1, 1_099_511_627_776],
  pushPullServeLimit: [1, 65_536],
  relayLimit: [1, 65_536],
  strangerAnswersPerSecond: [0, 100_000],
  incarnationJumpLimit: [1, 0xffff_ffff],
  mergeSliceLimit: [1, 65_536],
};

const TIME_BOUNDS: Partial<Record<NumericOption, readonly [number, number]>> = {
  probeIntervalMs: [0, DAY_MS],
  probeTimeoutMs: [1, DAY_MS],
  gossipIntervalMs: [0, DAY_MS],
  gossipToTheDeadMs: [0, DAY_MS],
  pushPullIntervalMs: [0, DAY_MS],
  streamTimeoutMs: [1, DAY_MS],
  lostMemberRetryMs: [0, DAY_MS],
  deadReclaimMs: [0, 365 * DAY_MS],
  userBroadcastShare: [0, 0.5],
};

const LABEL_LIMIT_BYTES = 255;

/** @throws {RangeError | TypeError} naming the option, its value and its bound. */
export function checkSwimOptions(options: SwimOptions): void {
  for (const [name, bounds] of entries(WHOLE_BOUNDS)) {
    if (!Number.isInteger(options[name])) {
      throw new RangeError(`${name} is ${options[name]}: give a whole number`);
    }
    checkRange(name, options[name], bounds);
  }
  for (const [name, bounds] of entries(TIME_BOUNDS)) checkRange(name, options[name], bounds);
  checkIdentity(options);
  checkVersions(options);
  for (const [name, limit] of Object.entries(options.wireLimits)) {
    if (!(limit >= 1)) throw new RangeError(`wireLimits.${name} is ${limit}: give 1 or more`);
  }
  if (options.meta.length > META_LIMIT_BYTES) {
    throw new RangeError(`meta is ${options.meta.length} bytes: at most ${META_LIMIT_BYTES} fit`);
  }
  const labelBytes = encodeName(options.label).length;
  if (labelBytes > LABEL_LIMIT_BYTES) {
    throw new RangeError(`label is ${labelBytes} bytes: at most ${LABEL_LIMIT_BYTES} fit`);
  }
}

function checkRange(
  name: NumericOption,
  value: number,
  [least, greatest]: readonly [number, number],
): void {
  // Written so that NaN fails as well.
  if (!(value >= least && value <= greatest)) {
    throw new RangeError(`${name} is ${value}: give ${least} to ${greatest}`);
  }
}

function checkIdentity(options: SwimOptions): void {
  const nameBytes = encodeName(options.name).length;
  if (nameBytes === 0 || nameBytes > options.nameBytesLimit) {
    throw new RangeError(
      `name is ${nameBytes} bytes long: give 1 to ${options.nameBytesLimit} bytes`,
    );
  }
  // Others would refuse it, and this member would never be seen.
  if (options.refuseControlCharacters && hasControlCharacter(options.name)) {
    throw new RangeError(`name is ${JSON.stringify(options.name)}: leave control characters out`);
  }
  const { address, port } = options.advertiseEndpoint;
  let bytes: Uint8Array;
  try {
    bytes = addressBytes(address);
  } catch (cause) {
    throw new TypeError(
      `advertiseEndpoint.address is ${JSON.stringify(address)}: give an IP address`,
      {
        cause,
      },
    );
  }
  if (!isMemberAddress(bytes)) {
    throw new RangeError(`advertiseEndpoint.address is ${address}: no member can be reached there`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`advertiseEndpoint.port is ${port}: give 1 to 65535`);
  }
  // Deviation: the reference runs on without listing itself, and some of its calls then crash.
  if (!new NetworkList(options.allowedNetworks).allows(bytes)) {
    throw new RangeError(
      `advertiseEndpoint.address is ${address}: it is in none of allowedNetworks`,
    );
  }
}

function checkVersions(options: SwimOptions): void {
  const { delegateProtocolMin: least, delegateProtocolMax: greatest } = options;
  const spoken = options.delegateProtocolVersion;
  if (spoken < least || spoken > greatest) {
    throw new RangeError(`delegateProtocolVersion is ${spoken}: give ${least} to ${greatest}`);
  }
}

function entries(
  table: Partial<Record<NumericOption, readonly [number, number]>>,
): [NumericOption, readonly [number, number]][] {
  return Object.entries(table) as [NumericOption, readonly [number, number]][];
}
