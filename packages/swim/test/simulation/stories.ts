/** How each story of this folder becomes a campaign. */
import { Campaign } from "@x/simulator";
import type { SimulatedCluster, Sighting } from "../support/simulate-cluster.ts";
import { keptSeeds } from "./seeds.ts";

const SIGHTINGS: readonly Sighting[] = [
  "suspicions",
  "refutations",
  "deaths",
  "departures",
  "joins",
  "reaped",
];

/** A hundred seeds of a story, told in `<file>.sim.test.ts`. */
export function campaignOf(story: keyof typeof keptSeeds, file: string): Campaign {
  return new Campaign({
    file: `packages/swim/test/simulation/${file}.sim.test.ts`,
    seedCount: 100,
    keptSeeds: keptSeeds[story],
    environment: process.env,
  });
}

/** Adds what a cluster saw to what the campaign saw. */
export function tally(campaign: Campaign, cluster: SimulatedCluster): void {
  for (const what of SIGHTINGS) campaign.count(what, cluster.sighted(what));
}
