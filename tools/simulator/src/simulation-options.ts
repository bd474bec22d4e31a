/** What a simulation is told: the network, the watchers, the members. */
import type { LatencyModel } from "./latency-model.ts";
import type { LinkRule } from "./link-rules.ts";
import type { PacketNetworkOptions } from "./packet-network.ts";
import type { Endpoint } from "./protocol-core.ts";
import type { StepCause } from "./simulated-member.ts";
import type { StreamNetworkOptions } from "./stream-network.ts";
import type { TimelineOptions } from "./timeline.ts";

/** What lies between the members. */
export interface NetworkOptions
  extends PacketNetworkOptions, StreamNetworkOptions, Omit<LinkRule, "from" | "to"> {
  /** One-way travel time; 1 ms. */
  readonly latency?: LatencyModel;
  /** Bytes of datagrams a kernel holds for a core that does not read; 2 MiB. */
  readonly socketBufferBytes?: number;
}

/** A core just ran. The same object each time: read it, do not keep it. */
export interface Step<Core> {
  readonly name: string;
  readonly core: Core;
  readonly cause: StepCause;
  /** Virtual time. */
  readonly nowMs: number;
}

/** Watches for what must never be. */
export interface Checker<Core> {
  readonly name: string;
  /** Called after every step of every core. Answers what is wrong, or nothing. */
  observe(step: Step<Core>): string | undefined;
}

export interface SimulationOptions<Core, Event, Report> {
  /** Decides everything. */
  readonly seed: number;
  readonly network?: NetworkOptions;
  readonly timeline?: TimelineOptions;
  readonly checkers?: readonly Checker<Core>[];
  /** What a core told its user. May call back into the simulation. */
  readonly onEvent?: (name: string, event: Event, nowMs: number) => void;
  /** What a core told its operator. */
  readonly onReport?: (name: string, report: Report, nowMs: number) => void;
  /** An event as it enters the timeline; {@link textOf}. A shorter one makes large clusters faster. */
  readonly describeEvent?: (event: Event) => string;
  /** The command that runs this again, shown with a failure. */
  readonly replayHint?: (seed: number) => string;
}

export interface MemberOptions<Core> {
  readonly endpoint: Endpoint;
  /** What its monotonic clock shows when the simulation begins; 0. */
  readonly clockOffsetMs?: number;
  /** Makes the core of a restarted process, and starts it. */
  readonly restart?: (nowMs: number) => Core;
}
