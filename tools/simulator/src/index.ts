/**
 * Runs protocol cores in virtual time on a simulated network, repeatable from one integer.
 *
 * Reading order of the sources: `simulation.ts` (the whole), `simulated-member.ts` (who drives a
 * core), `packet-network.ts`, `stream-network.ts` and `link-rules.ts` (what lies between members),
 * `fault-plan.ts` and `shrink.ts` (what goes wrong), `timeline.ts` (what happened), `seeded-random.ts`
 * and `virtual-clock.ts` (what chance and time are here).
 *
 * @packageDocumentation
 */
export { Campaign, type CampaignOptions, type SeedBatch } from "./campaign.ts";
export {
  injectFaults,
  planEndMs,
  randomFaults,
  simplerFaults,
  type Fault,
  type FaultTarget,
} from "./fault-plan.ts";
export { latencySampler, type LatencyModel, type LatencySampler } from "./latency-model.ts";
export type { LinkRule, MemberSelection } from "./link-rules.ts";
export { Outage } from "./outage.ts";
export type { PacketNetworkOptions } from "./packet-network.ts";
export type {
  Datagram,
  DatagramFailure,
  Directive,
  Endpoint,
  SimulatedCore,
  StreamEvent,
  StreamFailure,
  StreamId,
} from "./protocol-core.ts";
export { SeededRandom, seeds } from "./seeded-random.ts";
export { Sha256 } from "./sha256.ts";
export { shrink, type ShrinkOptions, type ShrinkResult } from "./shrink.ts";
export type { StepCause } from "./simulated-member.ts";
export { InvalidCoreError, SimulationError, type SimulationErrorCode } from "./simulation-error.ts";
export type {
  Checker,
  MemberOptions,
  NetworkOptions,
  SimulationOptions,
  Step,
} from "./simulation-options.ts";
export { Simulation } from "./simulation.ts";
export type { StreamNetworkOptions } from "./stream-network.ts";
export {
  Timeline,
  timelineText,
  type Happening,
  type TimelineEntry,
  type TimelineOptions,
} from "./timeline.ts";
export { Traffic, type DropReason } from "./traffic.ts";
export { textOf } from "./value-text.ts";
export { VirtualClock, type TimedEvent } from "./virtual-clock.ts";
