/**
 * A member's own coordinate while it moves: mutable, and flat for speed. What leaves the
 * package is a {@link Coordinate} copied from it.
 */
import type { Coordinate } from "./coordinate.ts";
import { isFiniteVector } from "./euclidean.ts";

export class Position {
  readonly vector: Float64Array;
  error = 0;
  adjustment = 0;
  height = 0;
  readonly #errorMax: number;
  readonly #heightMinSeconds: number;

  constructor(shape: {
    readonly dimensionality: number;
    readonly errorMax: number;
    readonly heightMinSeconds: number;
  }) {
    this.vector = new Float64Array(shape.dimensionality);
    this.#errorMax = shape.errorMax;
    this.#heightMinSeconds = shape.heightMinSeconds;
    this.moveToOrigin();
  }

  /** As if new: at the origin, knowing nothing (behaviour specification §2). */
  moveToOrigin(): void {
    this.vector.fill(0);
    this.error = this.#errorMax;
    this.adjustment = 0;
    this.height = this.#heightMinSeconds;
  }

  /** Takes over every number; the caller has judged them. */
  moveTo(coordinate: Coordinate): void {
    this.vector.set(coordinate.vector);
    this.error = coordinate.error;
    this.adjustment = coordinate.adjustment;
    this.height = coordinate.height;
  }

  /** Whether no number in it is NaN or infinite. */
  get isFinite(): boolean {
    const scalars = this.error + this.adjustment + this.height;
    return scalars - scalars === 0 && isFiniteVector(this.vector);
  }

  /**
   * A copy that no later step changes.
   *
   * Not frozen: a frozen array boxes each of its numbers, which made observing three times
   * as slow. The type is read-only.
   */
  snapshot(): Coordinate {
    // Pushed one by one: `Array.from` of a typed array takes eight times as long.
    const vector: number[] = [];
    for (let index = 0; index < this.vector.length; index++) {
      vector.push(this.vector[index] as number);
    }
    return { vector, error: this.error, adjustment: this.adjustment, height: this.height };
  }
}
