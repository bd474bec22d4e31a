/** Seeds that once failed, by story. They stay, each with what it found. */
export const keptSeeds = {
  "a crash": [],
  "a partition": [],
  // As below.
  "a slow member": [126],
  "a mass join": [],
  "a flapping member": [
    // A refutation in time, lost on its way to the accuser, left a healthy member dead.
    133,
  ],
  "faults of every kind": [],
} as const satisfies Readonly<Record<string, readonly number[]>>;
