/**
 * Counts what the protocol cores report, under the reference's names.
 *
 * Source: Serf specification §16 rule 8, agent specification §12.
 */
import type { SerfReport } from "@x/serf";
import type { SwimReport } from "@x/swim";
import type { Metrics } from "./metrics.ts";

const memberNames = {
  join: ["serf", "member", "join"],
  leave: ["serf", "member", "left"],
  failed: ["serf", "member", "failed"],
  update: ["serf", "member", "update"],
  reap: ["serf", "member", "reap"],
} as const;

/** Reports without a finer name are counted by their kind, so that nothing goes unseen. */
export class ReportMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  handle(report: SerfReport | SwimReport): void {
    switch (report.kind) {
      case "member-changed":
        this.#metrics.count(memberNames[report.change]);
        break;
      case "member-flapped":
        this.#metrics.count(["serf", "member", "flap"]);
        break;
      case "coordinate-rejected":
        this.#metrics.count(["serf", "coordinate", "rejected"]);
        break;
      case "message-received":
        this.#metrics.count(["serf", "msgs", "received"]);
        if (report.messageKind === "user-event") this.#metrics.count(["serf", "events"]);
        if (report.messageKind === "query") this.#metrics.count(["serf", "queries"]);
        break;
      case "response-dropped":
        if (report.reason === "duplicate-ack") {
          this.#metrics.count(["serf", "query_duplicate_acks"]);
        } else if (report.reason === "duplicate-response") {
          this.#metrics.count(["serf", "query_duplicate_responses"]);
        }
        break;
      default:
        this.#metrics.count(["reports", report.kind]);
    }
  }
}
