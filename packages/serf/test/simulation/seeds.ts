/** Seeds that once failed, by story. They stay, each with what it found. */
export const keptSeeds = {
  "talk under loss": [],
  "a restart from a snapshot": [],
  "two halves": [],
  "a name conflict": [],
  "a change of keys": [],
  "disks that fail": [],
  "a flapping member": [],
  "faults of every kind": [],
} as const satisfies Readonly<Record<string, readonly number[]>>;
