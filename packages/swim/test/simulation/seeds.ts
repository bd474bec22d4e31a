/** Seeds that once failed, by story. They stay, each with what it found. */
export const keptSeeds = {
  "a crash": [],
  "a partition": [],
  "a slow member": [],
  "a mass join": [],
  "a flapping member": [],
  "faults of every kind": [],
} as const satisfies Readonly<Record<string, readonly number[]>>;
