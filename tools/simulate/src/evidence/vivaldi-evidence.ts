/**
 * Vivaldi: relative error over all pairs of 490 measured machines, and what each part is worth.
 *
 * Source: Dabek et al., *Vivaldi*, SIGCOMM 2004 §5; Ledlie et al., *Network Coordinates in the Wild*,
 * NSDI 2007.
 */
import { defaultVivaldiOptions, referenceVivaldiOptions, type VivaldiOptions } from "@x/vivaldi";
import {
  planetLabMatrix,
  planetLabSlices,
} from "../../../../packages/vivaldi/test/support/latency-matrices.ts";
import { Population } from "../../../../packages/vivaldi/test/support/population.ts";
import type { Evidence } from "./evidence.ts";

const SAMPLES = 200;
const PARTS: readonly { readonly title: string; readonly options: VivaldiOptions }[] = [
  { title: "default settings", options: defaultVivaldiOptions },
  { title: "reference settings", options: referenceVivaldiOptions },
  {
    title: "reference, without latency filter",
    options: { ...referenceVivaldiOptions, latencyFilterSize: 1 },
  },
  {
    title: "reference, without adjustment",
    options: { ...referenceVivaldiOptions, adjustmentWindowSize: 0 },
  },
  { title: "reference, without gravity", options: { ...referenceVivaldiOptions, gravityRho: 1e9 } },
];

export const vivaldiEvidence: Evidence = {
  name: "vivaldi",
  source: "Vivaldi (2004), Ledlie et al. (2007)",
  measure(report) {
    const truth = planetLabMatrix();
    const slices = planetLabSlices();
    for (const { options, title } of PARTS) {
      for (const isNoisy of [false, true]) {
        const population = new Population({
          truth,
          seed: 1,
          optionsOf: () => options,
          ...(isNoisy && { slices }),
        });
        population.run(SAMPLES);
        const { median, p90 } = population.accuracy();
        report({
          what: `${title}, ${isNoisy ? "noisy" : "clean"}: median / 90th percentile after ${SAMPLES} samples`,
          published:
            title === "default settings" && !isNoisy
              ? "median 11 % with height (PlanetLab of 2004)"
              : "–",
          ours: `${(median * 100).toFixed(1)} % / ${(p90 * 100).toFixed(0)} %`,
        });
      }
    }
  },
};
