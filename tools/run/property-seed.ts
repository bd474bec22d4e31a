import * as fc from "fast-check";

/**
 * Property tests try the same cases everywhere, so that a change that breaks one is the change at
 * hand. `PROPERTY_SEED=random` looks for others; a number repeats a run.
 */
const wanted = process.env["PROPERTY_SEED"] ?? "20261126";
if (wanted !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });
