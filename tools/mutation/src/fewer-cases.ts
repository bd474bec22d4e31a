/**
 * Takes the place of fast-check while mutants are tried: a law is asked fewer cases, and a
 * counterexample is not shrunk, since all that counts is that there is one.
 *
 * The cases are the first of those the ordinary run asks, so a mutant that dies here dies there.
 */
import fastCheck from "fast-check";

export * from "fast-check";

/** Cases a law is asked at most. */
const CASES = 40;

type Assert = typeof fastCheck.assert;

/** As the original, with fewer cases. */
export const assert: Assert = ((property, parameters) =>
  fastCheck.assert(property, {
    ...parameters,
    numRuns: Math.min(parameters?.numRuns ?? 100, CASES),
    endOnFailure: true,
  })) as Assert;

// The tests import it by default as well as by name.
export default { ...fastCheck, assert };
