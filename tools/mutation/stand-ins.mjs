/**
 * Loaded first by each process that tries mutants: makes the tests find our stand-ins where they ask
 * for `vitest` and `fast-check`. It registers itself as the hooks.
 */
import { register } from "node:module";

const standIns = new Map([
  ["vitest", new URL("./src/claims.ts", import.meta.url).href],
  ["fast-check", new URL("./src/fewer-cases.ts", import.meta.url).href],
]);

/** A hook of Node's module loader. */
export async function resolve(specifier, context, nextResolve) {
  const standIn = standIns.get(specifier);
  // A stand-in itself asks for the original.
  const target = standIn === undefined || context.parentURL?.split("?")[0] === standIn;
  return nextResolve(target ? specifier : standIn, context);
}

// Node loads hooks in a thread of their own, where this must not happen again.
if (!new URL(import.meta.url).searchParams.has("hooks"))
  register("./stand-ins.mjs?hooks", import.meta.url);
