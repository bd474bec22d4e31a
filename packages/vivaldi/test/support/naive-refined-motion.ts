import type { Coordinate, RefinementOptions, VivaldiOptions } from "@x/vivaldi";

interface Sample {
  readonly member: number;
  readonly other: Coordinate;
  readonly error: number;
  readonly rtt: number;
  residual: number;
}

/** A coordinate that moves. */
export interface Point {
  vector: number[];
  error: number;
  adjustment: number;
  height: number;
}

/**
 * The refined rule as one would write it on paper: vectors as values, samples as objects, every
 * mean taken anew.
 */
export class NaiveRefinedMotion {
  readonly #options: VivaldiOptions;
  readonly #refinement: RefinementOptions;
  readonly #random: () => number;
  readonly #errorMin: number;
  readonly at: Point;
  #samples: Sample[] = [];
  #nextToReplace = 0;
  #cursor = 0;
  #observations = 0;
  #guessesLeft: number;
  #adjustmentBefore = 0;
  #typical = 0;
  #votes = 0;

  constructor(
    options: VivaldiOptions,
    refinement: RefinementOptions,
    start: Point,
    random: () => number,
  ) {
    this.#options = options;
    this.#refinement = refinement;
    this.#random = random;
    this.#errorMin = options.defence?.errorMin ?? 1e-6;
    this.#guessesLeft = refinement.heightGuesses;
    this.at = start;
  }

  observe(member: number, other: Coordinate, measured: number): void {
    const { positionGain, errorMax, heightMinSeconds } = this.#options;
    const { memorySize, replaysPerObservation, replayGain, heightGuesses } = this.#refinement;
    const rtt = Math.max(measured, 1e-6);
    this.#vote(rtt);
    this.#observations += 1;
    if (this.#guessesLeft > 0) {
      const guess = Math.max(rtt / 2, heightMinSeconds);
      const isFirst = this.#guessesLeft === heightGuesses;
      this.at.height = isFirst ? guess : Math.min(guess, this.at.height);
      this.#guessesLeft -= 1;
    }
    const error = clamp(other.error, this.#errorMin, errorMax);
    const sample: Sample = { member, other, error, rtt, residual: 0 };
    const known = this.#samples.findIndex((held) => held.member === member);
    if (known >= 0) this.#samples[known] = sample;
    else if (this.#samples.length < memorySize) this.#samples.push(sample);
    else {
      this.#samples[this.#nextToReplace] = sample;
      this.#nextToReplace = (this.#nextToReplace + 1) % memorySize;
    }

    this.#step(sample, Math.min(positionGain + this.#boost(), 1), true);
    const gain = Math.min(replayGain + this.#boost(), 1);
    for (let count = Math.min(replaysPerObservation, this.#samples.length); count > 0; count -= 1) {
      this.#cursor = this.#cursor + 1 < this.#samples.length ? this.#cursor + 1 : 0;
      this.#step(this.#samples[this.#cursor] as Sample, gain, false);
    }
    this.#adjust();
    this.#pullToOrigin();
  }

  forget(member: number): void {
    const index = this.#samples.findIndex((held) => held.member === member);
    if (index < 0) return;
    const last = this.#samples.pop() as Sample;
    if (index < this.#samples.length) this.#samples[index] = last;
    if (this.#nextToReplace > this.#samples.length) this.#nextToReplace = 0;
  }

  handleReset(): void {
    this.#samples = [];
    this.#nextToReplace = 0;
    this.#cursor = 0;
    this.#observations = 0;
    this.#guessesLeft = this.#refinement.heightGuesses;
    this.#adjustmentBefore = 0;
  }

  handlePlaced(): void {
    this.#observations = 0;
    this.#guessesLeft = 0;
    this.#adjustmentBefore = this.at.adjustment;
  }

  #boost(): number {
    const { gainBoost, settledError } = this.#refinement;
    return gainBoost * Math.max(this.at.error - settledError, 0);
  }

  #vote(rtt: number): void {
    this.#votes += 1;
    const ratio = Math.max(1 / (this.#votes + 1), 1 / 16);
    const moved = this.#typical * (rtt > this.#typical ? 1 + ratio : 1 - ratio);
    this.#typical = this.#votes === 1 ? rtt : Math.max(moved, 1e-6);
  }

  #step(sample: Sample, gain: number, isFresh: boolean): void {
    const { at } = this;
    const { errorGain, errorMax, heightMinSeconds } = this.#options;
    const refinement = this.#refinement;
    const difference = at.vector.map((value, axis) => value - (sample.other.vector[axis] ?? 0));
    const length = norm(difference);
    const raw = length + at.height + sample.other.height;
    const adjusted = raw + at.adjustment + sample.other.adjustment;
    const distance = adjusted > 0 ? adjusted : raw;
    const weight = at.error / (at.error + sample.error);
    if (isFresh) {
      const wrongness = Math.min(
        Math.abs(distance - sample.rtt) / sample.rtt,
        refinement.sampleErrorMax,
      );
      const share = errorGain * weight;
      at.error = clamp(share * wrongness + (1 - share) * at.error, this.#errorMin, errorMax);
    }
    const isSettled = at.error < refinement.settledError;
    const bound = Math.min(
      refinement.forceLimitRtts * this.#typical,
      isSettled ? refinement.outlierFactor * at.error * sample.rtt : Infinity,
    );
    const move = gain * weight * clamp(sample.rtt - distance, -bound, bound);
    const isCoincident = length <= 1e-6;
    const direction = isCoincident
      ? this.#draw(at.vector.length)
      : difference.map((value) => value / length);
    const along = isCoincident ? move : move / (1 + refinement.heightShare);
    at.vector = at.vector.map((value, axis) => value + along * (direction[axis] ?? 0));
    if (!isCoincident && at.error <= refinement.settledError) {
      at.height = Math.max(at.height + refinement.heightShare * along, heightMinSeconds);
    }
    sample.residual = sample.rtt - sample.other.height - Math.abs(length + along) - at.height;
  }

  #draw(dimensionality: number): number[] {
    const drawn = Array.from({ length: dimensionality }, () => this.#random() - 0.5);
    const length = norm(drawn);
    return drawn.map((value) => value / length);
  }

  #adjust(): void {
    if (this.#options.adjustmentWindowSize === 0) return;
    const sum = this.#samples.reduce((total, { residual }) => total + residual, 0);
    const trust = this.#observations / (this.#observations + this.#refinement.adjustmentPrior);
    this.at.adjustment =
      (sum / this.#samples.length / 2) * trust + this.#adjustmentBefore * (1 - trust);
  }

  #pullToOrigin(): void {
    const { gravityRho } = this.#options;
    const keep = Math.max(1 - norm(this.at.vector) / gravityRho ** 2, 0);
    this.at.vector = this.at.vector.map((value) => value * keep);
  }
}

function norm(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
