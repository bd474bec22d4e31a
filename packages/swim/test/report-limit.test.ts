import { describe, expect, it } from "vitest";
import { swimReportLevel, type SwimReport } from "@x/swim";
import { provokedReports, ReportLimit } from "../src/report-limit.ts";
import { endpoint, LoneCore } from "./support/lone-core.ts";

const REJECTED: SwimReport = {
  kind: "packet-rejected",
  source: endpoint(9),
  code: "malformed",
  message: "rubbish",
};

describe("ReportLimit (wire specification §13.14)", () => {
  it("lets 100 of a kind pass per second and counts the rest", () => {
    const limit = new ReportLimit<SwimReport>(provokedReports);

    const passed = Array.from({ length: 250 }, () => limit.pass(REJECTED, 0)).flat();

    expect(passed.length).toBe(100);
    expect(limit.pass(REJECTED, 1_000)).toEqual([
      { kind: "reports-suppressed", of: "packet-rejected", count: 150 },
      REJECTED,
    ]);
    expect(limit.pass(REJECTED, 1_000)).toEqual([REJECTED]);
  });

  it("counts each kind for itself, and what only we can cause not at all", () => {
    const limit = new ReportLimit<SwimReport>(provokedReports);
    const failed: SwimReport = { kind: "probe-failed", name: "a", endpoint: endpoint(2) };
    for (let count = 0; count < 200; count += 1) limit.pass(REJECTED, 0);

    expect(
      limit.pass({ kind: "answer-withheld", source: endpoint(1), reason: "relay-limit" }, 0),
    ).toHaveLength(1);
    const passed = Array.from({ length: 200 }, () => limit.pass(failed, 0)).flat();
    expect(passed).toHaveLength(200);
  });

  it.each([
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
  ] satisfies SwimReport["kind"][])("holds back %s, which strangers can provoke", (kind) => {
    const limit = new ReportLimit<Pick<SwimReport, "kind">>(provokedReports);

    const passed = Array.from({ length: 200 }, () => limit.pass({ kind }, 0)).flat();

    expect(passed).toHaveLength(100);
  });

  it("goes on by the time of what failed to be sent", () => {
    const core = new LoneCore();
    const fail = (): void => {
      for (let count = 0; count < 101; count += 1) {
        const failure = { target: endpoint(9), message: "no route" };
        core.call(() => core.swim.handleDatagramFailure(failure, core.nowMs));
      }
    };
    fail();
    core.nowMs += 1_000;
    fail();

    expect(core.reportsOf("datagram-failed").length).toBe(200);
  });

  it("keeps a flood of rubbish from flooding the log", () => {
    const core = new LoneCore();

    for (let count = 0; count < 1_000; count += 1) {
      const bytes = Uint8Array.of(99, count & 255);
      core.call(() => core.swim.handleDatagram({ bytes, source: endpoint(9) }, core.nowMs));
    }

    expect(core.reportsOf("packet-rejected").length).toBe(100);
  });
});

describe("swimReportLevel", () => {
  it("is what the reference logs the same fact with", () => {
    expect(swimReportLevel({ kind: "probe-failed", name: "a", endpoint: endpoint(2) })).toBe(
      "info",
    );
    expect(swimReportLevel({ kind: "refuting", claim: "dead", from: "a", incarnation: 2 })).toBe(
      "warn",
    );
    expect(swimReportLevel({ kind: "stream-accepted", remote: endpoint(2) })).toBe("debug");
    expect(swimReportLevel(REJECTED)).toBe("error");
  });
});
