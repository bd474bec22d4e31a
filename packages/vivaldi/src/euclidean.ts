/**
 * Vector arithmetic on plain arrays of numbers, written so that every sum is taken
 * in the order the reference takes it: coordinates then agree to the last bit.
 */

/** Anything with numbers at indices: plain arrays from the wire, `Float64Array` within. */
export type Vector = ArrayLike<number>;

/**
 * Two points nearer than this (seconds; one microsecond) count as one point, without a
 * direction between them.
 *
 * Source: behaviour specification §1, constant ε.
 */
export const COINCIDENCE_SECONDS = 1e-6;

/** ‖a − b‖₂. Both of one length: the callers check that. */
export function euclideanDistance(a: Vector, b: Vector): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    const difference = component(a, index) - component(b, index);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** ‖a‖₂. */
export function magnitude(a: Vector): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    const value = component(a, index);
    sum += value * value;
  }
  return Math.sqrt(sum);
}

/** Whether every component is neither NaN nor infinite. */
export function isFiniteVector(a: Vector): boolean {
  // x − x is 0 for finite x and NaN for all else: one branch for the whole vector.
  let zero = 0;
  for (let index = 0; index < a.length; index++) {
    const value = component(a, index);
    zero += value - value;
  }
  return zero === 0;
}

/**
 * Writes the unit vector that points from `b` to `a` into `direction`.
 *
 * Coincident points have none: members that start in one place must still be able to
 * part, so a random direction is drawn. Then, and only then, the result is 0.
 *
 * Source: behaviour specification §5.
 *
 * @param random - uniform in `[0, 1)`; called only for coincident points.
 * @returns ‖a − b‖₂, or 0 when the points coincide.
 */
export function writeUnitVector(
  direction: Float64Array,
  a: Vector,
  b: Vector,
  random: () => number,
): number {
  for (let index = 0; index < direction.length; index++) {
    direction[index] = component(a, index) - component(b, index);
  }
  const distance = magnitude(direction);
  if (distance > COINCIDENCE_SECONDS) {
    scale(direction, 1 / distance);
    return distance;
  }
  writeRandomDirection(direction, random);
  return 0;
}

/** A random unit vector: components uniform in `[−0.5, 0.5)`, then normalised. */
export function writeRandomDirection(direction: Float64Array, random: () => number): void {
  for (let index = 0; index < direction.length; index++) {
    direction[index] = random() - 0.5;
  }
  const length = magnitude(direction);
  if (length > COINCIDENCE_SECONDS) {
    scale(direction, 1 / length);
    return;
  }
  direction.fill(0);
  direction[0] = 1;
}

function scale(vector: Float64Array, factor: number): void {
  for (let index = 0; index < vector.length; index++) {
    vector[index] = component(vector, index) * factor;
  }
}

/** Every loop above stays below `length`, which the type system cannot see. */
function component(vector: Vector, index: number): number {
  return vector[index] as number;
}
