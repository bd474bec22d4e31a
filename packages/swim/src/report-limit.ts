/**
 * How often the network can make this member say the same kind of thing.
 *
 * A flood of bad packets must not become a flood of log lines that fills the disk.
 *
 * Source: wire specification §13.14.
 */
import type { SwimReport } from "./swim-report.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Reports of one kind per second, and at once. */
const REPORTS_PER_SECOND = 100;

/** What a stranger can provoke as often as it likes. */
const PROVOKED: ReadonlySet<SwimReport["kind"]> = new Set([
  "packet-rejected",
  "stream-accepted",
  "stream-rejected",
  "ping-misaddressed",
  "answer-unexpected",
  "answer-withheld",
  "inbound-queue-full",
  "claim-refused",
  "name-conflict",
  "address-changed",
  "version-mismatch",
  "members-refused",
  "merge-vetoed",
  "push-pull-merged",
  "refuting",
  "health-changed",
  "datagram-failed",
  "broadcast-queue-full",
]);

interface KindLimit {
  readonly tokens: TokenBucket;
  suppressedCount: number;
}

/** Lets the first of a flood pass and counts the rest. */
export class ReportLimit {
  readonly #limits = new Map<SwimReport["kind"], KindLimit>();

  /**
   * @returns what to report: nothing in a flood; after one, how many were held back comes first.
   */
  pass(report: SwimReport, nowMs: number): readonly SwimReport[] {
    if (!PROVOKED.has(report.kind)) return [report];
    let limit = this.#limits.get(report.kind);
    if (limit === undefined) {
      limit = { tokens: new TokenBucket(REPORTS_PER_SECOND), suppressedCount: 0 };
      this.#limits.set(report.kind, limit);
    }
    if (!limit.tokens.take(nowMs)) {
      limit.suppressedCount += 1;
      return [];
    }
    const count = limit.suppressedCount;
    if (count === 0) return [report];
    limit.suppressedCount = 0;
    return [{ kind: "reports-suppressed", of: report.kind, count }, report];
  }
}
