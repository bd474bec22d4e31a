import { expect, it } from "vitest";
import * as api from "@x/simulator";

it("exports exactly what the README promises", () => {
  expect(Object.keys(api).toSorted()).toEqual([
    "Campaign",
    "InvalidCoreError",
    "Outage",
    "SeededRandom",
    "Sha256",
    "Simulation",
    "SimulationError",
    "Timeline",
    "Traffic",
    "VirtualClock",
    "injectFaults",
    "latencySampler",
    "planEndMs",
    "randomFaults",
    "seeds",
    "shrink",
    "simplerFaults",
    "textOf",
    "timelineText",
  ]);
});
