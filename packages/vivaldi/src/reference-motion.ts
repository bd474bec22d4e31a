/**
 * The reference's rule: one step per observation, an adjustment over a fixed window, a weak
 * pull to the origin. Every operation is in the reference's order, because its results are
 * reproduced bit for bit; the vectors under `test/vectors` watch over that.
 *
 * Source: Dabek, Cox, Kaashoek, Morris, Vivaldi, SIGCOMM 2004; behaviour specification §4, §5.
 */
import { AdjustmentWindow } from "./adjustment-window.ts";
import type { Coordinate } from "./coordinate.ts";
import { nanosecondsOfSeconds, secondsOfNanoseconds } from "./coordinate.ts";
import type { Vector } from "./euclidean.ts";
import { euclideanDistance, writeUnitVector } from "./euclidean.ts";
import type { Motion } from "./motion.ts";
import { RTT_MIN_SECONDS } from "./motion.ts";
import type { Position } from "./position.ts";
import type { VivaldiOptions } from "./vivaldi-options.ts";

/** Floor of the sum of two errors, which is divided by (behaviour specification §1, ε). */
const ERROR_SUM_MIN = 1e-6;

export class ReferenceMotion implements Motion {
  readonly #options: VivaldiOptions;
  readonly #position: Position;
  readonly #random: () => number;
  readonly #window: AdjustmentWindow | undefined;
  readonly #direction: Float64Array;
  readonly #origin: Float64Array;

  constructor(options: VivaldiOptions, position: Position, random: () => number) {
    this.#options = options;
    this.#position = position;
    this.#random = random;
    const windowSize = options.adjustmentWindowSize;
    this.#window = windowSize > 0 ? new AdjustmentWindow(windowSize) : undefined;
    this.#direction = new Float64Array(options.dimensionality);
    this.#origin = new Float64Array(options.dimensionality);
  }

  observe(_memberIndex: number, other: Coordinate, rttSeconds: number): void {
    const position = this.#position;
    const { errorGain, errorMax, positionGain } = this.#options;
    const distance = this.#distanceSeconds(other);
    const rtt = Math.max(rttSeconds, RTT_MIN_SECONDS);
    const wrongness = Math.abs(distance - rtt) / rtt;

    const errorSum = Math.max(position.error + other.error, ERROR_SUM_MIN);
    const weight = position.error / errorSum;
    const learnt = errorGain * weight * wrongness + position.error * (1 - errorGain * weight);
    position.error = Math.min(learnt, errorMax);
    this.#push(positionGain * weight * (rtt - distance), other.vector, other.height);

    if (this.#window !== undefined) {
      position.adjustment = this.#window.observe(rttSeconds - this.#rawDistanceSeconds(other));
    }
    this.#pullToOrigin();
  }

  /** Keeps nothing about single members. */
  forget(_memberIndex: number): void {}

  /** The reference keeps the window, so that a bad residual forces resets until it has left. */
  handleReset(): void {}

  /** The window stays here as well: the next observation overwrites a set adjustment. */
  handlePlaced(): void {}

  #rawDistanceSeconds(other: Coordinate): number {
    const position = this.#position;
    return euclideanDistance(position.vector, other.vector) + position.height + other.height;
  }

  /** Cut to nanoseconds, because the reference works with its printed distance. */
  #distanceSeconds(other: Coordinate): number {
    const raw = this.#rawDistanceSeconds(other);
    const adjusted = raw + this.#position.adjustment + other.adjustment;
    return secondsOfNanoseconds(nanosecondsOfSeconds(adjusted > 0 ? adjusted : raw));
  }

  /** Behaviour specification §5: away from a point by `force` seconds, nearer if negative. */
  #push(force: number, from: Vector, fromHeight: number): void {
    const position = this.#position;
    const direction = this.#direction;
    const distance = writeUnitVector(direction, position.vector, from, this.#random);
    for (let index = 0; index < direction.length; index++) {
      position.vector[index] =
        (position.vector[index] as number) + (direction[index] as number) * force;
    }
    if (distance === 0) return;
    const height = ((position.height + fromHeight) * force) / distance + position.height;
    position.height = Math.max(height, this.#options.heightMinSeconds);
  }

  #pullToOrigin(): void {
    const { heightMinSeconds, gravityRho } = this.#options;
    const position = this.#position;
    const raw =
      euclideanDistance(this.#origin, position.vector) + heightMinSeconds + position.height;
    const adjusted = raw + position.adjustment;
    const distance = secondsOfNanoseconds(nanosecondsOfSeconds(adjusted > 0 ? adjusted : raw));
    const ratio = distance / gravityRho;
    this.#push(-(ratio * ratio), this.#origin, heightMinSeconds);
  }
}
