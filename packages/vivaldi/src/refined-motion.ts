/**
 * The default rule: the reference's step, plus a memory of recent samples that pull again
 * at every observation. Members measure about one RTT a second, so what a sample tells is
 * dear and a step is cheap; with sixteen replays a member is as accurate after 100 samples
 * as the reference is after some 300.
 *
 * Deviation: the wire and the meaning of every number are the reference's, the path is not.
 * Gains fall as confidence grows; a push moves vector and height along the gradient of the
 * distance, in fixed shares, not the height in proportion to itself; forces are bounded by
 * the width of the member's own network; the adjustment is taken over the memory; gravity
 * leaves the height alone. Members that follow the reference become more accurate, not
 * less, in a cluster half of which moves like this (`test/accuracy.sim.test.ts`).
 */
import type { Coordinate } from "./coordinate.ts";
import { COINCIDENCE_SECONDS, magnitude, writeRandomDirection } from "./euclidean.ts";
import type { Motion } from "./motion.ts";
import { RTT_MIN_SECONDS } from "./motion.ts";
import type { Position } from "./position.ts";
import { RecentSamples } from "./recent-samples.ts";
import { TypicalRtt } from "./typical-rtt.ts";
import type { RefinementOptions, VivaldiOptions } from "./vivaldi-options.ts";

export class RefinedMotion implements Motion {
  readonly #options: VivaldiOptions;
  readonly #refinement: RefinementOptions;
  readonly #position: Position;
  readonly #random: () => number;
  readonly #samples: RecentSamples;
  readonly #typicalRtt = new TypicalRtt();
  readonly #direction: Float64Array;
  readonly #errorMin: number;
  #replayCursor = 0;
  /** Since the start, the last reset, or since the position was set from outside. */
  #observations = 0;
  #heightGuessesLeft: number;
  /** What the adjustment was before the first of those observations. */
  #adjustmentBefore = 0;

  constructor(
    options: VivaldiOptions,
    refinement: RefinementOptions,
    position: Position,
    random: () => number,
  ) {
    this.#options = options;
    this.#refinement = refinement;
    this.#position = position;
    this.#random = random;
    this.#samples = new RecentSamples(refinement.memorySize, options.dimensionality);
    this.#direction = new Float64Array(options.dimensionality);
    this.#heightGuessesLeft = refinement.heightGuesses;
    // Without a defence only what divides by zero is kept out, as in the reference.
    this.#errorMin = options.defence?.errorMin ?? 1e-6;
  }

  observe(memberIndex: number, other: Coordinate, rttSeconds: number): void {
    const { errorMax } = this.#options;
    const rtt = Math.max(rttSeconds, RTT_MIN_SECONDS);
    this.#typicalRtt.observe(rtt);
    const otherError = Math.min(Math.max(other.error, this.#errorMin), errorMax);
    this.#observations++;
    if (this.#heightGuessesLeft > 0) this.#guessHeight(rtt);
    const slot = this.#samples.hold(memberIndex, other, otherError, rtt);
    this.#pull(slot, 1, true);
    this.#replay();
    this.#adjust();
    this.#pullToOrigin();
  }

  forget(memberIndex: number): void {
    this.#samples.forget(memberIndex);
  }

  handleReset(): void {
    this.#samples.clear();
    this.#replayCursor = 0;
    this.#observations = 0;
    this.#heightGuessesLeft = this.#refinement.heightGuesses;
    this.#adjustmentBefore = 0;
  }

  handlePlaced(): void {
    this.#observations = 0;
    this.#heightGuessesLeft = 0;
    this.#adjustmentBefore = this.#position.adjustment;
  }

  /**
   * A new member takes half the shortest RTT so far for its access link: the whole of that
   * RTT was two links at most. From there the vectors find a simpler arrangement than from
   * no height at all, where members of one site, equally far from each other, would spread
   * out over all dimensions.
   */
  #guessHeight(rtt: number): void {
    const position = this.#position;
    const guess = Math.max(rtt / 2, this.#options.heightMinSeconds);
    const isFirst = this.#heightGuessesLeft === this.#refinement.heightGuesses;
    position.height = isFirst ? guess : Math.min(guess, position.height);
    this.#heightGuessesLeft--;
  }

  /** The remembered samples pull again, as many as are due, in turn. */
  #replay(): void {
    const { count } = this.#samples;
    const replays = Math.min(this.#refinement.replaysPerObservation, count);
    if (replays === 0) return;
    const first = this.#replayCursor + 1 < count ? this.#replayCursor + 1 : 0;
    this.#pull(first, replays, false);
    this.#replayCursor = (first + replays - 1) % count;
    const hasComeRound = this.#replayCursor < replays;
    if (hasComeRound) this.#samples.recountResiduals();
  }

  /**
   * Steps against so many samples, from slot `first` on: vector and height, and for a fresh
   * sample, which then is the only one, the error before. An old coordinate says little about how
   * well we know the network now.
   *
   * Seventeen steps make an observation, and each waits for the one before: what does not change
   * is taken out of the loop, and few operations of a step wait for one another.
   */
  #pull(first: number, steps: number, isFresh: boolean): void {
    const position = this.#position;
    const samples = this.#samples;
    const { heightMinSeconds } = this.#options;
    const { forceLimitRtts, settledError, outlierFactor, heightShare } = this.#refinement;
    const { vector, error: ownError, adjustment } = position;
    const { values, stride, count } = samples;
    const gain = this.#gain(isFresh);
    if (isFresh) this.#learnError(first);

    // No sample moves a member by more than its network is wide; a settled one hears only part
    // of an outlier.
    const widestForce = forceLimitRtts * this.#typicalRtt.seconds;
    const outlierRtts = position.error < settledError ? outlierFactor * position.error : Infinity;
    // While all move fast, a height would only soak up what the vectors get wrong.
    const learnsHeight = position.error <= settledError;
    const vectorShare = 1 / (1 + heightShare);
    // An import is looked up at each use where modules are not joined.
    const coincidence = COINCIDENCE_SECONDS;
    let height = position.height;
    let slot = first;
    for (let step = 0; step < steps; step++) {
      const length = samples.lengthFrom(slot, vector);
      const scalars = slot * stride + vector.length;
      const otherHeight = values[scalars] as number;
      const otherError = values[scalars + 2] as number;
      const rtt = values[scalars + 3] as number;
      const raw = length + (height + otherHeight);
      const adjusted = raw + (adjustment + (values[scalars + 1] as number));
      const force = rtt - (adjusted > 0 ? adjusted : raw);
      const bound = Math.min(widestForce, outlierRtts * rtt);
      const heard = force > bound ? bound : force < -bound ? -bound : force;
      const move = ((gain * ownError) / (ownError + otherError)) * heard;

      let along = move;
      if (length > coincidence) {
        along = move * vectorShare;
        // The reciprocal is ready when the force is; a division of both would begin then.
        samples.moveFrom(slot, vector, along * (1 / length));
        if (learnsHeight) height = Math.max(height + heightShare * along, heightMinSeconds);
      } else {
        this.#part(move);
      }
      // Since the move is along the line, its new length needs no second square root.
      samples.setResidual(slot, rtt - otherHeight - (Math.abs(length + along) + height));
      slot = slot + 1 < count ? slot + 1 : 0;
    }
    position.height = height;
  }

  /**
   * At its floor for a settled member, else higher in proportion to what it does not know; above
   * 1 it would step past the point where the sample is met.
   */
  #gain(isFresh: boolean): number {
    const { replayGain, gainBoost, settledError } = this.#refinement;
    const floor = isFresh ? this.#options.positionGain : replayGain;
    return Math.min(floor + gainBoost * Math.max(this.#position.error - settledError, 0), 1);
  }

  #learnError(slot: number): void {
    const { errorGain, errorMax } = this.#options;
    const { values, stride } = this.#samples;
    const position = this.#position;
    const scalars = slot * stride + position.vector.length;
    const rtt = values[scalars + 3] as number;
    const raw =
      this.#samples.lengthFrom(slot, position.vector) +
      (position.height + (values[scalars] as number));
    const adjusted = raw + (position.adjustment + (values[scalars + 1] as number));
    const wrongness = Math.abs((adjusted > 0 ? adjusted : raw) - rtt) / rtt;

    const share = (errorGain * position.error) / (position.error + (values[scalars + 2] as number));
    const heard = Math.min(wrongness, this.#refinement.sampleErrorMax);
    const learnt = share * heard + (1 - share) * position.error;
    position.error = Math.min(Math.max(learnt, this.#errorMin), errorMax);
  }

  /**
   * Moves away from someone in the same point, in any direction. Nothing tells whether vector or
   * height is at fault there; parting comes first.
   */
  #part(move: number): void {
    const { vector } = this.#position;
    const direction = this.#direction;
    writeRandomDirection(direction, this.#random);
    for (let index = 0; index < vector.length; index++) {
      vector[index] = (vector[index] as number) + move * (direction[index] as number);
    }
  }

  #adjust(): void {
    if (this.#options.adjustmentWindowSize === 0) return;
    const samples = this.#samples;
    const mean = samples.residualSumSeconds / samples.count;
    // The prior fades with observations, not with members: in a small cluster it would stay.
    const trust = this.#observations / (this.#observations + this.#refinement.adjustmentPrior);
    this.#position.adjustment = (mean / 2) * trust + this.#adjustmentBefore * (1 - trust);
  }

  /**
   * As the reference, by (g/ρ)² seconds at g seconds from the origin, which shortens the
   * vector by the factor 1 − g/ρ²; but never past the origin.
   */
  #pullToOrigin(): void {
    const vector = this.#position.vector;
    const length = magnitude(vector);
    const { gravityRho } = this.#options;
    const keep = Math.max(1 - length / (gravityRho * gravityRho), 0);
    for (let index = 0; index < vector.length; index++) {
      vector[index] = (vector[index] as number) * keep;
    }
  }
}
