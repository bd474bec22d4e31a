import { describe, expect, it } from "vitest";
import { provokedLineLimit, provokedWindowMs, ReportLog } from "../../src/log/report-log.ts";

const source = { address: "10.0.0.1", port: 1 };
const provoked = { kind: "ping-misaddressed", source, name: "x" } as const;

function start(): { log: ReportLog; lines: string[] } {
  const lines: string[] = [];
  const log = new ReportLog((level, component, text) =>
    lines.push(`[${level}] ${component}: ${text}`),
  );
  return { log, lines };
}

describe("ReportLog", () => {
  it("says who speaks and how loud", () => {
    const { log, lines } = start();

    log.handle({ kind: "suspicion-timed-out", name: "bar", confirmationCount: 0 }, 0);
    log.handle({ kind: "shutdown-without-leave" }, 0);
    log.handle({ kind: "name-conflict-voted", agreeingCount: 0, voteCount: 2, hasWon: false }, 0);

    expect(lines).toEqual([
      "[INFO] memberlist: Marking bar as failed, suspect timeout reached (0 peer confirmations)",
      "[WARN] serf: Shutdown without a Leave",
      "[WARN] serf: minority in name conflict resolution, quitting [0 / 2]",
    ]);
  });

  it("shows what strangers provoke up to the limit, and tells the rest once, later", () => {
    const { log, lines } = start();

    for (let count = 0; count < provokedLineLimit; count += 1) log.handle(provoked, 1_000);
    expect(lines).toHaveLength(20);
    for (let count = 0; count < 7; count += 1) log.handle(provoked, 1_001);
    expect(lines).toHaveLength(20);
    log.handle(provoked, 1_000 + provokedWindowMs);

    expect(lines.slice(20)).toEqual([
      expect.stringContaining("memberlist: 7 more lines of this kind: ping-misaddressed"),
      expect.stringContaining("memberlist: Got ping for unexpected node 'x' from=10.0.0.1:1"),
    ]);
  });

  it("counts each kind by itself, and never holds back what the cluster itself does", () => {
    const { log, lines } = start();

    for (let count = 0; count < 50; count += 1) {
      log.handle(provoked, 0);
      log.handle({ kind: "probe-failed", name: "bar", endpoint: source }, 0);
    }
    log.handle({ kind: "answer-unexpected", source, reason: "unknown" }, 0);

    expect(lines).toHaveLength(provokedLineLimit + 50 + 1);
  });

  it("lets no stranger's text begin a line of its own", () => {
    const { log, lines } = start();

    log.handle({ kind: "ping-misaddressed", source, name: "x\n2026/01/01 [INFO] agent: y" }, 0);

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
    expect(lines[0]).toContain("x\\n2026/01/01 [INFO] agent: y");
  });

  it("tells a name conflict once, as Serf sees it, and no stop, which the agent tells", () => {
    const { log, lines } = start();
    const existing = { address: "10.0.0.2", port: 2 };

    log.handle({ kind: "name-conflict", name: "x", existing, other: source }, 0);
    log.handle(
      {
        kind: "name-conflict",
        name: "x",
        isOwn: false,
        isPutToVote: true,
        existing,
        other: source,
      },
      0,
    );
    log.handle({ kind: "shut-down", reason: "requested" }, 0);

    expect(lines).toEqual([
      "[WARN] serf: Name conflict for 'x' both 10.0.0.2:2 and 10.0.0.1:1 are claiming",
    ]);
  });
});
