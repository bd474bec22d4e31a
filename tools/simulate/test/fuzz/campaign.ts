/** The fuzz campaign of `npm test`: so many cases in all, a share for each door. */
import { expect } from "vitest";
import type { DoorName } from "../../src/fuzz/door.ts";
import { everyDoor, shareOf } from "../../src/fuzz/every-door.ts";
import { fuzzDoor } from "../../src/fuzz/fuzz-door.ts";
import { recordedInputs } from "../../src/fuzz/recorded-inputs.ts";

/** `FUZZ_CASES=2000000` tries more. */
export const CASE_COUNT: number = Number(process.env["FUZZ_CASES"] ?? 200_000);

/** The same as that of property tests: `PROPERTY_SEED=random` looks elsewhere. */
const wanted = process.env["PROPERTY_SEED"] ?? "20261126";
const SEED = wanted === "random" ? Date.now() : Number(wanted);

/** Puts a door's share of hostile input to it and finds nothing. */
export function findsNothingAt(name: DoorName): void {
  const { make } = everyDoor[name];
  const caseCount = shareOf(name, CASE_COUNT);
  const findings = fuzzDoor({ name, make, seeds: recordedInputs(name), caseCount, seed: SEED });
  expect(findings, `seed ${SEED}`).toEqual([]);
}
