/**
 * Tells Stryker to leave workbenches alone: memory of a module that one call after the other writes
 * into. Whether a change of its size is noticed depends on what ran before in the same process, so
 * that the same mutant would die in one run and live in the next.
 */
const why = "room that outlives a call";

/** The functions that make such room. */
const rooms = new Set(["benchOf", "benchUpTo", "marksUpTo"]);

function isWorkbench(path) {
  return rooms.has(path.getFunctionParent()?.node.id?.name);
}

/** In the shape Stryker looks for in a module of plugins. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "workbenches",
    value: { shouldIgnore: (path) => (isWorkbench(path) ? why : undefined) },
  },
];
