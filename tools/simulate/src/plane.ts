/**
 * Points in many dimensions as a map: the two directions in which they differ most.
 *
 * Principal components by power iteration; eight dimensions need nothing better.
 */

/** @returns x and y for each point, in the order given. */
export function onPlane(
  points: readonly (readonly number[])[],
): readonly (readonly [number, number])[] {
  const dimensions = points[0]?.length ?? 0;
  if (dimensions === 0) return points.map(() => [0, 0] as const);
  const means = Array.from({ length: dimensions }, (_, axis) =>
    mean(points.map((point) => point[axis] ?? 0)),
  );
  const centred = points.map((point) => point.map((value, axis) => value - (means[axis] ?? 0)));
  const first = direction(centred, dimensions);
  const rest = centred.map((point) => without(point, first));
  const second = direction(rest, dimensions);
  return centred.map((point) => [dot(point, first), dot(point, second)] as const);
}

function direction(points: readonly (readonly number[])[], dimensions: number): readonly number[] {
  let current: readonly number[] = Array.from({ length: dimensions }, (_, axis) => 1 / (axis + 1));
  for (let round = 0; round < 60; round += 1) {
    const next = Array.from({ length: dimensions }, () => 0);
    for (const point of points) {
      const weight = dot(point, current);
      point.forEach((value, axis) => (next[axis] = (next[axis] ?? 0) + weight * value));
    }
    const length = Math.sqrt(dot(next, next));
    if (length === 0) return current;
    current = next.map((value) => value / length);
  }
  return current;
}

function without(point: readonly number[], axis: readonly number[]): readonly number[] {
  const length = dot(point, axis);
  return point.map((value, index) => value - length * (axis[index] ?? 0));
}

function dot(first: readonly number[], second: readonly number[]): number {
  return first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
