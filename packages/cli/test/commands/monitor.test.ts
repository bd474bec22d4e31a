import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../src/main.ts";
import type { FakeTerminal } from "../support/fake-terminal.ts";
import { FakeAgent, member, until } from "../support/fake-agent.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

async function monitor(...flags: string[]): Promise<[FakeTerminal, Promise<number>]> {
  const terminal = agent.terminal();
  // The handshake, the event stream and the monitor.
  const commands = flags.includes("-no-events") ? 2 : 3;
  const before = agent.commandCount;
  const running = runCli(["monitor", ...flags], terminal);
  await until("the subscriptions", () => agent.commandCount >= before + commands);
  return [terminal, running];
}

const bar = member("bar", {
  status: "left",
  endpoint: { address: "127.0.0.1", port: 21001 },
});
const deploy = {
  kind: "user",
  lamportTime: 3n,
  name: "deploy",
  payload: Uint8Array.of(0x78),
  coalesce: true,
} as const;

describe("serf monitor (CLI specification §5.13)", () => {
  it("prints the last lines, then events in the old notation and lines as they come", async () => {
    agent.logLines = ["2026/11/23 21:04:24 [INFO] agent: Serf agent starting"];
    const [terminal, running] = await monitor();

    agent.emit(deploy);
    agent.emit({ kind: "member-leave", members: [bar] });
    await until("the events", () => terminal.stdout.includes("Members:"));
    agent.writeLog("2026/11/23 21:04:25 [INFO] agent: Received event: user-event: deploy");
    await until("the line", () => terminal.stdout.includes("Received event"));
    terminal.pressInterrupt();

    expect(await running).toBe(0);
    const [user = "", members = ""] = terminal.stdout
      .split("Event Info:\n")
      .slice(1)
      .map((text) => text.split("\n2026")[0] ?? "");
    expect(
      terminal.stdout.startsWith("2026/11/23 21:04:24 [INFO] agent: Serf agent starting\n"),
    ).toBe(true);
    expect(user.trimEnd().split("\n").sort()).toEqual([
      "\tCoalesce: true",
      '\tEvent: "user"',
      "\tLTime: 3",
      '\tName: "deploy"',
      "\tPayload: []byte{0x78}",
    ]);
    expect(members.split("\n").filter((line) => line.startsWith("\tMembers"))).toEqual([
      '\tMembers: []interface {}{map[interface {}]interface {}{"Addr":[]uint8{0x7f, 0x0, 0x0, 0x1}, "DelegateCur":5, "DelegateMax":5, "DelegateMin":2, "Name":"bar", "Port":0x5209, "ProtocolCur":2, "ProtocolMax":5, "ProtocolMin":1, "Status":"left", "Tags":map[interface {}]interface {}{}}}',
    ]);
    expect(terminal.stdout).toMatch(
      /2026\/11\/23 21:04:25 \[INFO\] agent: Received event: user-event: deploy\n$/,
    );
  });

  it("prints an absent payload as the reference does", async () => {
    const [terminal, running] = await monitor();

    agent.emit({ ...deploy, payload: new Uint8Array() });
    await until("the event", () => terminal.stdout.includes("Payload"));
    terminal.pressInterrupt();

    expect(await running).toBe(0);
    expect(terminal.stdout).toContain("\tPayload: <nil>\n");
  });

  it("prints one JSON object per line with -format=json", async () => {
    const [terminal, running] = await monitor("-format=json");

    agent.writeLog("2026/11/23 21:04:25 [WARN] agent: x");
    await until("the line", () => terminal.stdout.includes("agent: x"));
    agent.emit(deploy);
    agent.emit({ kind: "member-leave", members: [bar] });
    await until("the events", () => terminal.stdout.includes("member-leave"));
    terminal.pressInterrupt();

    expect(await running).toBe(0);
    expect(
      terminal.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { log: "2026/11/23 21:04:25 [WARN] agent: x" },
      { event: "user", name: "deploy", ltime: "3", payload: "x" },
      {
        event: "member-leave",
        members: [{ name: "bar", addr: "127.0.0.1", port: 21001, status: "left", tags: {} }],
      },
    ]);
  });

  it("leaves the events out with -no-events", async () => {
    const [terminal, running] = await monitor("-no-events");

    agent.emit(deploy);
    agent.writeLog("2026/11/23 21:04:25 [INFO] agent: x");
    await until("the line", () => terminal.stdout.includes("agent: x"));
    terminal.pressInterrupt();

    expect(await running).toBe(0);
    expect(terminal.stdout).toBe("2026/11/23 21:04:25 [INFO] agent: x\n");
  });

  it("tells when the agent goes away, and refuses an unknown level or format", async () => {
    const level = await agent.serf(["monitor", "-log-level=BOGUS"]);
    const format = await agent.serf(["monitor", "-format=xml"]);
    const [terminal, running] = await monitor();

    await agent.close();

    expect(await running).toBe(1);
    expect(terminal.stdout).toBe(
      "\nRemote side ended the monitor! This usually means that the\nremote side has exited or crashed.\n",
    );
    expect(level).toEqual({
      exitCode: 1,
      stdout: "Error starting monitor: Unknown log level: BOGUS\n",
      stderr: "",
    });
    expect(format).toEqual({ exitCode: 1, stdout: "Invalid format: xml\n", stderr: "" });
  });
});
