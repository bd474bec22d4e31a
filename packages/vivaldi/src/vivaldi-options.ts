/**
 * Every number that shapes a coordinate, with two complete sets of them:
 * {@link defaultVivaldiOptions} for use, {@link referenceVivaldiOptions} for comparison.
 * None of them is on the wire, so members with different options understand each other.
 */
import type { EvenMedian } from "./latency-filter.ts";

/** What a client accepts from others and keeps. Absent: only NaN and infinity are refused. */
export interface DefenceOptions {
  /**
   * Seconds. A vector longer than this, an adjustment beyond it on either side, or a height
   * outside `[0, bound]` is refused: no RTT that counts is longer either.
   */
  readonly coordinateBoundSeconds: number;
  /**
   * No member, the own one included, is believed to be surer than this, so that no one gains
   * full authority by claiming an error of 0, or a weight of 10⁶ by claiming a negative one.
   */
  readonly errorMin: number;
  /** A restored coordinate is at least this unsure: the network may have changed meanwhile. */
  readonly restoredErrorMin: number;
}

/**
 * How each observation is made to tell more. Absent: one step per observation, as the
 * reference takes it.
 *
 * Source of the idea of a neighbour memory: Ledlie, Gardner, Seltzer, NSDI 2007 §5; the
 * numbers were chosen on a measured RTT matrix (package README) and hold elsewhere in the
 * simulations of behaviour specification §7.
 */
export interface RefinementOptions {
  /** Members whose latest coordinate and RTT are kept, at least 1; the oldest gives way. */
  readonly memorySize: number;
  /** Remembered samples that pull again at each observation, in turn. Costs time in proportion. */
  readonly replaysPerObservation: number;
  /** Gain of a replayed sample, where `positionGain` is that of a fresh one. */
  readonly replayGain: number;
  /** Added to both gains for each unit of error above `settledError`: who knows little, moves far. */
  readonly gainBoost: number;
  /**
   * Error at or below which a member is settled: gains are at their floor, heights are learnt,
   * outliers are clipped.
   */
  readonly settledError: number;
  /** How much the height moves for each second the vector moves; 1 is the gradient of the distance. */
  readonly heightShare: number;
  /** What one sample can add to the error at most, as a ratio. One liar must not make us doubt all. */
  readonly sampleErrorMax: number;
  /** A settled member hears at most this multiple of its error times the RTT out of one sample. */
  readonly outlierFactor: number;
  /** Bound of the force of one sample, as a multiple of the RTT typical for this member. */
  readonly forceLimitRtts: number;
  /** Observations after which the adjustment counts half, so that it does not jump at the first. */
  readonly adjustmentPrior: number;
  /** First observations of a new member in which its height is half the shortest RTT so far. */
  readonly heightGuesses: number;
}

/** The settings of a `CoordinateClient`. Start from a preset and spread: `{ ...defaultVivaldiOptions, gravityRho: 60 }`. */
export interface VivaldiOptions {
  /** Length of the vector, 1 to 64. Serf clusters use 8 and refuse all else. */
  readonly dimensionality: number;
  /** Start and ceiling of the error (VivaldiErrorMax). */
  readonly errorMax: number;
  /** How strongly one observation moves the error, `(0, 1]` (VivaldiCE; Vivaldi, SIGCOMM 2004, c_e). */
  readonly errorGain: number;
  /** How strongly one observation moves the position, `(0, 1]` (VivaldiCC; there c_c). */
  readonly positionGain: number;
  /**
   * Samples behind the adjustment; 0 switches it off. With a refinement the memory takes the
   * place of the window, and this only says whether.
   */
  readonly adjustmentWindowSize: number;
  /** Floor and start of the height, seconds (HeightMin). */
  readonly heightMinSeconds: number;
  /** RTT samples kept per member, 1 to 64 (LatencyFilterSize). */
  readonly latencyFilterSize: number;
  /** Which middle sample counts when there is an even number; the reference takes the upper. */
  readonly latencyFilterEvenMedian: EvenMedian;
  /** Weakness of the pull to the origin, which keeps the whole cluster from drifting (GravityRho). */
  readonly gravityRho: number;
  /** Members with a latency filter at once; one more and the one tracked longest is forgotten. */
  readonly trackedMembersLimit: number;
  readonly defence?: DefenceOptions;
  readonly refinement?: RefinementOptions;
}

/**
 * The reference's settings and its behaviour, bit for bit, weaknesses included.
 *
 * Source: behaviour specification §1. `trackedMembersLimit` is ours: the reference has none.
 */
export const referenceVivaldiOptions: VivaldiOptions = Object.freeze({
  dimensionality: 8,
  errorMax: 1.5,
  errorGain: 0.25,
  positionGain: 0.25,
  adjustmentWindowSize: 20,
  heightMinSeconds: 10e-6,
  latencyFilterSize: 3,
  latencyFilterEvenMedian: "upper",
  gravityRho: 150,
  trackedMembersLimit: 65_536,
});

/**
 * The settings to use: defended, and more accurate after fewer samples, next to members of
 * any kind.
 *
 * Deviation: the reference's options are these without `defence` and `refinement`, with the
 * upper median and a gravity of 150.
 */
export const defaultVivaldiOptions: VivaldiOptions = Object.freeze({
  ...referenceVivaldiOptions,
  latencyFilterEvenMedian: "lower",
  gravityRho: 60,
  defence: Object.freeze({
    coordinateBoundSeconds: 10,
    errorMin: 1e-3,
    restoredErrorMin: 0.5,
  }),
  refinement: Object.freeze({
    memorySize: 128,
    replaysPerObservation: 16,
    replayGain: 0.08,
    gainBoost: 0.3,
    settledError: 0.15,
    heightShare: 0.15,
    sampleErrorMax: 1,
    outlierFactor: 10,
    forceLimitRtts: 1,
    adjustmentPrior: 40,
    heightGuesses: 16,
  }),
});

/** @throws {RangeError} naming the first option that cannot work, its value and its bounds. */
export function checkVivaldiOptions(options: VivaldiOptions): void {
  requireWhole("dimensionality", options.dimensionality, 1, 64);
  requireWithin("errorMax", options.errorMax, Number.MIN_VALUE, 1e3);
  requireWithin("errorGain", options.errorGain, Number.MIN_VALUE, 1);
  requireWithin("positionGain", options.positionGain, Number.MIN_VALUE, 1);
  requireWhole("adjustmentWindowSize", options.adjustmentWindowSize, 0, 65_536);
  requireWithin("heightMinSeconds", options.heightMinSeconds, 0, 1);
  requireWhole("latencyFilterSize", options.latencyFilterSize, 1, 64);
  requireWithin("gravityRho", options.gravityRho, Number.MIN_VALUE, Number.MAX_VALUE);
  requireWhole("trackedMembersLimit", options.trackedMembersLimit, 1, 1 << 24);
  if (options.defence !== undefined) checkDefence(options.defence, options.errorMax);
  if (options.refinement !== undefined) checkRefinement(options.refinement);
}

function checkDefence(defence: DefenceOptions, errorMax: number): void {
  requireWithin("defence.coordinateBoundSeconds", defence.coordinateBoundSeconds, 1e-3, 1e6);
  requireWithin("defence.errorMin", defence.errorMin, Number.MIN_VALUE, errorMax);
  requireWithin("defence.restoredErrorMin", defence.restoredErrorMin, 0, errorMax);
}

function checkRefinement(refinement: RefinementOptions): void {
  requireWhole("refinement.memorySize", refinement.memorySize, 1, 65_536);
  requireWhole("refinement.replaysPerObservation", refinement.replaysPerObservation, 0, 65_536);
  requireWithin("refinement.replayGain", refinement.replayGain, 0, 1);
  requireWithin("refinement.gainBoost", refinement.gainBoost, 0, 1);
  requireWithin("refinement.settledError", refinement.settledError, 0, 1e3);
  requireWithin("refinement.heightShare", refinement.heightShare, 0, 1);
  requireWithin("refinement.sampleErrorMax", refinement.sampleErrorMax, Number.MIN_VALUE, 1e3);
  requireWithin("refinement.outlierFactor", refinement.outlierFactor, Number.MIN_VALUE, 1e6);
  requireWithin("refinement.forceLimitRtts", refinement.forceLimitRtts, Number.MIN_VALUE, 1e6);
  requireWithin("refinement.adjustmentPrior", refinement.adjustmentPrior, 0, 65_536);
  requireWhole("refinement.heightGuesses", refinement.heightGuesses, 0, 65_536);
}

function requireWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}: choose a whole number from ${min} to ${max}`);
}

function requireWithin(name: string, value: number, min: number, max: number): void {
  // Written so that NaN fails.
  if (value >= min && value <= max) return;
  const least = min === Number.MIN_VALUE ? "above 0" : `from ${min}`;
  throw new RangeError(`${name} is ${value}: choose a number ${least} to ${max}`);
}
