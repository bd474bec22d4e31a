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

/** What a stranger can provoke SWIM to say as often as it likes. */
export const provokedReports: ReadonlySet<SwimReport["kind"]> = new Set([
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

/** Said after a flood: how many reports of one kind were held back. */
type SuppressedReport = Extract<SwimReport, { kind: "reports-suppressed" }>;

/** Lets the first of a flood pass and counts the rest; for reports of any layer. */
export class ReportLimit<Report extends { readonly kind: string }> {
  readonly #provoked: ReadonlySet<Report["kind"]>;
  readonly #limits = new Map<Report["kind"], KindLimit>();

  /** @param provoked - the kinds that are limited, each for itself; all others pass. */
  constructor(provoked: ReadonlySet<Report["kind"]>) {
    this.#provoked = provoked;
  }

  /**
   * @returns what to report: nothing in a flood; after one, how many were held back comes first.
   */
  pass(report: Report, nowMs: number): readonly (Report | SuppressedReport)[] {
    const kind: Report["kind"] = report.kind;
    if (!this.#provoked.has(kind)) return [report];
    let limit = this.#limits.get(kind);
    if (limit === undefined) {
      limit = { tokens: new TokenBucket(REPORTS_PER_SECOND), suppressedCount: 0 };
      this.#limits.set(kind, limit);
    }
    if (!limit.tokens.take(nowMs)) {
      limit.suppressedCount += 1;
      return [];
    }
    const count = limit.suppressedCount;
    if (count === 0) return [report];
    limit.suppressedCount = 0;
    return [{ kind: "reports-suppressed", of: kind, count }, report];
  }
}
