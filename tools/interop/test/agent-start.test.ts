/**
 * How an agent starts, refuses to start, and ends: what ours prints and returns is what the
 * reference's prints and returns.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { AgentGroup, freePort, runCommand, until } from "../src/agent-process.ts";
import { outputForm } from "../src/output-form.ts";
import { ourProgram, type Program, referenceProgram } from "../src/programs.ts";

const ours = ourProgram();
const reference = referenceProgram();
const folder = mkdtempSync(join(tmpdir(), "agent-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const missing = join(folder, "missing", "file");
const base = ["-bind=127.0.0.1:21500", "-rpc-addr=127.0.0.1:21501", "-node=foo"];

interface Refusal {
  readonly words: readonly string[];
  /** Lines the reference prints that differ by release or system, and are compared up to here. */
  readonly upTo?: string;
}

const refusals: readonly Refusal[] = [
  { words: ["-bogus"] },
  { words: ["-node"] },
  { words: ["-tag=foo"] },
  { words: ["-tag==x"] },
  { words: ["-retry-interval=foo"] },
  { words: ["-retry-interval=5"] },
  { words: [`-config-file=${missing}`] },
  { words: [`-config-file=${file("a.json", '{"bogus": 1, "node_name": 5}')}`] },
  { words: [`-config-file=${file("b.json", "[]")}`] },
  { words: [`-config-file=${file("c.json", "")}`] },
  { words: [`-config-file=${file("d.json", '{"retry_interval": "foo"}')}`] },
  { words: [`-config-file=${file("e.json", '{"a": ')}`] },
  { words: ["-event-handler=foo=bar"] },
  { words: ["-event-handler=User:x=bar"] },
  { words: ["-iface=nosuch0"] },
  { words: ["-log-level=BOGUS"] },
  { words: ["-bind=127.0.0.1:foo"] },
  { words: ["-bind=127.0.0.1:99999"] },
  { words: ["-bind=[::1"] },
  { words: ["-bind=::1"] },
  { words: ["-encrypt=*"] },
  { words: ["-encrypt=AAAA"] },
  { words: ["-profile=bogus"] },
  { words: ["-tag=a=b", `-tags-file=${file("tags.json", "{}")}`] },
  { words: [`-tags-file=${file("bad-tags.json", "{")}`] },
  {
    words: [
      "-encrypt=T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=",
      `-keyring-file=${file("ring.json", "[]")}`,
    ],
  },
  { words: [`-keyring-file=${missing}`] },
  { words: [`-keyring-file=${file("ring2.json", "[]")}`] },
  { words: [`-keyring-file=${file("ring3.json", '["AAAA"]')}`] },
  { words: [`-keyring-file=${file("ring4.json", '["*"]')}`] },
  { words: ["-protocol=9"] },
  { words: ["-protocol=1"] },
  { words: [`-config-file=${file("f.json", '{"user_event_size_limit": 10000}')}`] },
  { words: [`-tag=big=${"x".repeat(600)}`] },
  { words: [`-snapshot=${missing}`] },
  { words: ["-join=127.0.0.1:1"] },
];

async function refusal(program: Program, words: readonly string[]) {
  const result = await runCommand(program, ["agent", ...base, ...words]);
  const form = outputForm(result, []);
  // What was logged before is shown by ours, to help; the reference hides it.
  // Ours names key and file of a fault, where the reference names neither.
  const stdout = form.stdout
    .replaceAll(/ \(key '[^']+'(?: in '[^']+')?\)$/gm, "")
    .replace(/^ {4}\d{4}\/[\s\S]*$/m, "");
  return { ...form, stdout };
}

describe.skipIf(reference === undefined)("an agent that cannot start", () => {
  it.each(
    refusals.map(({ words }) => [words.join(" ").replaceAll(folder, "").slice(0, 70), words]),
  )("says why with %s", async (_, words) => {
    if (reference === undefined) return;

    const expected = await refusal(reference, words as string[]);
    const actual = await refusal(ours, words as string[]);

    expect(actual).toEqual(expected);
  });

  it("names a port that is taken, of the member and of the RPC server", async () => {
    if (reference === undefined) return;
    const group = new AgentGroup();
    try {
      const running = await group.start(ours, { node: "a" });
      for (const words of [
        [`-bind=${running.bind}`, `-rpc-addr=127.0.0.1:${await freePort()}`],
        [`-bind=127.0.0.1:${await freePort()}`, `-rpc-addr=${running.rpc}`],
      ]) {
        const expected = await refusal(reference, words);
        expect(await refusal(ours, words)).toEqual(expected);
        expect(expected.stdout).toContain("address already in use");
      }
    } finally {
      await group.close();
    }
  });
});

const programs = reference === undefined ? [ours] : [ours, reference];

describe.each(programs.map((program) => [program.name, program] as const))(
  "signals to %s",
  (_, program) => {
    const group = new AgentGroup();
    afterEach(() => group.close());

    const leaveOnTerminate = file("leave.json", '{"leave_on_terminate": true}');
    const skipLeave = file("skip.json", '{"skip_leave_on_interrupt": true}');

    it.each([
      ["INT", ["SIGINT"], undefined, 0],
      ["TERM", ["SIGTERM"], undefined, 1],
      ["INT INT", ["SIGINT", "SIGINT"], undefined, 1],
      ["INT TERM", ["SIGINT", "SIGTERM"], undefined, 1],
      ["TERM with leave_on_terminate", ["SIGTERM"], leaveOnTerminate, 0],
      ["INT with skip_leave_on_interrupt", ["SIGINT"], skipLeave, 1],
    ] as const)("%s ends it as recorded", async (__, signals, config, exitCode) => {
      const flags = config === undefined ? [] : [`-config-file=${config}`];
      if (signals.length === 1) flags.push("-profile=local");
      else {
        // A member alone has nobody to tell, and may be gone before a second signal can come.
        const peer = await group.start(program, { node: "peer", flags: ["-profile=wan"] });
        flags.push("-profile=wan", `-join=${peer.bind}`);
      }
      const agent = await group.start(program, { node: "foo", flags });

      // A second after its log opens: the reference listens for signals a moment later.
      await agent.sees("Received event: member-join");
      for (const [index, signal] of signals.entries()) {
        agent.signal(signal);
        if (index + 1 < signals.length) await agent.sees("Gracefully shutting down agent...");
      }

      expect(await agent.ends()).toBe(exitCode);
      expect(agent.output).toContain("==> Caught signal: ");
    });

    it("HUP reloads handlers, tags and log level, and it keeps running", async () => {
      const config = file(`hup-${program.name}.json`, '{"tags": {"a": "1"}}');
      const agent = await group.start(program, {
        node: "foo",
        flags: ["-profile=local", `-config-file=${config}`],
      });
      const marker = join(folder, `marker-${program.name}`);
      writeFileSync(
        config,
        JSON.stringify({
          tags: { a: "2" },
          log_level: "DEBUG",
          event_handlers: [`user:go=cat > ${marker}`],
        }),
      );

      agent.signal("SIGHUP");

      await agent.sees("==> Reloading configuration...");
      await until("the tag is new", async () => {
        return (await agent.command(program, ["members"])).stdout.includes("a=2");
      });
      await agent.command(program, ["event", "-coalesce=false", "go", "now"]);
      await until("the handler ran", () => existsSync(marker) && readFileSync(marker).length > 0);
      expect(readFileSync(marker, "utf8")).toBe("now\n");
      await agent.sees("[DEBUG]");
      writeFileSync(config, "{");
      agent.signal("SIGHUP");
      await agent.sees("==> Failed to reload configs");
      expect(agent.exitCode).toBeUndefined();
    });

    it("keeps its banner, its start join and its retry join", async () => {
      const seed = await group.start(program, { node: "seed", flags: ["-profile=local"] });
      const port = await freePort();
      const late = await group.launch(program, {
        node: "late",
        flags: ["-profile=local", `-retry-join=127.0.0.1:${port}`, "-retry-interval=1s"],
      });
      await late.sees(/Join failed: .*retrying in 1s|Join failed: 1 error occurred/);
      await group.start(program, { node: "found", bindPort: port, flags: [`-join=${seed.bind}`] });
      await late.sees("Join completed. Synced with 1 initial agents");
      await late.lists({ late: "alive", found: "alive", seed: "alive" });

      const gaveUp = await group.launch(program, {
        node: "hopeless",
        flags: ["-retry-join=127.0.0.1:1", "-retry-interval=1s", "-retry-max=1"],
      });
      expect(await gaveUp.ends()).toBe(1);
      expect(gaveUp.output).toContain("maximum retry join attempts made, exiting");
    });

    it("restores tags from its file and writes changes to it", async () => {
      const tagsFile = join(folder, `tags-${program.name}.json`);
      const flags = ["-profile=local", `-tags-file=${tagsFile}`];
      const first = await group.start(program, { node: "foo", flags });
      await first.command(program, ["tags", "-set", "x=1", "-set", 'y=a"b<c>']);
      first.signal("SIGINT");
      await first.ends();
      expect(readFileSync(tagsFile, "utf8")).toBe(
        '{\n  "x": "1",\n  "y": "a\\"b\\u003cc\\u003e"\n}',
      );

      const second = await group.start(program, { node: "foo", flags });

      await second.sees(`Restored 2 tag(s) from ${tagsFile}`);
      expect((await second.command(program, ["members"])).stdout).toContain('y=a"b<c>');
    });
  },
);

describe("better than the reference", () => {
  const group = new AgentGroup();
  afterEach(() => group.close());

  it("keeps the tags of the tags file over a reload", async () => {
    const tagsFile = file("kept-tags.json", '{"x": "1"}');
    const agent = await group.start(ours, {
      node: "foo",
      flags: ["-profile=local", `-tags-file=${tagsFile}`],
    });

    agent.signal("SIGHUP");
    await agent.sees("==> Reloading configuration...");

    const { stdout } = await agent.command(ours, ["members"]);
    expect(stdout).toContain("x=1");
    expect(readFileSync(tagsFile, "utf8")).toBe('{"x": "1"}');
  });

  it("writes JSON log lines on request", async () => {
    const agent = await group.launch(ours, { node: "foo", flags: ["-log-format=json"] });
    await agent.sees('"message":"Serf agent starting"');
    const line = agent.output.split("\n").find((text) => text.includes("Serf agent starting"));
    expect(JSON.parse(line ?? "")).toMatchObject({ level: "INFO", component: "agent" });
  });

  it("takes the RPC token from a file on both sides", async () => {
    const token = file("token", "secret\n");
    chmodSync(token, 0o600);
    const agent = await group.start(ours, { node: "foo", flags: [`-rpc-auth-file=${token}`] });

    const refused = await agent.command(ours, ["members"]);
    const allowed = await agent.command(ours, ["members", `-rpc-auth-file=${token}`]);
    const byEnvironment = await agent.command(ours, ["members"], {
      env: { SERF_RPC_AUTH: "secret" },
    });

    expect(refused.stdout).toBe("Error retrieving members: Authentication required\n");
    expect(refused.exitCode).toBe(1);
    expect(allowed.stdout).toContain("foo");
    expect(byEnvironment.exitCode).toBe(0);
  });

  it("lists every fault of the configuration at once", async () => {
    const bad = file("several.json", '{"bogus": 1}');
    const result = await runCommand(ours, [
      "agent",
      `-config-file=${bad}`,
      "-profile=x",
      "-log-level=y",
    ]);
    expect(result.stdout.split("==> ")).toHaveLength(4);
    expect(result.exitCode).toBe(1);
  });

  it("runs without an RPC server when told so", async () => {
    const config = file("no-rpc.json", '{"disable_rpc": true}');
    const agent = await group.start(ours, { node: "foo", flags: [`-config-file=${config}`] });
    expect(agent.output).toContain("RPC addr: off");
    const { stdout } = await agent.command(ours, ["members"]);
    expect(stdout).toContain("connection refused");
  });
});
