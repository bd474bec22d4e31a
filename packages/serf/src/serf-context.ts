/**
 * What the rooms of one Serf share, and what a Serf needs from outside.
 *
 * Rooms know the context and the rooms they are given, never `serf.ts`.
 */
import {
  ReportLimit,
  type Directive,
  type Swim,
  type SwimEnvironment,
  type SwimReport,
} from "@x/swim";
import { packetOverheadBytes, defaultWireLimits, encodeName } from "@x/swim/wire";
import type { Coordinate } from "@x/vivaldi";
import { BroadcastQueues } from "./broadcast-queues.ts";
import { LamportClock } from "./lamport-clock.ts";
import { MemberRegistry } from "./member-registry.ts";
import type { LamportTime, SerfEvent } from "./serf-event.ts";
import type { SerfOptions } from "./serf-options.ts";
import { provokedReports, type SerfReport } from "./serf-report.ts";
import { TimerQueue } from "./timer-queue.ts";

/** What the snapshot keeps of a query. */
export interface QuerySighting {
  readonly kind: "query";
  readonly lamportTime: LamportTime;
}

/**
 * Where a Serf writes what it wants to know after a restart. Nothing here waits or throws; what
 * goes wrong is the writer's to report.
 */
export interface SnapshotPort {
  /** @param memberTime - the member clock, written along when it moved. */
  record(event: SerfEvent | QuerySighting, memberTime: LamportTime): void;
  /** Called every half second. */
  recordClock(memberTime: LamportTime): void;
  recordCoordinate(coordinate: Coordinate): void;
  /**
   * A graceful leave: nothing is to be rejoined, unless that is what the user wants.
   *
   * @param settled - called once: it is safe on the disk, or will never be. Others are told then.
   */
  recordLeave(settled: () => void): void;
}

/** What an earlier life left behind. */
export interface RecoveredState {
  /** Name (may be empty) → `ip:port` of members that were alive. */
  readonly alive: ReadonlyMap<string, string>;
  /** Likewise of those that had failed. */
  readonly failed: ReadonlyMap<string, string>;
  readonly lamportTime: LamportTime;
  readonly eventLamportTime: LamportTime;
  readonly queryLamportTime: LamportTime;
  readonly coordinate?: Coordinate | undefined;
}

/** What a core needs from outside besides time and bytes. */
export interface SerfEnvironment extends SwimEnvironment {
  readonly snapshot?: SnapshotPort;
  readonly recovered?: RecoveredState;
  /**
   * Writes the keyring file, primary first. `settled` is called once, with what went wrong if
   * something did; the ring changes only after a success. Absent: there is no such file.
   */
  saveKeyring?(keys: readonly Uint8Array[], settled: (failure?: string) => void): void;
  /**
   * Lets an action of the user happen inside the core: at the present time, with the directives
   * taken afterwards. Needed where users answer queries between calls into the core. Absent: such an
   * action happens at the time of the last call.
   */
  enter?(action: (nowMs: number) => void): void;
}

/** The life of one instance. Source: Serf specification §6. */
export type InstanceState = "alive" | "leaving" | "left" | "shutdown";

/** The three counters. Source: Serf specification §4. */
export interface Clocks {
  readonly member: LamportClock;
  readonly event: LamportClock;
  readonly query: LamportClock;
}

/** What a Serf asks its driver to do. */
export type SerfDirective = Directive<SerfEvent, SerfReport | SwimReport>;

/** What waits to be told to the user and to the operator. */
export class Outbox {
  #directives: SerfDirective[] = [];

  emit(event: SerfEvent): void {
    this.#directives.push({ kind: "emit", event });
  }

  report(report: SerfReport | SwimReport): void {
    this.#directives.push({ kind: "report", report });
  }

  get isEmpty(): boolean {
    return this.#directives.length === 0;
  }

  take(): SerfDirective[] {
    const directives = this.#directives;
    this.#directives = [];
    return directives;
  }
}

/** Shared by all rooms of one member. */
export class SerfContext {
  readonly options: SerfOptions;
  readonly environment: SerfEnvironment;
  readonly swim: Swim;
  readonly registry: MemberRegistry = new MemberRegistry();
  readonly timers: TimerQueue = new TimerQueue();
  readonly outbox: Outbox = new Outbox();
  readonly clocks: Clocks = {
    member: new LamportClock(),
    event: new LamportClock(),
    query: new LamportClock(),
  };
  readonly queues: BroadcastQueues;
  readonly #reportLimit: ReportLimit<SerfReport> = new ReportLimit(provokedReports);
  state: InstanceState = "alive";
  /** Time of the last call into the core. */
  nowMs: number = 0;

  constructor(options: SerfOptions, environment: SerfEnvironment, swim: Swim) {
    this.options = options;
    this.environment = environment;
    this.swim = swim;
    const { registry } = this;
    this.queues = new BroadcastQueues({
      retransmitMultiplier: options.swim.retransmitMultiplier,
      memberCount: () => registry.presentCount,
      depthLimit: () =>
        options.minQueueDepth > 0
          ? Math.max(options.minQueueDepth, 2 * registry.size)
          : options.maxQueueDepth,
      depthWarning: options.queueDepthWarning,
      payloadBytesLimit: broadcastBytesLimit(options, environment),
      isOverhearing: options.swim.eagerGossip,
      report: (report) => this.report(report),
    });
  }

  get name(): string {
    return this.options.name;
  }

  random(): number {
    return this.environment.random();
  }

  /** A kind strangers can provoke is limited to a rate; what is held back is counted. */
  report(report: SerfReport): void {
    for (const passed of this.#reportLimit.pass(report, this.nowMs)) this.outbox.report(passed);
  }
}

/** Bytes a broadcast costs in a packet beside its own: length in the compound (2) and type byte. */
const USER_PART_OVERHEAD_BYTES = 3;

/** The longest message that can ever leave in a gossip packet. Source: Serf specification §1. */
function broadcastBytesLimit(options: SerfOptions, environment: SerfEnvironment): number {
  const { swim } = options;
  const overheadBytes = packetOverheadBytes({
    label: encodeName(swim.label),
    skipInboundLabelCheck: swim.skipInboundLabelCheck,
    verifyIncoming: swim.verifyIncoming,
    verifyOutgoing: swim.verifyOutgoing,
    protocolVersion: swim.protocolVersion,
    limits: { ...defaultWireLimits, ...swim.wireLimits },
    fillRandom: (bytes) => environment.fillRandom(bytes),
    ...(swim.keyring === undefined ? {} : { keyring: swim.keyring }),
    ...(environment.aead === undefined ? {} : { aead: environment.aead }),
  });
  return swim.datagramBytes - overheadBytes - USER_PART_OVERHEAD_BYTES;
}
