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
    const { positionGain, errorMax } = this.#options;
    const rtt = Math.max(rttSeconds, RTT_MIN_SECONDS);
    this.#typicalRtt.observe(rtt);
    const otherError = Math.min(Math.max(other.error, this.#errorMin), errorMax);
    this.#observations++;
    if (this.#heightGuessesLeft > 0) this.#guessHeight(rtt);
    const slot = this.#samples.hold(memberIndex, other, otherError, rtt);

    // A gain above 1 would step past the point where the sample is met.
    const freshGain = Math.min(positionGain + this.#boost(), 1);
    this.#step(slot, freshGain, true);
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

  /** Zero for a settled member, else in proportion to what it does not know. */
  #boost(): number {
    const { gainBoost, settledError } = this.#refinement;
    return gainBoost * Math.max(this.#position.error - settledError, 0);
  }

  /** In turn rather than at random: every sample is replayed equally often, and no draw is needed. */
  #replay(): void {
    const count = this.#samples.count;
    const replays = Math.min(this.#refinement.replaysPerObservation, count);
    const gain = Math.min(this.#refinement.replayGain + this.#boost(), 1);
    for (let replay = 0; replay < replays; replay++) {
      if (++this.#replayCursor >= count) {
        this.#replayCursor = 0;
        this.#samples.recountResiduals();
      }
      this.#step(this.#replayCursor, gain, false);
    }
  }

  /**
   * One step against one sample: error (fresh samples only: an old coordinate says little
   * about how well we know the network now), then vector and height.
   */
  #step(slot: number, gain: number, isFresh: boolean): void {
    const position = this.#position;
    const vector = position.vector;
    const values = this.#samples.values;
    const direction = this.#direction;
    const dimensionality = direction.length;
    const base = slot * this.#samples.stride;
    let squares = 0;
    for (let index = 0; index < dimensionality; index++) {
      const difference = (vector[index] as number) - (values[base + index] as number);
      direction[index] = difference;
      squares += difference * difference;
    }
    const length = Math.sqrt(squares);
    const scalars = base + dimensionality;
    const otherHeight = values[scalars] as number;
    const rtt = values[scalars + 3] as number;
    const raw = length + position.height + otherHeight;
    const adjusted = raw + position.adjustment + (values[scalars + 1] as number);
    const distance = adjusted > 0 ? adjusted : raw;

    const weight = position.error / (position.error + (values[scalars + 2] as number));
    if (isFresh) this.#learnError(weight, Math.abs(distance - rtt) / rtt);
    const move = gain * weight * this.#boundedForce(rtt - distance, rtt);
    this.#samples.setResidual(slot, rtt - otherHeight - this.#push(move, length));
  }

  #learnError(weight: number, wrongness: number): void {
    const { errorGain, errorMax } = this.#options;
    const position = this.#position;
    const share = errorGain * weight;
    const heard = Math.min(wrongness, this.#refinement.sampleErrorMax);
    const learnt = share * heard + (1 - share) * position.error;
    position.error = Math.min(Math.max(learnt, this.#errorMin), errorMax);
  }

  /** No sample moves a member by more than its network is wide; a settled one hears only part of an outlier. */
  #boundedForce(force: number, rtt: number): number {
    const { forceLimitRtts, settledError, outlierFactor } = this.#refinement;
    let bound = forceLimitRtts * this.#typicalRtt.seconds;
    const error = this.#position.error;
    if (error < settledError) bound = Math.min(bound, outlierFactor * error * rtt);
    return force > bound ? bound : force < -bound ? -bound : force;
  }

  /**
   * Moves along `#direction`, which is not normalised yet.
   *
   * @param length - of `#direction`.
   * @returns our share of the raw distance afterwards: length and own height. Since the move
   *   is along the line, it needs no second square root.
   */
  #push(move: number, length: number): number {
    const position = this.#position;
    const vector = position.vector;
    const direction = this.#direction;
    const { heightShare, settledError } = this.#refinement;
    const isCoincident = length <= COINCIDENCE_SECONDS;
    if (isCoincident) writeRandomDirection(direction, this.#random);
    const along = isCoincident ? move : move / (1 + heightShare);
    const factor = isCoincident ? along : along / length;
    for (let index = 0; index < direction.length; index++) {
      vector[index] = (vector[index] as number) + factor * (direction[index] as number);
    }
    // In one point nothing tells whether vector or height is at fault; parting comes first.
    // And while all move fast, a height would only soak up what the vectors get wrong.
    if (!isCoincident && position.error <= settledError) {
      const height = position.height + heightShare * along;
      position.height = Math.max(height, this.#options.heightMinSeconds);
    }
    return Math.abs(length + along) + position.height;
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
