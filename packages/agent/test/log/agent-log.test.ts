import { describe, expect, it } from "vitest";
import { AgentLog, gatedLineLimit } from "../../src/log/agent-log.ts";
import { formatSyslogLine, facilityNumber } from "../../src/log/syslog.ts";
import { LogRing } from "../../src/log/log-ring.ts";

const time = new Date(2026, 10, 23, 21, 2, 54);

function terminalLog(format: "text" | "json" = "text"): { log: AgentLog; shown: string[] } {
  const shown: string[] = [];
  const log = new AgentLog({
    level: "INFO",
    format,
    writeTerminal: (text) => shown.push(text),
    now: () => time,
  });
  return { log, shown };
}

describe("AgentLog (agent specification §3, §4)", () => {
  it("puts a line together only for those who look at it", () => {
    const { log } = terminalLog();
    let askedCount = 0;
    const text = (): string => `asked ${(askedCount += 1)}`;

    log.log("DEBUG", "agent", text);
    const askedBefore = askedCount;
    const [entry] = log.ring.entries();
    const lines = [entry?.line, entry?.line];

    expect(askedBefore).toBe(0);
    expect(lines[0]).toMatch(/\[DEBUG\] agent: asked 1$/);
    expect(lines[1]).toBe(lines[0]);
  });

  it("puts lines behind the gate together when it opens, and a second opening shows nothing", () => {
    const { log, shown } = terminalLog();
    let askedCount = 0;
    log.log("INFO", "agent", () => `asked ${(askedCount += 1)}`);

    const askedBefore = askedCount;
    log.openGate();
    log.openGate();

    expect(askedBefore).toBe(0);
    expect(shown).toEqual(["    2026/11/23 21:02:54 [INFO] agent: asked 1\n"]);
  });

  it("holds lines back until the gate opens, then shows them in order", () => {
    const { log, shown } = terminalLog();
    log.log("INFO", "agent", "one");
    log.log("WARN", "serf", "two");
    const before = [...shown];

    log.openGate();
    log.log("INFO", "memberlist", "three");

    expect(before).toEqual([]);
    expect(shown.join("")).toBe(
      "    2026/11/23 21:02:54 [INFO] agent: one\n" +
        "    2026/11/23 21:02:54 [WARN] serf: two\n" +
        "    2026/11/23 21:02:54 [INFO] memberlist: three\n",
    );
  });

  it("shows only lines of its level, but remembers all for monitors", () => {
    const { log, shown } = terminalLog();
    log.openGate();

    log.log("DEBUG", "agent", "hidden");
    log.setLevel("DEBUG");
    log.log("DEBUG", "agent", "shown");

    expect(shown).toEqual(["    2026/11/23 21:02:54 [DEBUG] agent: shown\n"]);
    expect(log.ring.entries().map((entry) => entry.line)).toEqual([
      "2026/11/23 21:02:54 [DEBUG] agent: hidden",
      "2026/11/23 21:02:54 [DEBUG] agent: shown",
    ]);
  });

  it("indents a message of several lines on its first line only", () => {
    const { log, shown } = terminalLog();
    log.openGate();

    log.log("INFO", "agent", "a\nb");

    expect(shown).toEqual(["    2026/11/23 21:02:54 [INFO] agent: a\nb\n"]);
  });

  it("writes JSON for machines", () => {
    const { log, shown } = terminalLog("json");
    log.openGate();

    log.log("ERR", "agent", 'a "b"');

    expect(JSON.parse(shown[0] ?? "")).toEqual({
      time: time.toISOString(),
      level: "ERR",
      component: "agent",
      message: 'a "b"',
    });
  });

  it("escapes control characters a stranger may have sent", () => {
    const { log, shown } = terminalLog();
    log.openGate();

    log.log("INFO", "serf", "EventMemberJoin: \u001b[2Jx\r");

    expect(shown[0]).toContain("EventMemberJoin: \\x1b[2Jx\\x0d\n");
  });

  it("forgets the oldest line when more wait behind the gate than its limit", () => {
    const { log, shown } = terminalLog();

    for (let index = 0; index <= gatedLineLimit; index += 1) log.log("INFO", "agent", `${index}`);
    log.openGate();

    const lines = (shown[0] ?? "").trimEnd().split("\n");
    expect(lines).toHaveLength(gatedLineLimit);
    expect(lines[0]).toMatch(/agent: 1$/);
  });
});

describe("LogRing", () => {
  it("gives the last lines, oldest first, and the new ones to listeners until they end", () => {
    const ring = new LogRing(4);
    const heard: string[] = [];
    const end = ring.subscribe((entry) => heard.push(entry.line));

    for (const line of ["a", "b", "c", "d", "e"]) ring.push({ level: "INFO", line });
    end();
    ring.push({ level: "INFO", line: "f" });

    expect(ring.entries().map((entry) => entry.line)).toEqual(["c", "d", "e", "f"]);
    expect(heard).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("refuses a limit that holds nothing", () => {
    expect(() => new LogRing(0)).toThrow("log ring limit 0");
  });
});

describe("syslog lines (agent specification §11)", () => {
  it.each([
    [
      "INFO",
      "agent",
      "Serf agent starting",
      "<133>Nov 23 21:02:54 serf[5736]: agent: Serf agent starting\n",
    ],
    [
      "WARN",
      "serf",
      "Shutdown without a Leave",
      "<132>Nov 23 21:02:54 serf[5736]: serf: Shutdown without a Leave\n",
    ],
  ] as const)("formats %s", (level, component, text, expected) => {
    expect(formatSyslogLine({ time, level, component, text }, 16, 5736)).toBe(expected);
  });

  it.each([
    ["LOCAL0", 16],
    ["local7", 23],
    ["kern", 0],
    ["AUTHPRIV", 10],
    ["FTP", 11],
    ["FOO", undefined],
  ])("numbers the facility %s", (name, number) => {
    expect(facilityNumber(name)).toBe(number);
  });
});
