/** Round trips measured among 490 machines all over the world, in ms, row by row. */
import { planetLabMatrix } from "../../../packages/vivaldi/test/support/latency-matrices.ts";

export function planetlabRttMs(): readonly (readonly number[])[] {
  const { rttSeconds, size } = planetLabMatrix();
  return Array.from({ length: size }, (_, source) =>
    Array.from({ length: size }, (_, target) => (rttSeconds[source * size + target] ?? 0) * 1_000),
  );
}
