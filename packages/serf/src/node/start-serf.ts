/**
 * One call from nothing to a live member.
 *
 * Read next: `running-serf.ts` (what it returns), `live-serf.ts` (how it works).
 */
import { hostname } from "node:os";
import { Keyring, type SwimOptionsInput, type SwimProfile, type SwimReport } from "@x/swim";
import {
  EventBuffer,
  fillRandom,
  nodeAead,
  NodeDriver,
  parseBindAddress,
  resolveJoinAddress,
  SocketTransport,
  type Transport,
  type TransportReport,
  whereFound,
} from "@x/swim/node";
import { Base64Error, decodeBase64 } from "../base64.ts";
import { SerfError } from "../errors.ts";
import type { SerfEnvironment, SnapshotPort } from "../serf-context.ts";
import type { SerfEvent } from "../serf-event.ts";
import { resolveSerfOptions, type SerfOptions } from "../serf-options.ts";
import type { SerfReport } from "../serf-report.ts";
import { Serf } from "../serf.ts";
import { readKeyringFile, writeKeyringFile } from "./keyring-file.ts";
import { LiveSerf } from "./live-serf.ts";
import type { RunningSerf } from "./running-serf.ts";
import { DeliveryGate } from "./delivery-gate.ts";
import { openSnapshot } from "./open-snapshot.ts";
import type { SnapshotFile, SnapshotReport } from "./snapshot-file.ts";

/** Every option of the protocol, where to listen and what to keep on disk. All of it is optional. */
export interface StartSerfOptions extends Partial<Omit<SerfOptions, "name" | "swim">> {
  /** Unique in the cluster. Default: the host name. */
  readonly name?: string;
  /** `address[:port]`, IPv6 in brackets; port 0 lets the system choose. Default `0.0.0.0:7946`. */
  readonly bind?: string;
  /** Where others reach this member, if not at `bind`: behind NAT, say. Default port: the bound one. */
  readonly advertise?: string;
  /** How far apart the members are. Default `lan`. */
  readonly profile?: SwimProfile;
  /** Members to join at once; `[name/]host[:port]`. Fails if none answers. */
  readonly join?: readonly string[];
  /** Do not deliver user events from before that join. Default `true`. */
  readonly ignoreOldEvents?: boolean;

  /** Base64 of 16, 24 or 32 bytes: encrypts everything. Not together with `keyringPath` or `keyring`. */
  readonly encryptKey?: string;
  /** A file of keys, primary first; it follows every key rotation. */
  readonly keyringPath?: string;
  /** Keys held by the caller; with `keyringPath` that file is written, not read. */
  readonly keyring?: Keyring;

  /** A file that remembers the cluster over a restart. */
  readonly snapshotPath?: string;
  /** Find the cluster again even after a graceful leave. Default `false`. */
  readonly rejoinAfterLeave?: boolean;

  /** Knobs of the membership layer. */
  readonly swim?: Partial<Omit<SwimOptionsInput, "name" | "meta" | "keyring" | "profile">>;
  /** Carries the traffic instead of sockets on `bind`. `close` closes it. */
  readonly transport?: Transport;
  /** Resolver file whose first server is asked over TCP. Default `/etc/resolv.conf`. */
  readonly dnsConfigPath?: string;
  /** Events that may wait for each reader of `events()`. Default 1,024. */
  readonly eventBufferLimit?: number;
  /**
   * Every event, in order, and at once; with `snapshotPath`, once its lines about the event are
   * written, so that a killed member hears nothing twice. What it throws is an
   * uncaught exception. Default: dropped.
   */
  readonly onEvent?: (event: SerfEvent) => void;
  /** Facts for the log; `serfReportLevel` and `swimReportLevel` tell how loud. Default: dropped. */
  readonly onReport?: (report: SerfReport | SwimReport) => void;
  /** Facts about the snapshot file. Default: dropped. */
  readonly onSnapshotReport?: (report: SnapshotReport | SnapshotRecoveryReport) => void;
  /** Facts about the sockets. Default: dropped. */
  readonly onTransportReport?: (report: TransportReport) => void;
  /** Aborting while starting rejects with `signal.reason`; afterwards it has no effect. */
  readonly signal?: AbortSignal;
}

/** What the snapshot held that the user should know. */
export type SnapshotRecoveryReport =
  /** "Ignoring previous leave in snapshot". */
  | { readonly kind: "leave-ignored"; readonly message: string }
  | { readonly kind: "line-skipped"; readonly message: string };

const DEFAULT_BIND = "0.0.0.0";

/** What has been opened, to be closed again if the start fails. */
interface Opened {
  readonly options: StartSerfOptions;
  readonly transport: Transport;
  readonly snapshot: SnapshotFile | undefined;
  readonly keyring: Keyring | undefined;
}

/**
 * Starts a member: binds UDP and TCP on one port, announces itself, and joins whom it is told to.
 *
 * @throws {RangeError | TypeError} naming the option, its value and its bound.
 * @throws {SerfError} `tags-too-large`, `invalid-name`, `invalid-base64`, `join-failed`.
 * @throws {KeyringError | KeyringFileError} if the keys are of no use; `SwimError`
 *   `no-private-address`; or the system's error for an address or a file.
 *
 * @example
 * await using serf = await startSerf({ name: "blue", bind: "127.0.0.1:7946", tags: { role: "web" } });
 * await serf.join(["127.0.0.1:7947"]);
 * serf.userEvent("deploy", new TextEncoder().encode("v1"));
 */
export async function startSerf(options: StartSerfOptions = {}): Promise<RunningSerf> {
  options.signal?.throwIfAborted();
  const keyring = await keyringOf(options);
  const snapshot = await openSnapshotOf(options);
  let transport: Transport | undefined;
  let live: LiveSerf;
  try {
    transport = options.transport ?? (await bindSockets(options));
    options.signal?.throwIfAborted();
    live = launch({ options, transport, snapshot, keyring });
  } catch (error) {
    await transport?.close();
    await snapshot?.close(0n);
    throw error;
  }
  if (options.join === undefined || options.join.length === 0) return live;
  try {
    const { signal, ignoreOldEvents = true } = options;
    await live.join(options.join, {
      ignoreOldEvents,
      ...(signal === undefined ? {} : { signal }),
    });
    return live;
  } catch (error) {
    await live.close();
    throw error;
  }
}

function launch(opened: Opened): LiveSerf {
  const { options, transport, snapshot } = opened;
  const events = new EventBuffer<SerfEvent>(
    options.eventBufferLimit === undefined ? {} : { bufferLimit: options.eventBufferLimit },
  );
  // The environment is needed before the driver it calls into.
  let driver: NodeDriver<SerfEvent, SerfReport | SwimReport> | undefined;
  let live: LiveSerf | undefined;
  const enter: Enter = (action) => {
    if (driver === undefined || driver.isClosed) {
      throw new SerfError("not-alive", "this member is shut down: start another one");
    }
    driver.call(action);
  };
  const core = new Serf(completeOptions(opened), environmentOf(opened, enter));
  const deliver = (event: SerfEvent): void => {
    options.onEvent?.(event);
    events.push(event);
  };
  const gate =
    snapshot === undefined
      ? undefined
      : new DeliveryGate({
          record: snapshot,
          deliver,
          onImpatience: (reason) =>
            options.onSnapshotReport?.({
              kind: "delivered-unwritten",
              message: `${options.snapshotPath} is slow: ${reason}`,
            }),
        });
  driver = new NodeDriver(core, transport, {
    onEvent: gate === undefined ? deliver : (event) => gate.push(event),
    onReport(report) {
      options.onReport?.(report);
      // A lost name conflict stops the core by itself; the sockets and files follow.
      if (report.kind !== "shut-down" || report.reason !== "name-conflict") return;
      // What the files could not keep they have reported themselves; `closed` resolves all the same.
      live?.close().catch(() => undefined);
    },
    ...(options.onTransportReport === undefined
      ? {}
      : { onTransportReport: options.onTransportReport }),
  });
  const { dnsConfigPath } = options;
  live = new LiveSerf({
    core,
    driver,
    events,
    snapshot,
    gate,
    resolve: (text, signal) =>
      resolveJoinAddress(text, {
        defaultPort: transport.localEndpoint.port,
        ...(dnsConfigPath === undefined ? {} : { dnsConfigPath }),
        ...(signal === undefined ? {} : { signal }),
      }),
  });
  reportRecovery(opened);
  driver.call((nowMs) => core.start(nowMs));
  return live;
}

function environmentOf({ options, snapshot, keyring }: Opened, enter: Enter): SerfEnvironment {
  const { keyringPath } = options;
  const saveKeyring = (
    path: string,
    keys: readonly Uint8Array[],
    settled: (failure?: string) => void,
  ): void => {
    const tell = (failure?: string): void => enterUnlessClosed(enter, () => settled(failure));
    writeKeyringFile(path, keys).then(
      () => tell(),
      (error: unknown) => tell(`failed to write keyring file: ${messageOf(error)}`),
    );
  };
  return {
    random: Math.random,
    fillRandom,
    aead: nodeAead,
    enter,
    ...(snapshot === undefined
      ? {}
      : { snapshot: snapshotPort(snapshot, enter), recovered: snapshot.recovered }),
    ...(keyringPath === undefined || keyring === undefined
      ? {}
      : { saveKeyring: saveKeyring.bind(undefined, keyringPath) }),
  };
}

/** Into the core and back out of it, at the present time. @throws {SerfError} `not-alive`. */
type Enter = (action: (nowMs: number) => void) => void;

/** A member that has been closed meanwhile has nobody to tell. */
function enterUnlessClosed(enter: Enter, action: () => void): void {
  try {
    enter(action);
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
  }
}

/** The file reports its own failures; only a leave waits for it. */
function snapshotPort(snapshot: SnapshotFile, enter: Enter): SnapshotPort {
  return {
    record: (event, memberTime) => snapshot.record(event, memberTime),
    recordClock: (memberTime) => snapshot.recordClock(memberTime),
    recordCoordinate: (coordinate) => snapshot.recordCoordinate(coordinate),
    recordLeave(settled) {
      const tell = (): void => enterUnlessClosed(enter, settled);
      void snapshot.leave().then(tell, tell);
    },
  };
}

function completeOptions({ options, transport, keyring }: Opened): SerfOptions {
  const { bindPort, ...found } = whereFound({
    bound: transport.localEndpoint,
    advertise: options.advertise,
    isForeign: options.transport !== undefined,
  });
  return resolveSerfOptions({
    ...protocolOptions(options),
    name: options.name ?? hostname(),
    swim: {
      ...found,
      ...options.swim,
      bindPort,
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(keyring === undefined ? {} : { keyring }),
    },
  });
}

/** What is left are options of the protocol, which checks them itself. */
function protocolOptions(options: StartSerfOptions): Partial<Omit<SerfOptions, "name" | "swim">> {
  const {
    name: _name,
    bind: _bind,
    advertise: _advertise,
    profile: _profile,
    join: _join,
    ignoreOldEvents: _ignoreOldEvents,
    encryptKey: _encryptKey,
    keyringPath: _keyringPath,
    keyring: _keyring,
    snapshotPath: _snapshotPath,
    rejoinAfterLeave: _rejoinAfterLeave,
    swim: _swim,
    transport: _transport,
    dnsConfigPath: _dnsConfigPath,
    eventBufferLimit: _eventBufferLimit,
    onEvent: _onEvent,
    onReport: _onReport,
    onSnapshotReport: _onSnapshotReport,
    onTransportReport: _onTransportReport,
    signal: _signal,
    ...protocol
  } = options;
  return protocol;
}

async function bindSockets(options: StartSerfOptions): Promise<Transport> {
  const { address, port } = parseBindAddress(options.bind ?? DEFAULT_BIND);
  const { signal } = options;
  return SocketTransport.bind({
    bindAddress: address,
    bindPort: port,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function keyringOf(options: StartSerfOptions): Promise<Keyring | undefined> {
  const { encryptKey, keyringPath, keyring } = options;
  if (encryptKey !== undefined && (keyringPath !== undefined || keyring !== undefined)) {
    throw new TypeError("encryptKey is given beside a keyring: choose one of them");
  }
  if (keyring !== undefined) return keyring;
  if (keyringPath !== undefined) {
    const keys = await readKeyringFile(keyringPath);
    return Keyring.create(keys, keys[0]);
  }
  if (encryptKey === undefined) return undefined;
  try {
    return Keyring.create([], decodeBase64(encryptKey));
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    throw new SerfError("invalid-base64", error.message, { cause: error });
  }
}

async function openSnapshotOf(options: StartSerfOptions): Promise<SnapshotFile | undefined> {
  const { snapshotPath, rejoinAfterLeave, onSnapshotReport } = options;
  if (snapshotPath === undefined) return undefined;
  return openSnapshot({
    path: snapshotPath,
    ...(rejoinAfterLeave === undefined ? {} : { rejoinAfterLeave }),
    ...(onSnapshotReport === undefined ? {} : { onReport: onSnapshotReport }),
  });
}

function reportRecovery({ options, snapshot }: Opened): void {
  if (snapshot === undefined) return;
  const { hasIgnoredLeave, problems } = snapshot.recovered;
  if (hasIgnoredLeave) {
    const message = "Ignoring previous leave in snapshot";
    options.onSnapshotReport?.({ kind: "leave-ignored", message });
  }
  for (const message of problems) options.onSnapshotReport?.({ kind: "line-skipped", message });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
