/**
 * How many coordinate updates a second? (One iteration is 1,000 observations.)
 *
 * The reference, in Go on a two-core virtual machine: 1.1 µs for one. Ours there: 0.78 µs with the
 * default options, which take seventeen steps, and 0.45 µs with the reference's.
 *
 * What gained with the default options, from 1.28 µs: all replays in one function, so that nothing
 * is boxed for a call, and four components a round, since the checks of a round cost more than its
 * sums (together 0.35 µs); four sums side by side, a reciprocal that is ready in time (0.1 µs);
 * bounds that imply finiteness judged first (0.03 µs). Not worth it: a snapshot copied from a plain
 * array that is kept.
 */
import { bench, describe } from "vitest";
import { SeededRandom } from "@x/simulator";
import type { Coordinate, VivaldiOptions } from "@x/vivaldi";
import { CoordinateClient, defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";

interface Sample {
  readonly memberName: string;
  readonly coordinate: Coordinate;
  readonly rttSeconds: number;
}

/** Members around the world, as they would answer a probe each. */
function samplesOf(memberCount: number): readonly Sample[] {
  const random = new SeededRandom(1);
  return Array.from({ length: memberCount }, (_, member) => ({
    memberName: `member-${member}`,
    coordinate: {
      vector: Array.from({ length: 8 }, () => random.between(-0.05, 0.05)),
      error: random.between(0.1, 0.4),
      adjustment: random.between(-0.001, 0.001),
      height: random.between(0.0001, 0.01),
    },
    rttSeconds: random.between(0.02, 0.2),
  }));
}

function observeThousand(options: VivaldiOptions, memberCount: number): () => void {
  const samples = samplesOf(memberCount);
  const client = new CoordinateClient(options, new SeededRandom(2).toFunction());
  let next = 0;
  return () => {
    for (let count = 0; count < 1000; count++) {
      const sample = samples[next] as Sample;
      next = next + 1 === samples.length ? 0 : next + 1;
      client.observe(sample.memberName, sample.coordinate, sample.rttSeconds);
      // As a driver does for the next ack, in which the coordinate travels.
      void client.coordinate;
    }
  };
}

describe("1,000 observations, each with the new coordinate read", () => {
  bench("default options, 100 members", observeThousand(defaultVivaldiOptions, 100));
  bench("default options, 10,000 members", observeThousand(defaultVivaldiOptions, 10_000));
  bench("reference options, 100 members", observeThousand(referenceVivaldiOptions, 100));
  bench("reference options, 10,000 members", observeThousand(referenceVivaldiOptions, 10_000));
});
