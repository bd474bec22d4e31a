/**
 * Network coordinates: tell the round-trip time between any two members of a cluster
 * without measuring it, from one small coordinate each.
 *
 * Promises: no dependency, no clock, no I/O, so it runs wherever JavaScript does; with
 * `referenceVivaldiOptions` the same coordinates as HashiCorp Serf to the last bit, with
 * `defaultVivaldiOptions` better ones after fewer samples; nothing that another member
 * sends can throw, bring in NaN, grow memory beyond its limit or move a member far.
 *
 * Reading order of the sources: `coordinate.ts` (the value), `coordinate-client.ts` (the
 * order of things), `reference-motion.ts` (the method as published), `refined-motion.ts`
 * (what the default does beyond it), `admission.ts` (what is refused).
 *
 * @packageDocumentation
 */
export type { Coordinate } from "./coordinate.ts";
export {
  areCompatible,
  estimatedRttNanoseconds,
  estimatedRttSeconds,
  isFiniteCoordinate,
  rawDistanceSeconds,
} from "./coordinate.ts";

export type { CoordinateStats } from "./coordinate-client.ts";
export { CoordinateClient } from "./coordinate-client.ts";
export type { Outcome, RejectionReason } from "./errors.ts";

export type { EvenMedian } from "./latency-filter.ts";
export type { DefenceOptions, RefinementOptions, VivaldiOptions } from "./vivaldi-options.ts";
export { defaultVivaldiOptions, referenceVivaldiOptions } from "./vivaldi-options.ts";
