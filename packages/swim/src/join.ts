/**
 * Joins a cluster by exchanging state with some of its members.
 *
 * Deviation: the reference contacts one address after the other, so that a list with dead addresses
 * takes a dial timeout each; here up to `joinParallelism` are contacted at once. All are contacted.
 *
 * Source: behaviour specification §9.
 */
import type { Endpoint } from "./protocol-core.ts";
import type { PushPull } from "./push-pull.ts";

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

/** `joinedCount` push/pulls succeeded; the others failed, in the order of the targets. */
export interface JoinOutcome {
  readonly joinedCount: number;
  readonly failures: readonly JoinFailure[];
}

/** Contacts every target once; calls `settled` once, when the last has answered or failed. */
export function joinCluster(
  pushPull: PushPull,
  targets: readonly JoinTarget[],
  parallelism: number,
  nowMs: number,
  settled: (outcome: JoinOutcome) => void,
): void {
  const failures: (JoinFailure | undefined)[] = targets.map(() => undefined);
  let joinedCount = 0;
  let next = 0;
  let pendingCount = targets.length;
  if (pendingCount === 0) return settled({ joinedCount, failures: [] });

  const contactNext = (atMs: number): void => {
    const place = next;
    const target = targets[place];
    next += 1;
    if (target === undefined) return;
    const partner = { name: target.name ?? "", endpoint: target.endpoint };
    pushPull.exchange(partner, true, atMs, (failure, settledMs) => {
      if (failure === undefined) joinedCount += 1;
      else failures[place] = { target, message: failure.message };
      pendingCount -= 1;
      if (pendingCount > 0) return contactNext(settledMs);
      settled({ joinedCount, failures: failures.filter((each) => each !== undefined) });
    });
  };
  for (let started = 0; started < parallelism; started += 1) contactNext(nowMs);
}
