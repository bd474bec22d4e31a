/**
 * What the parts of one core share: their settings, the table, the clockwork and the way out.
 */
import { LocalHealth } from "./local-health.ts";
import { MemberRecordPool } from "./member-record.ts";
import { MemberTable } from "./member-table.ts";
import { Outbox } from "./outbox.ts";
import type { SwimDelegate } from "./swim-delegate.ts";
import type { SwimOptions } from "./swim-options.ts";
import { TimerTable } from "./timer-table.ts";
import {
  addressBytes,
  canonicalAddress,
  defaultWireLimits,
  encodeName,
  type Aead,
  type PacketSettings,
  type SourceFields,
} from "./wire/index.ts";

/** What a core needs from outside besides time and bytes. */
export interface SwimEnvironment {
  /** Uniform in [0, 1). */
  random(): number;
  /** Fills with fresh, unpredictable bytes. */
  fillRandom(bytes: Uint8Array): void;
  /** Needed iff a keyring is given. */
  readonly aead?: Aead;
  /** Shared by cores in one process, so that each description of a member exists once. */
  readonly records?: MemberRecordPool;
}

export interface CoreContext {
  readonly options: SwimOptions;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly delegate: SwimDelegate;
  readonly settings: PacketSettings;
  /** What we put into pings so that answers find us. */
  readonly sourceFields: SourceFields;
  readonly table: MemberTable;
  readonly timers: TimerTable;
  readonly outbox: Outbox;
  readonly health: LocalHealth;
}

/**
 * The port a message means: a missing one, and any in protocol 1, is our own bind port.
 *
 * Source: behaviour specification §3.1, §12.
 */
export function meantPort(port: number, options: SwimOptions): number {
  return port === 0 || options.protocolVersion === 1 ? options.bindPort : port;
}

/** @throws {TypeError} if there is a keyring but no way to encrypt. */
export function createContext(
  options: SwimOptions,
  environment: SwimEnvironment,
  delegate: SwimDelegate,
): CoreContext {
  const { aead, records = new MemberRecordPool() } = environment;
  if (options.keyring !== undefined && aead === undefined) {
    throw new TypeError("a keyring is given but no aead: give the environment one, as in ./node");
  }
  const settings: PacketSettings = {
    label: encodeName(options.label),
    skipInboundLabelCheck: options.skipInboundLabelCheck,
    ...(options.keyring && { keyring: options.keyring }),
    verifyIncoming: options.verifyIncoming,
    verifyOutgoing: options.verifyOutgoing,
    protocolVersion: options.protocolVersion,
    ...(aead && { aead }),
    fillRandom: (bytes) => environment.fillRandom(bytes),
    limits: { ...defaultWireLimits, ...options.wireLimits },
  };
  const outbox = new Outbox();
  return {
    options,
    random: () => environment.random(),
    delegate,
    settings,
    sourceFields: sourceFieldsOf(options),
    table: new MemberTable(records),
    timers: new TimerTable(),
    outbox,
    health: new LocalHealth(options.awarenessMaxMultiplier, (score, previous) => {
      outbox.report({ kind: "health-changed", score, previous });
    }),
  };
}

/** What we put into pings so that answers find us. */
function sourceFieldsOf(options: SwimOptions): SourceFields {
  if (!options.nameSource) return { sourceNode: options.name };
  const { address, port } = options.advertiseEndpoint;
  return {
    sourceAddress: canonicalAddress(addressBytes(address)),
    sourcePort: port,
    sourceNode: options.name,
  };
}
