/**
 * Prints the accuracy table of the README: median and 90th percentile of the relative error
 * over all pairs, mean of three seeds.
 *
 *     npx tsx --conditions=@x/source packages/vivaldi/bench/accuracy-table.ts
 */
import type { VivaldiOptions } from "@x/vivaldi";
import { defaultVivaldiOptions, referenceVivaldiOptions } from "@x/vivaldi";
import { planetLabMatrix, planetLabSlices } from "../test/support/latency-matrices.ts";
import type { PopulationPlan } from "../test/support/population.ts";
import { Population } from "../test/support/population.ts";

const SEEDS = [1, 2, 3];
const SAMPLES = [20, 50, 100, 200, 500, 1000];

const truth = planetLabMatrix();
const slices = planetLabSlices();
const isReference = (member: number): boolean => member % 2 === 1;
const mixedOptions = (member: number): VivaldiOptions =>
  isReference(member) ? referenceVivaldiOptions : defaultVivaldiOptions;

interface Row {
  readonly title: string;
  readonly plan: Omit<PopulationPlan, "seed">;
  readonly isCounted?: (i: number, j: number) => boolean;
}

const rows: readonly Row[] = [
  { title: "reference settings", plan: { truth, optionsOf: () => referenceVivaldiOptions } },
  { title: "default settings", plan: { truth, optionsOf: () => defaultVivaldiOptions } },
  {
    title: "reference settings, noisy",
    plan: { truth, slices, optionsOf: () => referenceVivaldiOptions },
  },
  {
    title: "default settings, noisy",
    plan: { truth, slices, optionsOf: () => defaultVivaldiOptions },
  },
  {
    title: "half and half, among reference members",
    plan: { truth, optionsOf: mixedOptions },
    isCounted: (i, j) => isReference(i) && isReference(j),
  },
  {
    title: "half and half, noisy, among reference members",
    plan: { truth, slices, optionsOf: mixedOptions },
    isCounted: (i, j) => isReference(i) && isReference(j),
  },
];

console.log(`| samples per member | ${SAMPLES.join(" | ")} |`);
console.log(`| --- | ${SAMPLES.map(() => "---").join(" | ")} |`);
for (const { title, plan, isCounted } of rows) {
  const populations = SEEDS.map((seed) => new Population({ ...plan, seed }));
  let done = 0;
  const cells = SAMPLES.map((samples) => {
    const accuracies = populations.map((population) => {
      population.run(samples - done);
      return population.accuracy(isCounted);
    });
    done = samples;
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const median = mean(accuracies.map((accuracy) => accuracy.median));
    const p90 = mean(accuracies.map((accuracy) => accuracy.p90));
    return `${median.toFixed(3)} / ${p90.toFixed(2)}`;
  });
  console.log(`| ${title} | ${cells.join(" | ")} |`);
}
