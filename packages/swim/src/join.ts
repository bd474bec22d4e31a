import type { Endpoint } from "./protocol-core.ts";

/** One address to contact. */
export interface JoinTarget {
  /** The member's name, if the user gave one (`name/host:port`). */
  readonly name?: string;
  readonly endpoint: Endpoint;
  /** What the user wrote: error messages repeat it. */
  readonly text: string;
}

export interface JoinFailure {
  readonly target: JoinTarget;
  readonly message: string;
}

/** `joinedCount` push/pulls succeeded. */
export interface JoinOutcome {
  readonly joinedCount: number;
  readonly failures: readonly JoinFailure[];
}
