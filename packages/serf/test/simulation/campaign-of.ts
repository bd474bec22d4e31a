/** How each story of this folder becomes a campaign. */
import { Campaign } from "@x/simulator";
import { keptSeeds } from "./seeds.ts";

/** A hundred seeds of a story, told in `<file>.sim.test.ts`. */
export function campaignOf(story: keyof typeof keptSeeds, file: string): Campaign {
  return new Campaign({
    file: `packages/serf/test/simulation/${file}.sim.test.ts`,
    seedCount: 100,
    keptSeeds: keptSeeds[story],
    environment: process.env,
  });
}
