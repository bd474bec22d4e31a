/**
 * A scenario: a cluster, what lies between its members, what goes wrong, what they do, and what is
 * expected of them. Data, so that it comes from a file, is printed with a failure and shrinks.
 *
 * Read next: `scenario-check.ts` (what is allowed), `run-scenario.ts` (how it is played).
 */
import type { Fault, LatencyModel, NetworkOptions } from "@x/simulator";
import type { DiskError } from "./memory-snapshot.ts";
import type { Layer, SerfKnobs, SwimKnobs } from "./cluster.ts";

/** Everything the simulated network can be, and round trips measured among 490 real machines. */
export type ScenarioNetwork = Omit<NetworkOptions, "latency"> & {
  readonly latency?: LatencyModel | { readonly kind: "planetlab" };
  /** UDP lost, TCP open. */
  readonly udpBlocked?: boolean;
};

interface At {
  /** Virtual ms after the cluster formed. */
  readonly atMs: number;
}

/** What goes wrong. Times count from the moment the cluster has formed. */
export type ScenarioFault =
  | Exclude<Fault, { readonly kind: "crash" }>
  | (At & {
      readonly kind: "crash";
      readonly member: string;
      /** A process, whose kernel refuses and resets, or the machine, which is silent. */
      readonly scope?: "process" | "machine";
      readonly restartAfterMs?: number;
      /** What the new process finds on its disk (Serf): all, nothing, or a torn last write. */
      readonly snapshot?: "kept" | "lost" | "torn";
    })
  /** Serf: writes of its snapshot fail for a while; the member goes on without. */
  | (At & {
      readonly kind: "disk";
      readonly member: string;
      readonly forMs: number;
      readonly error: DiskError;
    })
  /** It leaves, and its name comes back at another address. */
  | (At & { readonly kind: "move"; readonly member: string })
  /** Its address comes back with another name. */
  | (At & { readonly kind: "rename"; readonly member: string; readonly to: string });

/** What members do. Times count from the moment the cluster has formed. */
export type Work =
  | (At & { readonly kind: "join"; readonly count: number })
  | (At & { readonly kind: "leave"; readonly member: string })
  | (At & {
      readonly kind: "tags";
      readonly member: string;
      readonly tags: Readonly<Record<string, string>>;
    })
  /** Serf: user events of so many bytes. */
  | (At & {
      readonly kind: "event";
      readonly member: string;
      readonly count?: number;
      readonly everyMs?: number;
      readonly bytes?: number;
    })
  /** Serf: everybody answers with its name. */
  | (At & { readonly kind: "query"; readonly member: string });

/** What must come true; a run that misses one fails. */
export interface Expectations {
  /** From the first start until everybody sees everybody. */
  readonly formedWithinMs?: number;
  /** From the end of the last fault until everybody is right about everybody. */
  readonly agreeWithinMs?: number;
  /** From a crash until the last one knows. */
  readonly detectedWithinMs?: number;
  /** Deaths declared of members that were running and in no trouble. */
  readonly falseDeathsAtMost?: number;
  /** Least share of members each user event reached. */
  readonly eventReachAtLeast?: number;
}

export interface Scenario {
  readonly seed: number;
  readonly members: number;
  readonly layer: Layer;
  readonly profile: "lan" | "wan" | "local";
  /** SWIM options, as in `SwimOptions`. */
  readonly options: SwimKnobs;
  /** Serf options, as in `SerfOptions`. */
  readonly serfOptions: SerfKnobs;
  /** Virtual time after the cluster has formed. */
  readonly durationMs: number;
  readonly joinsPerSecond: number;
  /** Faults and work begin after this time even if the cluster has not formed. */
  readonly settleWithinMs: number;
  readonly sampleEveryMs: number;
  readonly network: ScenarioNetwork;
  /** Members that speak protocol version 1 of SWIM. */
  readonly oldVersionMembers: readonly string[];
  readonly faults: readonly ScenarioFault[];
  readonly workload: readonly Work[];
  readonly expect: Expectations;
  /** Whose story the report tells. */
  readonly watch: string;
}

/** What a scenario is where it says nothing. */
export const defaultScenario: Scenario = {
  seed: 1,
  members: 50,
  layer: "swim",
  profile: "lan",
  options: {},
  serfOptions: {},
  durationMs: 60_000,
  joinsPerSecond: 100,
  settleWithinMs: 60_000,
  sampleEveryMs: 500,
  network: {},
  oldVersionMembers: [],
  faults: [],
  workload: [],
  expect: {},
  watch: "m0",
};
