/**
 * Writes the reports of the protocol cores to the log, but never more of a kind than an operator
 * can read: what strangers on the network provoke must not fill a disk.
 *
 * Source: wire specification §13 (logs are rate-limited).
 */
import { type SerfReport, serfReportLevel } from "@x/serf";
import { type ReportLevel, type SwimReport, swimReportLevel } from "@x/swim";
import type { LogLevel } from "./log-level.ts";
import { type LogComponent, oneLine } from "./log-line.ts";
import { isSwimReport, serfReportText, swimReportText } from "./report-text.ts";

/** Lines of one provoked kind within one window; the rest is counted and told once. */
export const provokedLineLimit = 20;
/** How long a window of that limit lasts, in milliseconds. */
export const provokedWindowMs = 10_000;

const levels: Readonly<Record<ReportLevel, LogLevel>> = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARN",
  error: "ERR",
};

/** What a stranger can cause at will. */
const provokedKinds: ReadonlySet<string> = new Set([
  "stream-accepted",
  "stream-rejected",
  "packet-rejected",
  "ping-misaddressed",
  "answer-unexpected",
  "answer-withheld",
  "inbound-queue-full",
  "claim-refused",
  "name-conflict",
  "version-mismatch",
  "message-received",
  "message-rejected",
  "remote-state-rejected",
  "intent-buffer-full",
  "response-dropped",
  "relay-refused",
  "internal-query-unknown",
  "coordinate-rejected",
  "refuting",
  "leave-refuted",
  "datagram-failed",
  "answer-failed",
  "queue-pruned",
]);

interface Window {
  startMs: number;
  shownCount: number;
  hiddenCount: number;
}

/** Turns reports into lines, with one window of lines for each provoked kind. */
export class ReportLog {
  readonly #write: (level: LogLevel, component: LogComponent, text: string) => void;
  readonly #windows = new Map<string, Window>();

  constructor(write: (level: LogLevel, component: LogComponent, text: string) => void) {
    this.#write = write;
  }

  /** @param nowMs - monotonic milliseconds. */
  handle(report: SerfReport | SwimReport, nowMs: number): void {
    const isSwim = isSwimReport(report);
    // The layer above tells the same conflict, and knows whether it is about this member.
    if (isSwim && report.kind === "name-conflict") return;
    // The agent says itself that it stops, and why.
    if (report.kind === "shut-down") return;
    const level = levels[isSwim ? swimReportLevel(report) : serfReportLevel(report)];
    const component = isSwim ? "memberlist" : "serf";
    if (provokedKinds.has(report.kind) && !this.#mayShow(report.kind, level, component, nowMs)) {
      return;
    }
    const text = isSwim ? swimReportText(report) : serfReportText(report);
    this.#write(level, component, oneLine(text));
  }

  #mayShow(kind: string, level: LogLevel, component: LogComponent, nowMs: number): boolean {
    let window = this.#windows.get(kind);
    if (window === undefined || nowMs - window.startMs >= provokedWindowMs) {
      if (window !== undefined && window.hiddenCount > 0) {
        this.#write(level, component, `${window.hiddenCount} more lines of this kind: ${kind}`);
      }
      window = { startMs: nowMs, shownCount: 0, hiddenCount: 0 };
      this.#windows.set(kind, window);
    }
    if (window.shownCount >= provokedLineLimit) {
      window.hiddenCount += 1;
      return false;
    }
    window.shownCount += 1;
    return true;
  }
}
