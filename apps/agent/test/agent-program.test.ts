import { type AddressInfo, createServer } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AgentWorld, runAgentProgram } from "../src/agent-program.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent-program-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A process that remembers what it printed, and gets the signals a test sends. */
class FakeWorld implements AgentWorld {
  readonly usage = "Usage: serf agent [options]";
  stdout = "";
  stderr = "";
  #handler: (signal: NodeJS.Signals) => void = () => {};

  writeOut(text: string): void {
    this.stdout += text;
  }

  writeErr(text: string): void {
    this.stderr += text;
  }

  onSignal(handler: (signal: NodeJS.Signals) => void): () => void {
    this.#handler = handler;
    return () => {};
  }

  send(signal: NodeJS.Signals): void {
    this.#handler(signal);
  }

  async prints(text: string): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!(this.stdout + this.stderr).includes(text)) {
      if (performance.now() > deadline) {
        throw new Error(`waited in vain for ${text}; so far:\n${this.stdout}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

const words = ["-node=foo", "-bind=127.0.0.1:", "-rpc-addr=127.0.0.1:0", "-profile=local"];

async function refused(...more: string[]): Promise<FakeWorld> {
  const world = new FakeWorld();
  expect(await runAgentProgram([...words, ...more], world)).toBe(1);
  return world;
}

describe("runAgentProgram", () => {
  it("prints the start as recorded, then leaves on INT and returns 0 (agent specification §3, §7)", async () => {
    const world = new FakeWorld();
    const running = runAgentProgram(words, world);
    await world.prints("EventMemberJoin: foo");

    world.send("SIGINT");

    expect(await running).toBe(0);
    expect(world.stderr).toBe("");
    expect(
      world.stdout.replaceAll(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/g, "TIME").split("\n"),
    ).toEqual([
      "==> Starting Serf agent...",
      "==> Starting Serf agent RPC...",
      "==> Serf agent running!",
      "                      Node name: 'foo'",
      "                      Bind addr: '127.0.0.1:0'",
      "                       RPC addr: '127.0.0.1:0'",
      "                      Encrypted: false",
      "                       Snapshot: false",
      "                        Profile: local",
      "    Message Compression Enabled: true",
      "",
      "==> Log data will now stream in as it occurs:",
      "",
      "    TIME [INFO] agent: Serf agent starting",
      "    TIME [INFO] serf: EventMemberJoin: foo 127.0.0.1",
      "==> Caught signal: interrupt",
      "==> Gracefully shutting down agent...",
      "    TIME [INFO] agent: requesting graceful leave from Serf",
      "    TIME [INFO] serf: EventMemberLeave: foo 127.0.0.1",
      "    TIME [INFO] agent: requesting serf shutdown",
      "    TIME [INFO] agent: shutdown complete",
      "",
    ]);
  });

  it("ends at once with 1 on TERM, and on a second signal", async () => {
    const first = new FakeWorld();
    const terminated = runAgentProgram(words, first);
    await first.prints("EventMemberJoin: foo");
    first.send("SIGTERM");

    expect(await terminated).toBe(1);
    expect(first.stdout).toContain("==> Caught signal: terminated\n");
    expect(first.stdout).toContain("[WARN] serf: Shutdown without a Leave");

    const second = new FakeWorld();
    const impatient = runAgentProgram(words, second);
    await second.prints("EventMemberJoin: foo");
    second.send("SIGINT");
    second.send("SIGTERM");

    expect(await impatient).toBe(1);
    expect(second.stdout).toContain("==> Gracefully shutting down agent...\n");
    expect(second.stdout).not.toContain("Caught signal: terminated");
  });

  it("reloads on HUP, keeps a level it knows, and keeps running after a bad file", async () => {
    const path = file("a.json", '{"log_level": "DEBUG"}');
    const world = new FakeWorld();
    const running = runAgentProgram([...words, `-config-file=${path}`], world);
    await world.prints("EventMemberJoin: foo");

    writeFileSync(path, '{"log_level": "LOUD", "leave_on_terminate": true}');
    world.send("SIGHUP");
    await world.prints("Invalid log level: LOUD");
    writeFileSync(path, '{"bogus": 1}');
    world.send("SIGHUP");
    await world.prints("==> Failed to reload configs");
    world.send("SIGUSR1");
    await world.prints("serf-agent.serf.member.join");
    world.send("SIGTERM");

    // The first reload was applied but for the level.
    expect(await running).toBe(0);
    expect(world.stdout).toContain(
      "==> Caught signal: hangup\n==> Reloading configuration...\n==> Invalid log level: LOUD.",
    );
  });

  it("tells bad flags on standard error and everything else on standard output (§2)", async () => {
    const flag = await refused("-bogus");
    const faults = await refused("-profile=x", "-log-level=y");

    expect([flag.stderr, flag.stdout]).toEqual([
      "flag provided but not defined: -bogus\n",
      "==> Usage: serf agent [options]\n",
    ]);
    expect([faults.stderr, faults.stdout]).toEqual([
      "",
      "==> Invalid log level: Y. Valid log levels are: [TRACE DEBUG INFO WARN ERR]\n==> Unknown profile: x\n",
    ]);
  });

  it("shows what was logged before a start that failed", async () => {
    const join = await refused("-join=127.0.0.1:1");
    const ring = await refused(`-keyring-file=${file("ring.json", "[]")}`);

    expect(join.stdout).toContain("==> 1 error occurred:\n\t* Failed to join 127.0.0.1:1: ");
    expect(join.stdout).toContain("[INFO] agent: joining: [127.0.0.1:1] replay: false");
    expect(ring.stdout).toBe(
      "==> Starting Serf agent...\n==> Failed to setup the Serf agent: Keyring file contains no keys\n",
    );
  });

  it("can be ended while it still joins", async () => {
    // Takes connections and never says a word.
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const world = new FakeWorld();
    const running = runAgentProgram([...words, "-profile=lan", `-join=127.0.0.1:${port}`], world);
    await world.prints("==> Joining cluster...");

    world.send("SIGINT");

    expect(await running).toBe(1);
    expect(world.stdout).not.toContain("Log data will now stream in");
    silent.close();
  });

  it("opens no door for a token file that is missing or empty", async () => {
    const empty = file("token", "\n");
    const withEmpty = file("a.json", JSON.stringify({ rpc_auth_file: empty }));
    const missing = join(folder, "missing");

    expect((await refused(`-config-file=${withEmpty}`)).stdout).toBe(
      `==> Error reading '${empty}': it holds no token\n`,
    );
    expect((await refused(`-rpc-auth-file=${missing}`)).stdout).toBe(
      `==> Error reading '${missing}': open ${missing}: no such file or directory\n`,
    );
  });

  it("ends with 1 when its retries are used up", async () => {
    const world = await refused("-retry-join=127.0.0.1:1", "-retry-interval=1s", "-retry-max=1");

    expect(world.stdout).toContain("[ERR] agent: maximum retry join attempts made, exiting");
    expect(world.stdout.match(/Joining cluster\.\.\.\(replay: false\)/g)).toHaveLength(2);
  });
});
